//! One request to one address, for the played browser: plain TCP or TLS, HTTP/1.1 by hand.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::{Host, Url};

use super::http::Stream;

/// An answer as it was read.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// Sends a whole request and reads the whole answer, over TLS that trusts only `authority`.
pub(super) async fn fetch(
    url: &Url,
    request: &[u8],
    authority: Option<&CertificateDer<'static>>,
) -> io::Result<Answer> {
    let mut stream = connect(url, authority).await?;
    stream.write_all(request).await?;
    stream.flush().await?;
    Answer::read(stream.as_mut()).await
}

async fn connect(
    url: &Url,
    authority: Option<&CertificateDer<'static>>,
) -> io::Result<Box<dyn Stream>> {
    let addresses = url.socket_addrs(|| None)?;
    let tcp = TcpStream::connect(addresses.as_slice()).await?;
    if url.scheme() == "http" {
        return Ok(Box::new(tcp));
    }
    let mut roots = rustls::RootCertStore::empty();
    if let Some(authority) = authority {
        roots.add(authority.clone()).map_err(io::Error::other)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = match url.host() {
        Some(Host::Ipv4(address)) => ServerName::from(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => ServerName::from(IpAddr::V6(address)),
        Some(Host::Domain(name)) => {
            ServerName::try_from(name.to_owned()).map_err(io::Error::other)?
        }
        None => return Err(io::Error::other("an address without a host")),
    };
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    Ok(Box::new(connector.connect(name, tcp).await?))
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Reads until the stated length or the end of the connection.
    async fn read(stream: &mut dyn Stream) -> io::Result<Self> {
        let mut bytes = Vec::new();
        loop {
            let ended = stream.read_buf(&mut bytes).await? == 0;
            if let Some((answer, length)) = Self::parse(&bytes)? {
                let complete = length.is_some_and(|length| answer.body.len() >= length);
                if complete || (ended && length.is_none()) {
                    return Ok(answer);
                }
            }
            if ended {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// The answer so far and its stated length, once the head is complete.
    fn parse(bytes: &[u8]) -> io::Result<Option<(Self, Option<usize>)>> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(start) = parsed.parse(bytes).map_err(io::Error::other)?
        else {
            return Ok(None);
        };
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let answer = Self {
            status: parsed.code.unwrap_or_default(),
            headers: parsed
                .headers
                .iter()
                .map(|header| (header.name.to_ascii_lowercase(), text(header.value)))
                .collect(),
            body: bytes[start..].to_vec(),
        };
        let length = answer
            .header("content-length")
            .and_then(|text| text.parse().ok());
        Ok(Some((answer, length)))
    }
}
