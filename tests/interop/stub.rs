//! A small HTTP server on loopback that a test answers for, in clear or over TLS, and other programs
//! in a sealed home.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::sealed::Home;

/// What came in. Names of headers are in small letters.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    headers: HashMap<String, String>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn of(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// It ends with the process of the tests.
pub(crate) struct Stub {
    port: u16,
    seen: Arc<Mutex<Vec<Asked>>>,
    pub(crate) ca_pem: Option<String>,
}

impl Stub {
    pub(crate) fn plain(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(None, answer)
    }

    pub(crate) fn tls(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(Some(identity()), answer)
    }

    fn start(
        identity: Option<(Arc<ServerConfig>, String)>,
        answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (config, ca_pem) = identity.unzip();
        let (answer, notes) = (Arc::new(answer), seen.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, notes, config) = (answer.clone(), notes.clone(), config.clone());
                thread::spawn(move || {
                    let note = |asked: &Asked| {
                        let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
                        notes.push(asked.clone());
                        drop(notes);
                        answer(asked)
                    };
                    match config {
                        None => serve(stream, note),
                        Some(config) => {
                            let tls = ServerConnection::new(config).expect("a connection");
                            serve(StreamOwned::new(tls, stream), note)
                        }
                    }
                });
            }
        });
        Self { port, seen, ca_pem }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Everything that was asked since the last call.
    pub(crate) fn take(&self) -> Vec<Asked> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *seen)
    }
}

/// One request a connection. Whoever breaks off is not answered.
fn serve(mut stream: impl Read + Write, answer: impl Fn(&Asked) -> Answer) -> Option<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let answer = answer(&Asked { path, headers });
    let (status, length) = (answer.status, answer.body.len());
    let first = [
        format!("HTTP/1.1 {status} x"),
        format!("Content-Length: {length}"),
    ];
    let headers = answer
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"));
    let last = ["Connection: close".to_owned(), String::new(), String::new()];
    let lines: Vec<String> = first.into_iter().chain(headers).chain(last).collect();
    stream.write_all(lines.join("\r\n").as_bytes()).ok()?;
    stream.write_all(&answer.body).ok()?;
    stream.flush().ok()
}

/// A certificate for 127.0.0.1 and the authority that signed it.
fn identity() -> (Arc<ServerConfig>, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &authority).expect("signed");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate");
    (Arc::new(config), authority.pem())
}

/// Another program in a sealed home, which finds ours by its name.
pub(crate) fn other(home: &Home, program: impl AsRef<OsStr>) -> Command {
    let ours = home.command::<&str>(&[]);
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(
            ours.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("PATH", path())
        .current_dir(home.path())
        .stdin(std::process::Stdio::null());
    command
}

/// With the folder of the program under test first.
fn path() -> OsString {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_valetkey"));
    let folder = program.parent().expect("a folder").to_owned();
    let path = std::env::var_os("PATH").expect("PATH");
    std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path)))
        .expect("a path")
}

/// What a program said and how it ended.
pub(crate) fn told(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}
