//! Holding and letting go of the port (E-02..E-08).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use super::*;

fn redirect(host: LoopbackHost, port: Option<u16>) -> RedirectUri {
    RedirectUri {
        host,
        port,
        ..RedirectUri::any_port()
    }
}

fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

/// Whether the port is free again; the socket is closed by another task, which gets its turns.
async fn is_let_go(port: u16) -> bool {
    for _ in 0..10_000 {
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

#[test]
fn e_02_only_loopback_addresses_are_bound() {
    for host in [LoopbackHost::V4, LoopbackHost::V6, LoopbackHost::Localhost] {
        if host == LoopbackHost::V6 && !has_ipv6() {
            continue;
        }
        let listener = Listener::bind(&redirect(host, None)).expect("free");
        for socket in &listener.sockets {
            let address = socket.local_addr().expect("address");
            assert!(address.ip().is_loopback(), "{address}");
            assert_eq!(address.port(), listener.port());
        }
    }
}

#[test]
fn e_04_localhost_holds_both_families_on_one_port() {
    let listener = Listener::bind(&redirect(LoopbackHost::Localhost, None)).expect("free");
    let families: Vec<bool> = listener
        .sockets
        .iter()
        .map(|socket| socket.local_addr().expect("address").is_ipv6())
        .collect();
    assert_eq!(
        families,
        if has_ipv6() {
            vec![false, true]
        } else {
            vec![false]
        }
    );
}

#[test]
fn e_04_localhost_stops_when_one_family_is_taken() {
    let addresses = [
        IpAddr::V6(Ipv6Addr::LOCALHOST),
        IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V4(Ipv4Addr::LOCALHOST),
    ];
    for address in addresses {
        let Ok(taken) = TcpListener::bind(SocketAddr::new(address, 0)) else {
            continue; // a machine without IPv6
        };
        let port = taken.local_addr().expect("address").port();
        let error = Listener::bind(&redirect(LoopbackHost::Localhost, Some(port)))
            .err()
            .expect("taken");
        match error {
            BindError::PortTaken {
                port: named, ipv6, ..
            } => {
                assert_eq!((named, ipv6), (port, address.is_ipv6()));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn e_08_a_taken_port_is_named_and_never_replaced() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bind");
    let port = taken.local_addr().expect("address").port();
    let error = Listener::bind(&redirect(LoopbackHost::V4, Some(port))).err();
    match error.expect("taken") {
        BindError::PortTaken {
            port: named,
            ipv6: false,
            owner,
        } => {
            assert_eq!(named, port);
            if cfg!(target_os = "linux") {
                let pid = std::process::id();
                assert!(owner.expect("ours").ends_with(&format!("({pid})")));
            }
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn e_05_the_fixed_port_is_that_very_port() {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bind");
    let port = free.local_addr().expect("address").port();
    drop(free);
    let listener = Listener::bind(&redirect(LoopbackHost::V4, Some(port))).expect("free again");
    assert_eq!(listener.port(), port);
    assert!(
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err(),
        "held from now on"
    );
}

#[tokio::test]
async fn e_07_dropping_or_closing_lets_go_of_the_port() {
    let world = World::new();
    assert!(!is_free(world.port));
    drop(world.serving);
    assert!(is_let_go(world.port).await);

    let world = World::new();
    world.serving.close().await;
    assert!(is_free(world.port));
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[tokio::test]
async fn e_07_closing_flushes_the_held_page() {
    let mut world = World::new();
    let port = world.port;
    let page = tokio::spawn(async move { get_good(port).await });
    world.answer().await;
    world.serving.finish(Page::Declined);
    world.serving.close().await;
    assert!(page.await.expect("no panic").contains("You declined"));
    assert!(is_free(port));
}

#[tokio::test]
async fn e_07_closing_without_an_outcome_sends_the_person_to_the_terminal() {
    let mut world = World::new();
    let port = world.port;
    let page = tokio::spawn(async move { get_good(port).await });
    world.answer().await;
    world.serving.close().await;
    assert!(
        page.await
            .expect("no panic")
            .contains("Finishing in your terminal")
    );
}

#[tokio::test]
async fn e_07_dropping_turns_everybody_out() {
    let mut world = World::new();
    let mut page = world.waiting().await;
    drop(world.serving);
    assert_eq!(read_all(&mut page).await, "", "closed without a page");
}

#[tokio::test]
async fn e_07_an_idle_connection_does_not_delay_closing() {
    let world = World::new();
    let mut idle = connect(world.port).await;
    world.callback("code=x").await; // the idle one was accepted before it
    world.serving.close().await;
    assert_eq!(read_all(&mut idle).await, "");
}

#[tokio::test]
async fn e_04_both_families_are_served_under_the_name_localhost() {
    let world = World::on(&redirect(LoopbackHost::Localhost, None));
    let url = world.serving.start_url();
    assert!(url.starts_with(&format!("http://localhost:{}/go/", world.port)));
    let request = format!("GET /x HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", world.port);
    for ip in [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ] {
        if ip.is_ipv6() && !has_ipv6() {
            continue;
        }
        let mut stream = TcpStream::connect((ip, world.port)).await.expect("served");
        stream.write_all(request.as_bytes()).await.expect("open");
        assert_eq!(status(&read_all(&mut stream).await), "404", "{ip}");
    }
    let literal = world.get("/x", "").await;
    assert_eq!(status(&literal), "421", "the literal is another authority");
}

#[tokio::test]
async fn e_03_the_ipv6_literal_is_served_as_it_is_written() {
    if !has_ipv6() {
        return;
    }
    let world = World::on(&redirect(LoopbackHost::V6, None));
    assert!(
        world
            .serving
            .start_url()
            .starts_with(&format!("http://[::1]:{}/go/", world.port))
    );
    let mut stream = TcpStream::connect((Ipv6Addr::LOCALHOST, world.port))
        .await
        .expect("served");
    let request = format!("GET /x HTTP/1.1\r\nHost: [::1]:{}\r\n\r\n", world.port);
    stream.write_all(request.as_bytes()).await.expect("open");
    assert_eq!(status(&read_all(&mut stream).await), "404");
}
