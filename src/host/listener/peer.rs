//! Whose process is at the other end of a loopback connection (conformance F-23).
//!
//! On Linux the kernel's table of connections says it. A connection that the table does not know
//! (behind WSL or a container), or whose process has let go of it already, is unknown.

use std::net::SocketAddr;

/// The owner of the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// This user, or root, who can do anything here anyway.
    Ours,
    Other,
    Unknown,
}

/// Says who owns the client's end of the connection between `client` and `server`, which is ours.
pub(super) type Owner = fn(client: SocketAddr, server: SocketAddr) -> Peer;

/// The kernel's word.
#[cfg(target_os = "linux")]
pub(super) fn owner(client: SocketAddr, server: SocketAddr) -> Peer {
    linux::owner(client, server)
}

/// No such table on this system.
#[cfg(not(target_os = "linux"))]
pub(super) fn owner(_client: SocketAddr, _server: SocketAddr) -> Peer {
    Peer::Ours
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fmt::Write as _;
    use std::fs;
    use std::net::{IpAddr, Ipv4Addr, SocketAddr};

    use super::Peer;

    pub(super) fn owner(client: SocketAddr, server: SocketAddr) -> Peer {
        // A program may reach 127.0.0.1 by an IPv6 socket; it then stands in the other table.
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
        let uid = tables.into_iter().find_map(|path| {
            let table = fs::read_to_string(path).ok()?;
            find_uid(&table, client, server)
        });
        judge(uid, rustix::process::geteuid().as_raw())
    }

    pub(super) fn judge(uid: Option<u32>, ours: u32) -> Peer {
        match uid {
            Some(uid) if uid == ours || uid == 0 => Peer::Ours,
            Some(_) => Peer::Other,
            None => Peer::Unknown,
        }
    }

    /// The user of the client's end (proc(5), `/proc/net/tcp`). An end that no process holds any
    /// more is shown as root's by many kernels, with inode 0: that says nothing.
    pub(super) fn find_uid(table: &str, client: SocketAddr, server: SocketAddr) -> Option<u32> {
        let (clients, servers) = (forms(client), forms(server));
        // Searched as text, not row by row: the table of a busy machine is long.
        clients.iter().zip(&servers).find_map(|(client, server)| {
            let ends = format!(": {client} {server} ");
            table.match_indices(&ends).find_map(|(at, _)| {
                let row = table[at..].lines().next()?;
                let fields: Vec<&str> = row.split_whitespace().collect();
                if fields.get(9) == Some(&"0") {
                    return None;
                }
                fields.get(7)?.parse().ok()
            })
        })
    }

    /// As the kernel prints it: 32-bit words in the machine's byte order, hexadecimal; once plain
    /// and once as an IPv4 address inside IPv6.
    fn forms(address: SocketAddr) -> [String; 2] {
        let port = address.port();
        let (plain, mapped) = match address.ip() {
            IpAddr::V4(ip) => (words(&ip.octets()), in_v6(ip)),
            IpAddr::V6(ip) => (words(&ip.octets()), words(&ip.octets())),
        };
        [
            format!("{plain}:{port:04X}"),
            format!("{mapped}:{port:04X}"),
        ]
    }

    fn in_v6(ip: Ipv4Addr) -> String {
        words(&ip.to_ipv6_mapped().octets())
    }

    fn words(octets: &[u8]) -> String {
        let mut out = String::new();
        for word in octets.chunks_exact(4) {
            let word = [word[0], word[1], word[2], word[3]];
            let _ = write!(out, "{:08X}", u32::from_ne_bytes(word));
        }
        out
    }

    #[cfg(test)]
    mod tests {
        use std::net::{TcpListener, TcpStream};

        use super::*;

        const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:A3B1 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 41001 1 0000000000000000 100 0 0 10 0
   1: 0100007F:D2F0 0100007F:A3B1 01 00000000:00000000 00:00000000 00000000  1001        0 41002 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:A3B1 0100007F:D2F0 01 00000000:00000000 00:00000000 00000000  1000        0 41003 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:D2F1 0100007F:A3B1 04 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000000000000 20 4 30 10 -1
";

        fn at(port: u16) -> SocketAddr {
            SocketAddr::from((Ipv4Addr::LOCALHOST, port))
        }

        #[test]
        #[cfg(target_endian = "little")]
        fn f_23_the_clients_end_is_found_and_not_ours() {
            assert_eq!(find_uid(TABLE, at(0xD2F0), at(0xA3B1)), Some(1001));
            assert_eq!(find_uid(TABLE, at(0xD2F1), at(0xA3B1)), None, "let go of");
            assert_eq!(find_uid(TABLE, at(0xD2F2), at(0xA3B1)), None);
        }

        #[test]
        fn f_23_ours_and_root_are_served_others_refused_unknown_told_apart() {
            assert_eq!(judge(Some(1000), 1000), Peer::Ours);
            assert_eq!(judge(Some(0), 1000), Peer::Ours);
            assert_eq!(judge(Some(1001), 1000), Peer::Other);
            assert_eq!(judge(None, 1000), Peer::Unknown);
        }

        #[test]
        fn f_23_a_live_connection_of_this_process_is_ours() {
            for address in ["127.0.0.1:0", "[::1]:0"] {
                let Ok(server) = TcpListener::bind(address) else {
                    continue; // a machine without IPv6
                };
                let server_address = server.local_addr().expect("address");
                let client = TcpStream::connect(server_address).expect("connect");
                let client_address = client.local_addr().expect("address");
                assert_eq!(owner(client_address, server_address), Peer::Ours);
            }
        }
    }
}
