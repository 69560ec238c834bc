//! The client against small raw servers of its own.

mod spoilt;

use std::process::Command;
use std::sync::Arc;

use rcgen::{CertificateParams, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use super::*;

const QUICK: Limits = Limits {
    body: 1000,
    total: Duration::from_millis(300),
    connect: Duration::from_millis(100),
    first_byte: Duration::from_millis(100),
};

fn get(address: &str) -> http::Request<Vec<u8>> {
    http::Request::get(address).body(Vec::new()).expect("valid")
}

async fn send(address: &str) -> Result<http::Response<Vec<u8>>, HttpError> {
    Http::new(None).send(get(address), &TOKEN_LIMITS).await
}

/// Answers every connection with the same bytes, and tells the head of each request.
async fn server(answer: &'static [u8]) -> (u16, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let port = listener.local_addr().expect("address").port();
    let (heads, seen) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                    break;
                }
            }
            let _ = heads.send(String::from_utf8_lossy(&head).into_owned());
            let _ = stream.write_all(answer).await;
        }
    });
    (port, seen)
}

#[test]
fn h_03_the_limits_are_those_of_the_table() {
    assert_eq!(TOKEN_LIMITS.body, 1 << 20);
    assert_eq!(METADATA_LIMITS.body, 2 << 20);
    assert_eq!(TEST_LIMITS.body, 256 << 10);
    for limits in [TOKEN_LIMITS, METADATA_LIMITS, TEST_LIMITS] {
        assert_eq!(limits.connect.as_secs(), 10);
        assert_eq!(limits.first_byte.as_secs(), 20);
        assert_eq!(limits.total.as_secs(), 30);
    }
}

#[tokio::test]
async fn h_09_accept_and_agent_are_set_and_nothing_tells_where_we_were() {
    let (port, mut seen) =
        server(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nhi").await;
    let http = Http::new(None);
    let address = format!("http://127.0.0.1:{port}/x");
    for _ in 0..2 {
        let answer = http
            .send(get(&address), &TOKEN_LIMITS)
            .await
            .expect("answer");
        assert_eq!(answer.body(), b"hi");
        let head = seen.recv().await.expect("head").to_ascii_lowercase();
        assert!(head.contains("accept: application/json\r\n"), "{head}");
        assert!(head.contains("user-agent: valetkey/"), "{head}");
        assert!(
            !head.contains("cookie") && !head.contains("referer"),
            "{head}"
        );
    }
    let mut own = get(&address);
    own.headers_mut()
        .insert(ACCEPT, HeaderValue::from_static("text/plain"));
    http.send(own, &TOKEN_LIMITS).await.expect("answer");
    let head = seen.recv().await.expect("head").to_ascii_lowercase();
    assert!(head.contains("accept: text/plain\r\n"), "{head}");
}

#[tokio::test]
async fn h_01_no_redirect_is_followed() {
    for status in ["301", "302", "303", "307", "308"] {
        let (second, mut seen) = server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        let answer = format!(
            "HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:{second}/\r\nContent-Length: 0\r\n\r\n"
        );
        let (first, _) = server(answer.leak().as_bytes()).await;
        let answer = send(&format!("http://127.0.0.1:{first}/"))
            .await
            .expect("answer");
        assert_eq!(answer.status().as_str(), status);
        assert!(answer.headers().contains_key("location"));
        assert!(seen.try_recv().is_err(), "the second host saw a byte");
    }
}

#[tokio::test]
async fn h_03_a_body_over_the_limit_is_cut_off() {
    let (port, _) = server(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd").await;
    let address = format!("http://127.0.0.1:{port}/");
    let limits = |body| Limits {
        body,
        ..TOKEN_LIMITS
    };
    let http = Http::new(None);
    assert!(http.send(get(&address), &limits(4)).await.is_ok());
    let error = http
        .send(get(&address), &limits(3))
        .await
        .expect_err("too large");
    assert_eq!(error, HttpError::TooLarge { limit: 3 });
    assert!(!error.nothing_was_sent());
}

#[tokio::test]
async fn h_03_the_limit_holds_after_decompression() {
    let bomb = gzip_of_zeros();
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    )
    .into_bytes();
    assert!(bomb.len() < 64 * 1024);
    answer.extend_from_slice(&bomb);
    let (port, _) = server(answer.leak()).await;
    let error = send(&format!("http://127.0.0.1:{port}/"))
        .await
        .expect_err("bomb");
    assert_eq!(
        error,
        HttpError::TooLarge {
            limit: TOKEN_LIMITS.body
        }
    );
}

/// A gzip stream of 4 MiB of zeros, made by the system's own gzip.
fn gzip_of_zeros() -> Vec<u8> {
    let made = Command::new("sh")
        .args(["-c", "head -c 4194304 /dev/zero | gzip -c"])
        .output()
        .expect("sh and gzip");
    made.stdout
}

#[tokio::test]
async fn h_03_a_server_that_never_answers_is_given_up_on() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let port = listener.local_addr().expect("address").port();
    let http = Http::new(None);
    let plain = http
        .send(get(&format!("http://127.0.0.1:{port}/")), &QUICK)
        .await;
    assert_eq!(
        plain.expect_err("silent"),
        HttpError::Timeout { sent: true }
    );
    // A handshake that hangs: the request itself never left.
    let secure = http
        .send(get(&format!("https://127.0.0.1:{port}/")), &QUICK)
        .await;
    assert_eq!(
        secure.expect_err("silent"),
        HttpError::Timeout { sent: false }
    );
}

