//! Start links, the cookie, settling and what comes after (E-11, E-12, F-09, F-10, F-15, F-17,
//! F-18).

use super::*;

/// The value of a header of an answer.
fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    let (head, _) = answer.split_once("\r\n\r\n").expect("a head");
    head.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .unwrap_or_default()
}

impl World {
    /// Uses a start link; returns the `Cookie` header line of a browser that did.
    async fn open(&mut self) -> String {
        let path = self.start_path();
        let answer = self.get(&path, "").await;
        assert_eq!(status(&answer), "303");
        assert_eq!(self.event().await, "opened");
        let cookie = header(&answer, "Set-Cookie")
            .split(';')
            .next()
            .expect("a pair");
        format!("Cookie: {cookie}\r\n")
    }

    /// The true answer with these header lines, held until its outcome is given.
    async fn settle_with(&mut self, headers: &str) -> String {
        let port = self.port;
        let request =
            format!("GET /callback?{GOOD} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n");
        let page = tokio::spawn(async move { exchange(port, request.as_bytes()).await });
        assert_eq!(self.answer().await, GOOD);
        self.serving.finish(Page::Failed);
        page.await.expect("no panic")
    }
}

#[tokio::test]
async fn e_11_a_start_link_leads_to_the_provider_with_a_cookie() {
    let world = World::new();
    let path = world.start_path();
    let nonce = path.strip_prefix("/go/").expect("a start path");
    assert_eq!(nonce.len(), 10);
    let answer = world.get(&path, "").await;
    assert_eq!(status(&answer), "303");
    assert_eq!(header(&answer, "Location"), PROVIDER);
    let cookie = header(&answer, "Set-Cookie");
    let (pair, attributes) = cookie.split_once("; ").expect("attributes");
    let (name, value) = pair.split_once('=').expect("a pair");
    assert_eq!(name, format!("valetkey-{}", world.port));
    assert_eq!(value.len(), 43, "32 bytes in base64url");
    assert_eq!(attributes, "Max-Age=600; Path=/; HttpOnly; SameSite=Lax");
}

#[tokio::test]
async fn e_11_the_address_with_the_state_is_nowhere_else() {
    let mut world = World::new();
    assert!(!world.serving.start_url().contains("state"));
    let page = world.settle().await;
    assert!(!page.contains("canary-state"));
}

#[tokio::test]
async fn e_12_after_a_start_link_only_a_browser_that_used_one_may_answer() {
    let mut world = World::new();
    let first = world.open().await;
    let second = world.open().await;
    let name = format!("valetkey-{}", world.port);
    let wrong = [
        String::new(),
        format!("Cookie: {name}=\r\n"),
        format!("Cookie: {name}=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"),
        first.replace("valetkey-", "x-valetkey-"),
        first.replace("\r\n", "x\r\n"),
    ];
    for cookie in &wrong {
        let answer = world.get(&format!("/callback?{GOOD}"), cookie).await;
        assert_eq!(status(&answer), "400", "{cookie:?}");
        assert!(
            answer.contains("not the browser that started"),
            "{cookie:?}"
        );
        assert_eq!(world.event().await, "other_browser");
    }
    // The shape comes before the cookie, the cookie before the state.
    world.callback("bad").await;
    assert_eq!(world.event().await, "malformed");
    world.callback("code=x&state=wrong").await;
    assert_eq!(world.event().await, "other_browser");

    let foreign = "session=some-value; ".repeat(200);
    let mixed = first.replace("Cookie: ", &format!("Cookie: {foreign}"));
    assert_eq!(status(&world.settle_with(&mixed).await), "200");
    // Later, the other browser of ours sees the same page.
    let again = world.get(&format!("/callback?{GOOD}"), &second).await;
    assert_eq!(status(&again), "200");
}

#[tokio::test]
async fn e_12_when_no_start_link_was_used_any_browser_may_answer() {
    let mut world = World::new();
    let _ = world.start_path();
    assert_eq!(status(&world.settle().await), "200");
}

#[tokio::test]
async fn f_17_a_start_link_works_once_and_a_second_use_stops_everything() {
    let mut world = World::new();
    let path = world.start_path();
    for header in ["Sec-Purpose: prefetch\r\n", "Sec-Fetch-Mode: no-cors\r\n"] {
        assert_eq!(
            status(&world.get(&path, header).await),
            "400",
            "not consumed"
        );
    }
    assert_eq!(status(&world.get(&format!("{path}?a=b"), "").await), "404");
    assert_eq!(status(&world.get(&path, "").await), "303");
    assert_eq!(world.event().await, "unrelated");
    assert_eq!(world.event().await, "opened");
    let again = world.get(&path, "").await;
    assert_eq!(status(&again), "400");
    assert!(again.contains("This link was used already"));
    assert!(header(&again, "Location").is_empty());
    assert_eq!(world.event().await, "reused");
    assert_eq!(status(&world.callback(GOOD).await), "404");
    let other = world.start_path();
    assert_eq!(status(&world.get(&other, "").await), "404");
}

