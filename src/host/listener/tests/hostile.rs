//! Requests that are not the answer: each is refused, none changes anything, and the true answer
//! still settles afterwards (F-01..F-08, F-19, F-20).

use super::*;

/// Sends each request to one listener, compares the status, then lets the true answer settle.
async fn refuses(cases: &[(&str, &str)]) {
    let mut world = World::new();
    for (request, wanted) in cases {
        let answer = world.raw(request).await;
        assert_eq!(status(&answer), *wanted, "{request:?}");
        let lower = answer.to_ascii_lowercase();
        assert!(!lower.contains("access-control-"), "{request:?}");
    }
    assert_eq!(status(&world.settle().await), "200");
}

#[tokio::test]
async fn f_02_only_the_exact_authority_is_served() {
    let cases = [
        ("Host: attacker.example:{P}\r\n", "421"),
        ("Host: 127.0.0.1\r\n", "421"),
        ("Host: 127.0.0.1:1\r\n", "421"),
        ("Host: 127.0.0.1:0{P}\r\n", "421"),
        ("Host: localhost:{P}\r\n", "421"),
        ("Host: LOCALHOST:{P}\r\n", "421"),
        ("Host: 127.0.0.1.:{P}\r\n", "421"),
        ("Host: user@127.0.0.1:{P}\r\n", "421"),
        ("Host: [::ffff:127.0.0.1]:{P}\r\n", "421"),
        ("Host: 2130706433:{P}\r\n", "421"),
        ("Host: 127.1:{P}\r\n", "421"),
        ("Host:\r\n", "421"),
        ("", "400"),
        ("Host: 127.0.0.1:{P}\r\nHost: 127.0.0.1:{P}\r\n", "400"),
        ("Host: 127.0.0.1:{P}\r\nhost: attacker.example\r\n", "400"),
    ]
    .map(|(host, wanted)| {
        (
            format!("GET /callback?{GOOD} HTTP/1.1\r\n{host}\r\n"),
            wanted,
        )
    });
    let cases: Vec<_> = cases
        .iter()
        .map(|(request, wanted)| (request.as_str(), *wanted))
        .collect();
    refuses(&cases).await;
}

#[tokio::test]
async fn f_03_only_get_settles() {
    let long = "X".repeat(4096);
    let methods = [
        "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get", &long,
    ];
    let cases: Vec<String> = methods
        .iter()
        .map(|method| {
            format!(
                "{method} /callback?{GOOD} HTTP/1.1\r\nHost: 127.0.0.1:{{P}}\r\nOrigin: https://evil.example\r\n\
                 Access-Control-Request-Method: GET\r\nAccess-Control-Request-Private-Network: true\r\n\r\n"
            )
        })
        .collect();
    let cases: Vec<_> = cases
        .iter()
        .map(|request| (request.as_str(), "405"))
        .collect();
    refuses(&cases).await;
}

#[tokio::test]
async fn f_04_f_05_only_a_navigation_settles() {
    let headers = [
        "Sec-Fetch-Mode: no-cors",
        "Sec-Fetch-Mode: cors",
        "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe",
        "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: image",
        "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Mode: cors",
        "Sec-Fetch-Dest: script",
        "Sec-Fetch-Dest: empty",
        "Sec-Purpose: prefetch;prerender",
        "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nSec-Purpose: prefetch",
        "Purpose: prefetch",
        "X-Purpose: preview",
        "X-Moz: prefetch",
    ];
    let cases: Vec<String> = headers
        .iter()
        .map(|header| {
            format!("GET /callback?{GOOD} HTTP/1.1\r\nHost: 127.0.0.1:{{P}}\r\n{header}\r\n\r\n")
        })
        .collect();
    let cases: Vec<_> = cases
        .iter()
        .map(|request| (request.as_str(), "400"))
        .collect();
    refuses(&cases).await;
}

#[tokio::test]
async fn f_04_a_navigation_with_fetch_metadata_settles() {
    let mut world = World::new();
    let (answer, query) = tokio::join!(
        exchange_headers(
            world.port,
            "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n\
             Sec-Fetch-User: ?1\r\nUpgrade-Insecure-Requests: 1\r\n",
        ),
        async {
            let query = world.answer().await;
            world.serving.finish(Page::Failed);
            query
        }
    );
    assert_eq!((status(&answer), query.as_str()), ("200", GOOD));
}

async fn exchange_headers(port: u16, headers: &str) -> String {
    let request =
        format!("GET /callback?{GOOD} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n");
    exchange(port, request.as_bytes()).await
}

#[tokio::test]
async fn f_06_f_20_any_other_path_is_not_found_and_no_file_is_served() {
    let paths = [
        "/favicon.ico",
        "/apple-touch-icon.png",
        "/robots.txt",
        "/.well-known/appspecific/com.chrome.devtools.json",
        "/style.css.map",
        "/",
        "/callback/",
        "/CALLBACK",
        "/callback;x",
        "//callback",
        "/x/../callback",
        "/%63allback",
        "/callback%3fcode=good",
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//attacker.example/callback",
        "/go/",
        "/go",
        "/go/0123456789?x",
    ];
    let cases: Vec<String> = paths
        .iter()
        .map(|path| format!("GET {path}?{GOOD} HTTP/1.1\r\nHost: 127.0.0.1:{{P}}\r\n\r\n"))
        .collect();
    let cases: Vec<_> = cases
        .iter()
        .map(|request| (request.as_str(), "404"))
        .collect();
    refuses(&cases).await;
}

