//! Starting: options, listening sockets, the accept loop.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::Sandbox;
use super::behaviour::Behaviour;
use super::clients::Client;
use super::server::{Clock, Shared, State};
use super::store::Store;
use super::tls::{Identity, Tls};

/// The name the sandbox goes by. It always listens on loopback only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Host {
    /// `127.0.0.1`.
    #[default]
    V4,
    /// `[::1]`.
    V6,
    /// `localhost`, on both families where the machine has both.
    Localhost,
}

/// How a sandbox starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port; 0 for any free one.
    pub port: u16,
    /// The name it goes by.
    pub host: Host,
    /// Whether and how it speaks TLS.
    pub tls: Tls,
    /// The clients it knows from the start.
    pub clients: Vec<Client>,
    /// Its misbehaviour at the start.
    pub behaviour: Behaviour,
}

impl Default for Options {
    /// A correct provider over plain HTTP on any free port with [`Client::defaults`].
    fn default() -> Self {
        Self {
            port: 0,
            host: Host::default(),
            tls: Tls::default(),
            clients: Client::defaults(),
            behaviour: Behaviour::default(),
        }
    }
}

impl Sandbox {
    /// Binds and serves on the current tokio runtime until dropped.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listeners = listen(options.host, options.port).await?;
        let port = listeners[0].local_addr()?.port();
        let identity = match options.tls {
            Tls::Off => None,
            tls => Some(Arc::new(Identity::new(tls)?)),
        };
        let scheme = if identity.is_some() { "https" } else { "http" };
        let host = match options.host {
            Host::V4 => "127.0.0.1",
            Host::V6 => "[::1]",
            Host::Localhost => "localhost",
        };
        let state = State {
            behaviour: options.behaviour,
            queued: Vec::new(),
            store: Store::new(options.clients),
            requests: Vec::new(),
            clock: Clock::default(),
        };
        let shared = Arc::new(Shared::new(format!("{scheme}://{host}:{port}"), state));
        let tasks = listeners
            .into_iter()
            .map(|listener| tokio::spawn(accept(listener, identity.clone(), Arc::clone(&shared))))
            .collect();
        Ok(Self {
            shared,
            ca_pem: identity.as_ref().map(|identity| identity.ca_pem()),
            identity,
            tasks,
        })
    }
}

async fn listen(host: Host, port: u16) -> io::Result<Vec<TcpListener>> {
    let v4 = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let v6 = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let first = if host == Host::V6 { v6 } else { v4 };
    let mut listeners = vec![TcpListener::bind(SocketAddr::new(first, port)).await?];
    if host == Host::Localhost {
        let port = listeners[0].local_addr()?.port();
        // A machine without IPv6 resolves localhost to the other family alone.
        listeners.extend(TcpListener::bind(SocketAddr::new(v6, port)).await.ok());
    }
    Ok(listeners)
}

/// The connections belong to this task, so ending it ends them.
async fn accept(listener: TcpListener, identity: Option<Arc<Identity>>, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    shared.connected();
                    connections.spawn(converse(stream, identity.clone(), Arc::clone(&shared)));
                }
                // Out of file descriptors: let other tasks finish theirs.
                Err(_) => tokio::task::yield_now().await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(
    mut stream: tokio::net::TcpStream,
    identity: Option<Arc<Identity>>,
    shared: Arc<Shared>,
) {
    match identity {
        None => shared.converse(&mut stream).await,
        Some(identity) => {
            if let Ok(mut stream) = identity.acceptor().accept(stream).await {
                shared.converse(&mut stream).await;
            }
        }
    }
    shared.finished.fetch_add(1, Ordering::Release);
}