#[tokio::test]
async fn h_08_failures_say_whether_anything_was_sent_and_nothing_of_the_request() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        listener.local_addr().expect("address").port()
    };
    let (silent, _) = server(b"").await;
    let (garbage, _) = server(b"SSH-2.0-x\r\n").await;
    let (short, _) = server(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").await;
    let (bare, _) = server(b"HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n").await;
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1_000_000));
    let (long, _) = server(long.leak().as_bytes()).await;
    let (broken, _) = server(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 16\r\n\r\nabcdefghijklmnop",
    )
    .await;
    for (port, wanted) in [
        (closed, HttpError::NotSent(Transport::Refused)),
        (silent, HttpError::Unknown(Transport::Closed)),
        (garbage, HttpError::Unknown(Transport::NotHttp)),
        (short, HttpError::Unknown(Transport::Closed)),
        (broken, HttpError::Unknown(Transport::NotHttp)),
        (bare, HttpError::Unknown(Transport::NotHttp)),
        (long, HttpError::Unknown(Transport::NotHttp)),
    ] {
        let request =
            http::Request::post(format!("http://127.0.0.1:{port}/canary-path?canary-query"))
                .header("authorization", "canary-header")
                .body(b"canary-body".to_vec())
                .expect("valid");
        let error = Http::new(None)
            .send(request, &TOKEN_LIMITS)
            .await
            .expect_err("fails");
        let said = format!("{error} {error:?} {}", error.summary().raw());
        assert!(
            !said.contains("canary") && !said.contains("127.0.0.1"),
            "{said}"
        );
        assert_eq!(error, wanted);
        assert_eq!(error.nothing_was_sent(), port == closed);
    }
}

#[tokio::test]
async fn a_09_plain_http_to_another_machine_is_refused() {
    for address in [
        "http://a.example/",
        "http://127.0.0.2/",
        "http://localhost.a.example/",
    ] {
        let error = send(address).await.expect_err("refused");
        assert_eq!(error, HttpError::PlainHttp, "{address}");
        assert!(error.nothing_was_sent());
    }
    assert_eq!(send("/x").await.expect_err("no host"), HttpError::Address);
}

/// A certificate authority, and servers with certificates from it.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().expect("key");
        let mut params = CertificateParams::new(Vec::new()).expect("params");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("self signed").pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// Answers `200` over TLS with a certificate for `name` that ends in `year`.
    async fn server(&self, name: &str, year: i32) -> u16 {
        let key = KeyPair::generate().expect("key");
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("params");
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .expect("certificate");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let port = listener.local_addr().expect("address").port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let mut head = [0; 2048];
                    let _ = stream.read(&mut head).await;
                    let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
                    let _ = stream.shutdown().await;
                }
            }
        });
        port
    }
}