#[tokio::test]
async fn f_20_foreign_targets_tunnels_and_other_protocols_are_refused() {
    let host = "Host: 127.0.0.1:{P}\r\n";
    let line = |target: &str| format!("GET {target} HTTP/1.1\r\n{host}\r\n");
    let with = |more: &str| format!("GET /callback?{GOOD} HTTP/1.1\r\n{host}{more}\r\n");
    let cases = [
        line(&format!("http://attacker.example/callback?{GOOD}")),
        line(&format!(
            "http://attacker.example@127.0.0.1:{{P}}/callback?{GOOD}"
        )),
        line(&format!("https://127.0.0.1:{{P}}/callback?{GOOD}")),
        line(&format!("http://127.0.0.1:{{P}}?{GOOD}")),
        line(&format!("/callback?{GOOD}#fragment")),
        line("*"),
        "CONNECT provider.example:443 HTTP/1.1\r\nHost: 127.0.0.1:{P}\r\n\r\n".to_owned(),
        with("Connection: Upgrade\r\nUpgrade: websocket\r\n"),
        with("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"),
        with("Transfer-Encoding: chunked\r\n"),
        with("Content-Length: -1\r\n"),
        with("Content-Length: 0\r\nContent-Length: 0\r\n"),
        with("Content-Length: 1, 1\r\n"),
        with("A: b\r\n folded\r\n"),
        with("A: b\0c\r\n"),
        with("A : b\r\n"),
        with("Bare: line\n"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "GET /callback\r\n\r\n".to_owned(),
        "SSH-2.0-OpenSSH_9.2\r\n\r\n".to_owned(),
        "\u{5}\u{1}\0".to_owned(),
        "\u{4}\u{1}\0P\u{7f}\0\0\u{1}\0".to_owned(),
        "\0".repeat(1 << 20),
    ];
    let cases: Vec<_> = cases
        .iter()
        .map(|request| (request.as_str(), "400"))
        .collect();
    refuses(&cases).await;
}

#[tokio::test]
async fn f_08_the_limits_have_their_own_answers() {
    let host = "Host: 127.0.0.1:{P}\r\n";
    let line = format!(
        "GET /callback?code={} HTTP/1.1\r\n{host}\r\n",
        "a".repeat(20 * 1024)
    );
    let endless = "G".repeat(1 << 20);
    let header = format!("GET / HTTP/1.1\r\n{host}A: {}\r\n\r\n", "a".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\n{host}{}\r\n", "A: b\r\n".repeat(200));
    let body = format!("GET /callback?{GOOD} HTTP/1.1\r\n{host}Content-Length: 9\r\n\r\nabcdefghi");
    refuses(&[
        (&line, "414"),
        (&endless, "414"),
        (&header, "431"),
        (&many, "431"),
        (&body, "413"),
    ])
    .await;
}

#[tokio::test]
async fn c_13_a_code_of_12_kib_is_fine() {
    let mut world = World::new();
    let query = format!("code={}&state=right", "a".repeat(12 * 1024));
    let port = world.port;
    let sent = query.clone();
    let page = tokio::spawn(async move {
        let request = format!("GET /callback?{sent} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
        exchange(port, request.as_bytes()).await
    });
    assert_eq!(world.answer().await, query);
    world.serving.finish(Page::Failed);
    assert_eq!(status(&page.await.expect("no panic")), "200");
}

#[tokio::test]
async fn f_19_a_browser_that_tries_https_is_noticed_once() {
    let mut world = World::new();
    for _ in 0..3 {
        let hello = "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}";
        assert_eq!(world.raw(hello).await, "", "closed without a word");
    }
    assert_eq!(world.event().await, "tls");
    world.settle().await;
}

#[tokio::test]
async fn f_07_idle_and_half_open_connections_do_not_keep_the_answer_out() {
    let mut world = World::new();
    let mut idle = Vec::new();
    for number in 0..300 {
        let mut stream = connect(world.port).await;
        if number % 2 == 0 {
            stream.write_all(b"GET /callback?co").await.expect("open");
        }
        idle.push(stream);
    }
    assert_eq!(status(&world.settle().await), "200");
}

#[tokio::test]
async fn f_08_half_a_request_is_given_up_on() {
    let world = World::new();
    let mut stream = connect(world.port).await;
    stream
        .write_all(b"GET /callback?code=go")
        .await
        .expect("open");
    tokio::time::pause();
    assert_eq!(status(&read_all(&mut stream).await), "408");
}

#[tokio::test]
async fn f_08_500_answers_are_judged_and_no_more() {
    let world = World::new();
    for number in 0..500 {
        let answer = world.callback(&format!("code=x&state={number}")).await;
        assert_eq!(status(&answer), "400");
    }
    assert_eq!(status(&world.callback(GOOD).await), "503");
}

#[tokio::test]
async fn f_23_another_users_process_gets_nothing_and_is_noticed_once() {
    let mut world = World::asking(&RedirectUri::any_port(), |_, _| Peer::Other);
    let path = world.start_path();
    assert_eq!(status(&world.get(&path, "").await), "403");
    assert_eq!(status(&world.callback(GOOD).await), "403");
    assert_eq!(status(&world.get("/favicon.ico", "").await), "404");
    assert_eq!(world.event().await, "other_user");
    assert_eq!(world.event().await, "unrelated", "the icon");
    assert_eq!(status(&world.callback("code=x").await), "403");
    // Nothing else was told: the link is unused, the answer not taken.
    world.serving.attempt.tls_hello();
    assert_eq!(world.event().await, "tls");
}

#[tokio::test]
async fn f_23_a_process_that_the_kernel_does_not_know_is_served_with_a_note() {
    let mut world = World::asking(&RedirectUri::any_port(), |_, _| Peer::Unknown);
    let path = world.start_path();
    assert_eq!(status(&world.get(&path, "").await), "303");
    assert_eq!(world.event().await, "unknown_peer");
    assert_eq!(world.event().await, "opened");
}
