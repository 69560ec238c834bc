//! The proxy that every host name leads to: it answers `CONNECT`, shows a certificate for whatever name is
//! asked for, and hands each request on.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::child::Surroundings;
use crate::request::{Reply, Request};

/// Answers a request; `None` breaks the connection off.
pub(crate) type Handler = dyn Fn(Request) -> Option<Reply> + Send + Sync;

/// The running proxy.
#[derive(Clone)]
pub(crate) struct Wire(Arc<AtomicUsize>);

impl Wire {
    /// Serves until the runtime ends; every answer bears this date.
    pub(crate) fn open(
        surroundings: Surroundings,
        date: Option<&'static str>,
        handler: Arc<Handler>,
    ) -> Self {
        let names = Names::new();
        std::fs::write(&surroundings.authority, names.authority.pem()).expect("written");
        let config =
            rustls::ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("versions")
                .with_no_client_auth()
                .with_cert_resolver(Arc::new(names));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = surroundings.listener;
        listener.set_nonblocking(true).expect("a listener");
        let listener = TcpListener::from_std(listener).expect("a listener");
        let open = Arc::new(AtomicUsize::new(0));
        let counted = open.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, handler) = (acceptor.clone(), handler.clone());
                let counted = counted.clone();
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    // A client that went away is its own business.
                    let _ = converse(stream, &acceptor, date, &*handler).await;
                    counted.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self(open)
    }

    /// Whether an exchange is under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }
}

async fn converse(
    mut stream: TcpStream,
    acceptor: &TlsAcceptor,
    date: Option<&str>,
    handler: &Handler,
) -> io::Result<()> {
    let (connect, _) = head(&mut stream).await?;
    let target = connect.split(' ').nth(1).unwrap_or_default().to_owned();
    if !connect.starts_with("CONNECT ") {
        return Err(io::Error::other("not a proxy request"));
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    let mut stream = acceptor.accept(stream).await?;
    let (head, mut body) = head(&mut stream).await?;
    let host = target.strip_suffix(":443").unwrap_or(&target);
    let mut request = Request::parse(&head, host);
    let length = request.header("content-length");
    let length: usize = length.and_then(|text| text.parse().ok()).unwrap_or(0);
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    request.body = body;
    if let Some(reply) = handler(request) {
        stream.write_all(&reply.bytes(date)).await?;
    }
    stream.shutdown().await
}

/// Reads up to the end of a head: its text, and what came after it.
async fn head(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            let text = String::from_utf8(bytes).map_err(io::Error::other)?;
            return Ok((text, rest));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Makes a certificate for every name that is asked for.
struct Names {
    authority: CertifiedIssuer<'static, KeyPair>,
    made: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Names")
    }
}

impl Names {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "Authority of the dressed providers");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        valid_around_now(&mut params);
        let key = KeyPair::generate().expect("a key");
        Self {
            authority: CertifiedIssuer::self_signed(params, key).expect("an authority"),
            made: Mutex::default(),
        }
    }

    fn make(&self, name: &str) -> Arc<CertifiedKey> {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.use_authority_key_identifier_extension = true;
        valid_around_now(&mut params);
        let certificate = params.signed_by(&key, &self.authority).expect("signed");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let key = aws_lc_rs::sign::any_supported_type(&key).expect("a key");
        Arc::new(CertifiedKey::new(vec![certificate.der().clone()], key))
    }
}

impl ResolvesServerCert for Names {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name()?;
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let key = made
            .entry(name.to_owned())
            .or_insert_with(|| self.make(name));
        Some(key.clone())
    }
}

fn valid_around_now(params: &mut CertificateParams) {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let since_1970 = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let now = date_time_ymd(1970, 1, 1) + Duration::from_secs(since_1970.as_secs());
    params.not_before = now - DAY;
    params.not_after = now + 30 * DAY;
}
