//! TLS, names, and the thread for synchronous tests.

use super::*;
use crate::sandbox::{Host, SandboxThread, Tls};

async fn visit(tls: Tls, host: Host) -> std::io::Result<u16> {
    let sandbox = Sandbox::start(Options {
        host,
        tls,
        ..Options::default()
    })
    .await?;
    let visit = sandbox.browser().visit(sandbox.url()).await?;
    Ok(visit.status)
}

#[tokio::test]
async fn its_own_authority_vouches_for_every_name() {
    for host in [Host::V4, Host::V6, Host::Localhost] {
        assert_eq!(
            visit(Tls::Own, host).await.expect("trusted"),
            200,
            "{host:?}"
        );
        assert_eq!(visit(Tls::Off, host).await.expect("plain"), 200, "{host:?}");
    }
}

#[tokio::test]
async fn bad_certificates_are_bad_in_the_way_they_say() {
    for (tls, reason) in [
        (Tls::Expired, "Expired"),
        (Tls::NotYetValid, "NotValidYet"),
        (Tls::WrongName, "NotValidForName"),
        (Tls::SelfSigned, "UnknownIssuer"),
    ] {
        let error = visit(tls, Host::V4).await.expect_err("not trusted");
        assert!(format!("{error:?}").contains(reason), "{tls:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_dropped_sandbox_is_gone() {
    let sandbox = sandbox(&[]).await;
    let address = sandbox.url().trim_start_matches("http://").to_owned();
    assert!(TcpStream::connect(&address).await.is_ok());
    drop(sandbox);
    // The listener closes when its aborted task is next polled.
    while TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_synchronous_test_has_it_on_a_thread() {
    let options = Options {
        tls: Tls::Own,
        ..Options::default()
    };
    let sandbox = SandboxThread::start(options).expect("it starts");
    assert!(
        sandbox
            .ca_pem()
            .is_some_and(|pem| pem.starts_with("-----BEGIN CERTIFICATE-----"))
    );
    let mut browser = sandbox.browser();
    let visit = sandbox
        .visit(&mut browser, &sandbox.at("/jwks"))
        .expect("visited");
    assert_eq!((visit.status, sandbox.requests().len()), (200, 1));
    sandbox.wait_until_held(0);
}
