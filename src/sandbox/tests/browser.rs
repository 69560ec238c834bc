//! The played browser against the sandbox and a listener that plays the client.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// Listens as a client would, takes one request, answers 200, returns its head.
async fn callback_once(listener: TcpListener) -> String {
    let (mut stream, _) = listener.accept().await.expect("a visit");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut head).await.expect("a request"), 0);
    }
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
        .await
        .expect("answered");
    String::from_utf8(head).expect("text")
}

#[tokio::test]
async fn the_browser_goes_through_a_whole_code_flow() {
    let sandbox = sandbox(&[]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let callback = format!("http://{}/callback", listener.local_addr().expect("bound"));
    let client = tokio::spawn(callback_once(listener));
    let url = authorization_url(&sandbox, "profile items:read", &[]);
    let url = url.replace(
        "127.0.0.1%3A45454",
        &callback[7..callback.len() - 9].replace(':', "%3A"),
    );
    let approval = Approval {
        account: "bob".to_owned(),
        scopes: Some(vec!["profile".to_owned()]),
    };
    let visit = sandbox
        .browser()
        .approving(approval)
        .visit(&url)
        .await
        .expect("visited");
    assert_eq!((visit.status, visit.body.as_str()), (200, "done"));
    let head = client.await.expect("called back");
    assert!(
        head.contains("Sec-Fetch-Mode: navigate") && head.contains("Sec-Fetch-Site: cross-site")
    );
    assert_eq!(parameter(&visit.url, "state").as_deref(), Some("state-1"));
    assert_eq!(
        parameter(&visit.url, "iss").as_deref(),
        Some(sandbox.issuer())
    );

    let code = parameter(&visit.url, "code").expect("a code");
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "valetkey-practice"),
        ("redirect_uri", callback.as_str()),
        ("code", code.as_str()),
        ("code_verifier", VERIFIER),
    ];
    let tokens = json(&post(&sandbox, "/token", &form, "").await);
    assert_eq!(text(&tokens, "scope"), "profile");
    let me = json(&get(&sandbox, "/me", text(&tokens, "access_token")).await);
    assert_eq!(
        (text(&me, "sub"), text(&me, "name")),
        ("sub-bob", "Bob Practice")
    );
    assert_eq!(
        get(&sandbox, "/items", text(&tokens, "access_token"))
            .await
            .0,
        403
    );
    assert_eq!(sandbox.requests_to("/token").len(), 1);
    let secrets = sandbox.secrets_issued();
    for secret in [&code, "state-1", VERIFIER, text(&tokens, "refresh_token")] {
        assert!(
            secrets.iter().any(|known| known == secret),
            "{secret} is not in the list"
        );
    }
}

/// Plays a client's listener: sets a cookie at `/go` and sends the browser on, then answers the
/// callback. Returns all request heads, in order, once `wanted` of them have come.
async fn client(listener: TcpListener, onward: String, cookie: &str, wanted: usize) -> Vec<String> {
    let mut heads = Vec::new();
    while heads.len() < wanted {
        let (mut stream, _) = listener.accept().await.expect("a visit");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut head).await.expect("a request"), 0);
        }
        let head = String::from_utf8(head).expect("text");
        let answer = if head.starts_with("GET /go") {
            format!(
                "HTTP/1.1 302 Found\r\nSet-Cookie: {cookie}\r\nLocation: {onward}\r\n\
                 Content-Length: 0\r\n\r\n"
            )
        } else {
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned()
        };
        stream.write_all(answer.as_bytes()).await.expect("answered");
        heads.push(head);
    }
    heads
}

/// Starts a client, lets a browser visit its `/go`, returns what the client saw.
async fn seen_by_client(
    cookie: &'static str,
    wanted: usize,
    bend: fn(crate::sandbox::Browser) -> crate::sandbox::Browser,
) -> Vec<String> {
    let sandbox = sandbox(&[]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    let onward = authorization_url(&sandbox, "profile", &[]);
    let onward = onward.replace("127.0.0.1%3A45454", &address.replace(':', "%3A"));
    let heads = tokio::spawn(client(listener, onward, cookie, wanted));
    let start = format!("http://{address}/go/1");
    let visit = bend(sandbox.browser())
        .visit(&start)
        .await
        .expect("visited");
    assert_eq!(visit.status, 200);
    heads.await.expect("seen")
}

#[tokio::test]
async fn a_lax_cookie_comes_back_and_a_strict_one_does_not() {
    let lax = "flow=1; Path=/callback; HttpOnly; SameSite=Lax";
    let heads = seen_by_client(lax, 2, |browser| browser).await;
    assert!(heads[1].starts_with("GET /callback?") && heads[1].contains("Cookie: flow=1\r\n"));
    let strict = "flow=1; Path=/callback; HttpOnly; SameSite=Strict";
    let heads = seen_by_client(strict, 2, |browser| browser).await;
    assert!(!heads[1].contains("Cookie:"), "{}", heads[1]);
}

#[tokio::test]
async fn cookies_can_be_switched_off() {
    let heads = seen_by_client(
        "flow=1; Path=/",
        2,
        crate::sandbox::Browser::without_cookies,
    )
    .await;
    assert!(!heads[1].contains("Cookie:"));
}

#[tokio::test]
async fn prefetches_and_icons_come_before_the_real_load() {
    let bend = |browser: crate::sandbox::Browser| browser.prefetching().fetching_icons();
    let heads = seen_by_client("flow=1; Path=/", 6, bend).await;
    let prefetch = |head: &String| head.contains("Sec-Purpose: prefetch");
    let lines: Vec<&str> = heads.iter().map(|head| &head[..8]).collect();
    assert_eq!(
        lines,
        [
            "GET /go/", "GET /fav", "GET /go/", "GET /cal", "GET /fav", "GET /cal"
        ]
    );
    let speculative: Vec<bool> = heads.iter().map(prefetch).collect();
    assert_eq!(speculative, [true, false, false, true, false, false]);
    assert!(heads[1].contains("Sec-Fetch-Dest: image"));
}

#[tokio::test]
async fn the_person_may_decline_and_the_visit_may_stop_before_the_callback() {
    let sandbox = sandbox(&[]).await;
    let url = authorization_url(&sandbox, "profile", &[]);
    let mut browser = sandbox.browser().denying().stopping_before_callback();
    let visit = browser.visit(&url).await.expect("visited");
    assert!(visit.url.starts_with(CALLBACK));
    assert_eq!(
        parameter(&visit.url, "error").as_deref(),
        Some("access_denied")
    );
}
