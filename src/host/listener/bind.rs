//! Taking the loopback socket and keeping that very socket (conformance E-02..E-06, E-08).

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::checks::Site;
use super::port_owner;
use crate::host::random::{NoSecureRandom, random_bytes};
use crate::model::{LoopbackHost, RedirectUri, Untrusted};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// Tries to find one port that is free in both families.
const PAIR_TRIES: usize = 32;
/// How long our own connection may take to reach us.
const SELF_CHECK: Duration = Duration::from_secs(1);

/// The held socket(s) of one redirect address, not yet served.
pub struct Listener {
    pub(super) sockets: Vec<TcpListener>,
    pub(super) site: Site,
    pub(super) seed: Zeroizing<[u8; 32]>,
}

/// Why the address cannot be held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// Another program has the port. `owner` is e.g. `node (4121)`, harmless to show; only known
    /// for programs of the same user.
    #[error("port {port} is taken")]
    PortTaken {
        port: u16,
        ipv6: bool,
        owner: Option<String>,
    },
    /// Another program answers on the port although we hold it (macOS, wildcard binds).
    #[error("another program answers on port {port}")]
    Shadowed { port: u16 },
    /// Every port that the system gives out is in use.
    #[error("this machine has no free port left")]
    NoPortLeft,
    /// Only the administrator may listen on this port.
    #[error("port {port} may only be used by the administrator")]
    NotAllowed { port: u16 },
    /// This machine has no such loopback address.
    #[error("this machine has no loopback address of that family")]
    NoLoopback,
    #[error(transparent)]
    NoSecureRandom(#[from] NoSecureRandom),
    #[error("the port could not be opened")]
    Other(Untrusted),
}

impl Listener {
    /// Holds the loopback socket(s) of the redirect address: one literal, or in `localhost` mode
    /// both families on one port. Without a port the system chooses one.
    pub fn bind(redirect: &RedirectUri) -> Result<Self, BindError> {
        let sockets = match (redirect.host, redirect.port) {
            (LoopbackHost::V4, port) => vec![bind_one(V4, port.unwrap_or(0))?],
            (LoopbackHost::V6, port) => vec![bind_one(V6, port.unwrap_or(0))?],
            (LoopbackHost::Localhost, Some(port)) => bind_pair(port)?,
            (LoopbackHost::Localhost, None) => bind_any_pair()?,
        };
        for socket in &sockets {
            self_check(socket)?;
        }
        let port = address(&sockets[0])?.port();
        Ok(Self {
            sockets,
            site: Site::new(redirect.host, port, redirect.path.clone()),
            seed: Zeroizing::new(random_bytes()?),
        })
    }

    /// The port that is held.
    pub fn port(&self) -> u16 {
        self.site.port()
    }
}

fn bind_one(ip: IpAddr, port: u16) -> Result<TcpListener, BindError> {
    let socket = TcpListener::bind((ip, port)).map_err(|error| reason(&error, ip, port))?;
    // Nothing but loopback, whatever the system made of the request (E-02).
    if address(&socket)?.ip() == ip {
        Ok(socket)
    } else {
        Err(BindError::NoLoopback)
    }
}

/// Both families on one port: a program on the other one would receive the answer (E-04). A
/// machine without IPv6 has nobody there.
fn bind_pair(port: u16) -> Result<Vec<TcpListener>, BindError> {
    let v4 = bind_one(V4, port)?;
    let port = address(&v4)?.port();
    match bind_one(V6, port) {
        Ok(v6) => Ok(vec![v4, v6]),
        Err(BindError::NoLoopback) => Ok(vec![v4]),
        Err(error) => Err(error),
    }
}

fn bind_any_pair() -> Result<Vec<TcpListener>, BindError> {
    let mut tries = 0;
    loop {
        match bind_pair(0) {
            Err(BindError::PortTaken { .. }) if tries < PAIR_TRIES => tries += 1,
            result => return result,
        }
    }
}