#[tokio::test]
async fn h_02_certificates_are_checked_and_an_own_authority_can_be_added() {
    let authority = Authority::new();
    let good = authority.server("localhost", 2090).await;
    let other = authority.server("other.example", 2090).await;
    let old = authority.server("localhost", 2001).await;
    let trusting = Http::new(Some(&authority.pem));
    let answer = trusting
        .send(get(&format!("https://localhost:{good}/")), &TOKEN_LIMITS)
        .await
        .expect("trusted");
    assert_eq!(answer.status(), 204);

    let said = async |http: &Http, port: u16| {
        let address = format!("https://localhost:{port}/");
        let error = http
            .send(get(&address), &TOKEN_LIMITS)
            .await
            .expect_err("fault");
        assert!(error.nothing_was_sent(), "{error:?}");
        error.summary().raw().to_owned()
    };
    assert_eq!(
        said(&trusting, other).await,
        "certificate is for other.example"
    );
    assert_eq!(said(&trusting, old).await, "certificate has expired");
    let strict = Http::new(None);
    assert_eq!(
        said(&strict, good).await,
        "certificate is signed by nobody this machine trusts"
    );
}

#[tokio::test]
async fn h_02_a_broken_authority_is_an_error_and_not_ignored() {
    for pem in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let error = Http::new(Some(pem))
            .send(get("https://localhost:1/"), &TOKEN_LIMITS)
            .await
            .expect_err("broken");
        assert!(error.nothing_was_sent());
        assert!(
            matches!(error, HttpError::BadAuthority | HttpError::NoTrustStore(_)),
            "{pem:?} {error:?}"
        );
    }
}

/// Runs one test of this file again in a process with proxy variables.
fn again_with_proxy(test: &str, port: u16) {
    let done = Command::new(std::env::current_exe().expect("path"))
        .args(["--exact", test])
        .env("VALETKEY_TEST_PROXY_PORT", port.to_string())
        .envs(
            [
                "HTTP_PROXY",
                "http_proxy",
                "HTTPS_PROXY",
                "https_proxy",
                "ALL_PROXY",
                "all_proxy",
            ]
            .map(|name| (name, format!("http://127.0.0.1:{port}"))),
        )
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .expect("runs");
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stdout)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn h_05_this_machine_is_never_reached_through_a_proxy() {
    const NAME: &str = "host::http::tests::h_05_this_machine_is_never_reached_through_a_proxy";
    if std::env::var_os("VALETKEY_TEST_PROXY_PORT").is_some() {
        let (port, _) = server(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        for host in ["127.0.0.1", "localhost"] {
            let answer = send(&format!("http://{host}:{port}/"))
                .await
                .expect("direct");
            assert_eq!(answer.status(), 204);
        }
        return;
    }
    let (proxy, mut seen) = server(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await;
    again_with_proxy(NAME, proxy);
    assert!(
        seen.try_recv().is_err(),
        "the proxy saw a request to this machine"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn h_05_other_machines_are_reached_through_it_and_its_refusal_sends_nothing() {
    const NAME: &str = "host::http::tests::h_05_other_machines_are_reached_through_it_and_its_refusal_sends_nothing";
    if std::env::var_os("VALETKEY_TEST_PROXY_PORT").is_some() {
        let error = send("https://a.example/canary").await.expect_err("refused");
        assert_eq!(error, HttpError::NotSent(Transport::Proxy));
        return;
    }
    let (proxy, mut seen) = server(b"HTTP/1.1 403 Forbidden\r\n\r\n").await;
    again_with_proxy(NAME, proxy);
    let head = seen.recv().await.expect("the proxy was asked");
    assert!(head.starts_with("CONNECT a.example:443 "), "{head}");
    assert!(!head.contains("canary"), "{head}");
}