#[tokio::test]
async fn f_17_five_wrong_guesses_close_the_links_but_not_the_attempt() {
    let mut world = World::new();
    let path = world.start_path();
    for guess in ["0000000000", "1", "zzzzzzzzzz", "a/b", "0000000001"] {
        assert_eq!(status(&world.get(&format!("/go/{guess}"), "").await), "404");
    }
    assert_eq!(world.event().await, "closed");
    assert_eq!(status(&world.get(&path, "").await), "404");
    assert_eq!(status(&world.settle().await), "200");
}

#[tokio::test]
async fn c_36_after_settling_a_start_link_is_not_found() {
    let mut world = World::new();
    let path = world.start_path();
    world.settle().await;
    assert_eq!(status(&world.get(&path, "").await), "404");
}

#[tokio::test]
async fn f_09_f_10_a_wrong_answer_is_told_and_the_wait_goes_on() {
    let mut world = World::new();
    for (query, reason) in [
        ("code=x&state=wrong", "wrong_state"),
        ("code=good", "wrong_state"),
        ("bad=%zz", "malformed"),
    ] {
        let answer = world.callback(query).await;
        assert_eq!(status(&answer), "400", "{query}");
        assert!(answer.contains("not the answer that was expected"));
        assert_eq!(world.event().await, reason, "{query}");
    }
    assert_eq!(status(&world.settle().await), "200");
}

#[tokio::test]
async fn f_16_the_address_with_the_code_gives_way_to_one_without() {
    let mut world = World::new();
    let cookie = world.open().await;
    let done =
        |headers: &str| format!("GET /done HTTP/1.1\r\nHost: 127.0.0.1:{{P}}\r\n{headers}\r\n");
    assert_eq!(
        status(&world.raw(&done(&cookie)).await),
        "404",
        "nothing has settled"
    );
    let port = world.port;
    let request =
        format!("GET /callback?{GOOD} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{cookie}\r\n");
    let sent_on = exchange_once(port, request.as_bytes()).await;
    assert_eq!(
        (status(&sent_on), header(&sent_on, "Location")),
        ("303", "/done")
    );
    assert_eq!(world.answer().await, GOOD);
    // It is for the browser that brought the answer, and on a visit.
    assert_eq!(status(&world.raw(&done("")).await), "404");
    let framed = format!("{cookie}Sec-Fetch-Dest: iframe\r\n");
    assert_eq!(status(&world.raw(&done(&framed)).await), "400");
    let query = format!("GET /done?x HTTP/1.1\r\nHost: 127.0.0.1:{{P}}\r\n{cookie}\r\n");
    assert_eq!(status(&world.raw(&query).await), "404");
    world.serving.finish(Page::Declined);
    assert!(world.raw(&done(&cookie)).await.contains("You declined"));
}