fn reason(error: &io::Error, ip: IpAddr, port: u16) -> BindError {
    match error.kind() {
        io::ErrorKind::AddrInUse if port == 0 => BindError::NoPortLeft,
        io::ErrorKind::AddrInUse => BindError::PortTaken {
            port,
            ipv6: ip == V6,
            owner: port_owner::find(port),
        },
        io::ErrorKind::PermissionDenied => BindError::NotAllowed { port },
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported => BindError::NoLoopback,
        // EAFNOSUPPORT has no kind of its own.
        _ if error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error()) => {
            BindError::NoLoopback
        }
        _ => other(error),
    }
}

/// Why our own connection did not leave: nobody else is to blame for it.
fn unreachable(error: &io::Error) -> BindError {
    match error.kind() {
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => BindError::NoLoopback,
        // The other end of the connection needs a port too.
        io::ErrorKind::AddrNotAvailable => BindError::NoPortLeft,
        _ => other(error),
    }
}

fn other(error: &io::Error) -> BindError {
    BindError::Other(Untrusted::new(error.to_string()))
}

fn address(socket: &TcpListener) -> Result<SocketAddr, BindError> {
    socket.local_addr().map_err(|error| other(&error))
}

/// Connects to the address and reads a secret back: where a wildcard bind of another program may
/// coexist with ours, only this tells who answers (E-06).
fn self_check(socket: &TcpListener) -> Result<(), BindError> {
    let address = address(socket)?;
    let shadowed = BindError::Shadowed {
        port: address.port(),
    };
    let secret: [u8; 16] = random_bytes()?;
    let mut client =
        TcpStream::connect_timeout(&address, SELF_CHECK).map_err(|error| unreachable(&error))?;
    let spoken = (|| -> io::Result<bool> {
        client.set_read_timeout(Some(SELF_CHECK))?;
        let Some(mut server) = accept_from(socket, client.local_addr()?)? else {
            return Ok(false);
        };
        server.write_all(&secret)?;
        let mut heard = [0; 16];
        client.read_exact(&mut heard)?;
        Ok(heard == secret)
    })();
    match spoken {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(shadowed),
    }
}

fn accept_from(socket: &TcpListener, wanted: SocketAddr) -> io::Result<Option<TcpStream>> {
    socket.set_nonblocking(true)?;
    let give_up = Instant::now() + SELF_CHECK;
    while Instant::now() < give_up {
        match socket.accept() {
            // Anybody who came earlier is turned away: nothing is served yet.
            Ok((_, peer)) if peer != wanted => {}
            Ok((stream, _)) => {
                stream.set_nonblocking(false)?;
                return Ok(Some(stream));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use rustix::net::{AddressFamily, SocketAddrV4, SocketType, bind, listen, socket, sockopt};

    use super::*;

    /// A listener that tolerates another one on the very same address, as a wildcard bind may on macOS.
    fn tolerant(port: u16) -> TcpListener {
        let fd = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
        sockopt::set_socket_reuseport(&fd, true).expect("allowed");
        bind(&fd, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).expect("shared");
        listen(&fd, 64).expect("listening");
        TcpListener::from(fd)
    }

    #[test]
    fn e_06_a_port_at_which_somebody_else_answers_is_not_used() {
        let ours = tolerant(0);
        assert_eq!(self_check(&ours), Ok(()), "nobody else is there");
        let port = ours.local_addr().expect("an address").port();
        let shadow = tolerant(port);
        // The kernel deals connections out to both: it takes a few to meet the other one.
        let met = (0..64).find_map(|_| self_check(&ours).err());
        assert_eq!(met, Some(BindError::Shadowed { port }));
        drop(shadow);
        assert_eq!(self_check(&ours), Ok(()), "it is gone");
    }

    #[test]
    fn e_06_whoever_came_first_is_not_taken_for_ourselves() {
        let ours = tolerant(0);
        let early = TcpStream::connect(ours.local_addr().expect("an address")).expect("open");
        assert_eq!(self_check(&ours), Ok(()));
        drop(early);
    }
}