#[tokio::test]
async fn f_16_a_browser_that_was_sent_on_still_gets_its_page_after_the_end() {
    let mut world = World::new();
    let port = world.port;
    let request = format!("GET /callback?{GOOD} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    exchange_once(port, request.as_bytes()).await;
    world.answer().await;
    world.serving.finish(Page::Declined);
    let closing = tokio::spawn(world.serving.close());
    // The end is known before the browser comes.
    tokio::task::yield_now().await;
    let request = format!("GET /done HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    let page = exchange_once(port, request.as_bytes()).await;
    assert!(page.contains("You declined"));
    closing.await.expect("closed");
    assert!(std::net::TcpListener::bind(("127.0.0.1", port)).is_ok());
}

#[tokio::test]
async fn f_16_a_redirect_address_of_that_name_keeps_it() {
    let redirect = RedirectUri {
        path: "/done".to_owned(),
        ..RedirectUri::any_port()
    };
    let mut world = World::on(&redirect);
    let request = format!("GET /done?{GOOD} HTTP/1.1\r\nHost: 127.0.0.1:{{P}}\r\n\r\n");
    let sent_on = world.raw(&request).await;
    assert_eq!(header(&sent_on, "Location"), "/finished");
    assert_eq!(world.answer().await, GOOD);
    world.serving.finish(Page::Declined);
    assert!(world.get("/finished", "").await.contains("You declined"));
}

#[tokio::test]
async fn f_01_ignored_requests_are_counted_and_a_flood_is_one_event() {
    let mut world = World::new();
    for _ in 0..3 {
        world.get("/favicon.ico", "").await;
    }
    for _ in 0..3 {
        world.callback("code=x&state=wrong").await;
    }
    for expected in [("unrelated", 3), ("wrong_state", 6)] {
        match world.serving.next().await {
            ListenerEvent::Ignored { reason, count } => assert_eq!((reason, count), expected),
            other => panic!("unexpected {}", name(&other)),
        }
    }
    assert_eq!(status(&world.settle().await), "200");
}

#[tokio::test]
async fn c_40_a_bare_path_says_that_the_mode_is_unsupported() {
    let mut world = World::new();
    let answer = world.get("/callback", "").await;
    assert_eq!(status(&answer), "400");
    assert!(answer.contains("unsupported mode"));
    assert_eq!(world.event().await, "fragment-answer");
    assert_eq!(status(&world.settle().await), "200");
}

#[tokio::test]
async fn c_02_the_same_answer_again_shows_the_same_page_and_settles_nothing() {
    let mut world = World::new();
    let first = world.settle().await;
    assert_eq!(world.callback(GOOD).await, first);
    world.serving.attempt.tls_hello();
    assert_eq!(world.event().await, "tls", "no second answer");
}

#[tokio::test]
async fn f_18_a_second_different_answer_is_suspicious_and_the_first_stays() {
    let mut world = World::new();
    world.settle().await;
    for _ in 0..2 {
        let answer = world.callback("code=other&state=right").await;
        assert_eq!(status(&answer), "400");
    }
    assert_eq!(world.event().await, "second");
    world.serving.attempt.tls_hello();
    assert_eq!(
        world.event().await,
        "tls",
        "told once, and no second answer"
    );
}

#[tokio::test]
async fn c_29_the_absolute_form_of_our_own_address_settles() {
    let mut world = World::new();
    let port = world.port;
    let request = format!(
        "GET http://127.0.0.1:{port}/callback?{GOOD} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
    );
    let page = tokio::spawn(async move { exchange(port, request.as_bytes()).await });
    assert_eq!(world.answer().await, GOOD);
    world.serving.finish(Page::Failed);
    assert_eq!(status(&page.await.expect("no panic")), "200");
}

#[tokio::test]
async fn c_34_a_reset_right_after_the_request_still_settles() {
    let mut world = World::new();
    let request = format!(
        "GET /callback?{GOOD} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n",
        world.port
    );
    let mut stream = connect(world.port).await;
    stream.write_all(request.as_bytes()).await.expect("open");
    // A close with no patience for unsent bytes is a reset.
    rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).expect("socket");
    drop(stream);
    assert_eq!(world.answer().await, GOOD);
}

#[tokio::test]
async fn c_37_only_the_first_of_two_requests_on_one_connection_counts() {
    let mut world = World::new();
    let port = world.port;
    let one = |code: &str| {
        format!("GET /callback?code={code}&state=right HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")
    };
    let both = one("good") + &one("other");
    let page = tokio::spawn(async move { exchange(port, both.as_bytes()).await });
    assert_eq!(world.answer().await, GOOD);
    world.serving.finish(Page::Failed);
    let answer = page.await.expect("no panic");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1);
    world.serving.attempt.tls_hello();
    assert_eq!(world.event().await, "tls", "the second was not judged");
}

#[tokio::test]
async fn f_15_the_page_waits_for_the_outcome_but_not_for_ever() {
    let mut world = World::new();
    let mut browser = world.waiting().await;
    let page = tokio::spawn(async move { read_all(&mut browser).await });
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(9)).await;
    tokio::task::yield_now().await;
    assert!(!page.is_finished());
    tokio::time::advance(Duration::from_secs(2)).await;
    tokio::time::resume();
    // Far more than it needs, far less than a longer hold would take.
    let page = tokio::time::timeout(Duration::from_secs(5), page).await;
    let page = page.expect("let go").expect("no panic");
    assert_eq!(status(&page), "200");
    assert!(page.contains("Finishing in your terminal"));
    // A reload afterwards tells the truth.
    world.serving.finish(Page::Declined);
    assert!(world.callback(GOOD).await.contains("You declined"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn f_01_random_requests_never_settle(requests in proptest::collection::vec("\\PC{0,200}", 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("runtime");
        runtime.block_on(async {
            let mut world = World::new();
            for request in &requests {
                // A line end makes it a whole request; without, it would just be waited for.
                world.raw(&format!("{request}\r\n\r\n")).await;
                world.get(&format!("/{request}"), "").await;
            }
            assert_eq!(status(&world.settle().await), "200");
        });
    }
}
