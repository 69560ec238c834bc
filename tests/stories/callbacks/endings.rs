//! Answers that settle an attempt, well or badly, and what comes after one.

use std::net::TcpStream;
use std::sync::Arc;

use valetkey::advice;
use valetkey::engine::{AttemptEvent, Error, Ignored, Outcome, SignInOptions};
use valetkey::model::Seconds;

use super::{exchange, port_of, query_of, status};
use crate::stage::{Kept, Stage, off};
use crate::web::Approved;

/// Delivers what `change` makes of the true answer; the page, and how the attempt ends.
async fn ends(
    stage: &Stage,
    change: impl FnOnce(&Approved) -> String,
) -> (crate::web::Answer, Result<Outcome, Arc<Error>>) {
    let attempt = stage.begin();
    let approved = stage.approve().await;
    let url = change(&approved);
    let page = off(move || approved.deliver(&url)).await;
    (page, attempt.outcome().await)
}

/// An answer that ends the attempt and costs nothing that is stored.
fn case(
    row: &'static str,
    name: &'static str,
    value: &'static str,
    expected: &'static str,
) -> (&'static str, &'static str, &'static str, &'static str) {
    (row, name, value, expected)
}

fn word(result: &Result<Outcome, Arc<Error>>) -> &'static str {
    match result.as_ref().map_err(|error| &**error) {
        Ok(_) => "signed in",
        Err(Error::Declined) => "declined",
        Err(Error::Authorization(_)) => "refused",
        Err(Error::WrongIssuer { .. }) => "another provider",
        Err(Error::Provider(_)) => "the code was refused",
        Err(_) => "something else",
    }
}

#[tokio::test]
async fn g_02_g_04_a_genuine_bad_answer_ends_the_attempt_and_costs_nothing() {
    let stage = Stage::signed_in().await;
    let before: Kept = stage.kept();
    let issuer = stage.sandbox.issuer().to_owned();
    // `error` takes the place of the code; a bar parts it from its description.
    for (row, name, value, expected) in [
        case("C16", "error", "access_denied|", "declined"),
        case("C18", "error", "<script>|alert", "refused"),
        case(
            "C18",
            "error",
            "server_error|\u{1b}[2J\u{202e}<b>",
            "refused",
        ),
        case("C19", "iss", "", "another provider"),
        case("C20", "iss", "https://evil.example", "another provider"),
        case("C20", "iss", "{ISS}/", "another provider"),
        case("C20", "iss", "{ISS} ", "another provider"),
        case(
            "C21",
            "error",
            "access_denied|evil|https://evil.example",
            "another provider",
        ),
    ] {
        let (page, result) = ends(&stage, |approved| {
            if name == "iss" {
                return approved.with("iss", &value.replace("{ISS}", &issuer));
            }
            let mut parts = value.split('|');
            let mut next = || parts.next().unwrap_or_default();
            let (code, description, foreign) = (next(), next(), next());
            let mut url = url::Url::parse(&approved.with("code", "")).expect("an address");
            if !foreign.is_empty() {
                url = url::Url::parse(&approved.with("iss", foreign)).expect("an address");
                let kept: Vec<(String, String)> = url
                    .query_pairs()
                    .filter(|(key, _)| key != "code")
                    .map(|(key, value)| (key.into_owned(), value.into_owned()))
                    .collect();
                url.query_pairs_mut().clear().extend_pairs(kept);
            }
            url.query_pairs_mut()
                .append_pair("error", code)
                .append_pair("error_description", description);
            url.into()
        })
        .await;
        assert_eq!(word(&result), expected, "{row} {value}");
        let told = advice::advise(&result.expect_err("ended")).sentence;
        assert!(
            !told.contains('\u{1b}') && !told.contains('\u{202e}'),
            "{row}: {told}"
        );
        let withheld = row != "C21" || !told.contains("access_denied");
        assert!(withheld, "{row}: {told}");
        // One of our fixed pages, and nothing of the request in it.
        let heading = if expected == "declined" {
            "You declined"
        } else {
            "It did not work"
        };
        assert!(page.body.contains(heading), "{row}");
        assert!(
            !page.body.contains("script") && !page.body.contains("alert"),
            "{row}"
        );
        assert!(stage.kept() == before, "{row}: the vault changed");
        assert!(stage.sandbox.requests_to("/token").is_empty(), "{row}");
    }
}

#[tokio::test]
async fn c1_c29_c35_the_true_answer_signs_in_in_every_right_form() {
    let stage = Stage::new().await;
    let foreign = "session=some-value; ".repeat(200);
    for form in ["plain", "absolute", "many cookies"] {
        stage.sandbox.clear_requests();
        let attempt = stage.begin();
        let approved = stage.approve().await;
        let port = port_of(&approved.callback);
        let (target, cookie) = match form {
            "absolute" => (approved.callback.clone(), approved.cookie.clone()),
            form => {
                let path = format!("/callback?{}", query_of(&approved));
                let many = form == "many cookies";
                let before = if many { foreign.as_str() } else { "" };
                (path, format!("{before}{}", approved.cookie))
            }
        };
        let request =
            format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n");
        let page = off(move || exchange(port, request.as_bytes())).await;
        assert_eq!(status(&page), "200", "{form}");
        assert!(attempt.outcome().await.is_ok(), "{form}");
        assert_eq!(stage.sandbox.requests_to("/token").len(), 1, "{form}");
    }
}

#[tokio::test]
async fn c13_c15_a_legal_code_reaches_the_provider_as_it_came() {
    let stage = Stage::signed_in().await;
    let long = "a".repeat(12 * 1024);
    for code in [long.as_str(), "a b", "a+b"] {
        stage.sandbox.clear_requests();
        let (_, result) = ends(&stage, |approved| approved.with("code", code)).await;
        // Nobody made it, so the provider refuses it.
        assert_eq!(word(&result), "the code was refused");
        let sent = stage.sandbox.requests_to("/token")[0].form();
        assert_eq!(sent.get("code"), Some(code));
    }
}

#[tokio::test]
async fn c2_c3_c8_what_comes_after_the_answer_is_shown_or_reported_and_never_exchanged() {
    let stage = Stage::new().await;
    stage.set("token_hold=on");
    let attempt = stage.begin();
    let approved = Arc::new(stage.approve().await);
    let deliver = |url: String| {
        let approved = Arc::clone(&approved);
        tokio::spawn(off(move || approved.deliver(&url)))
    };
    let first = deliver(approved.callback.clone());
    stage.sandbox.until_held(1).await;
    let again = deliver(approved.callback.clone());
    let other = deliver(approved.with("code", "another-code"))
        .await
        .expect("a page");
    assert_eq!(other.status, 400);
    stage.sandbox.release(1);
    let (first, again) = (first.await.expect("a page"), again.await.expect("a page"));
    assert_eq!((first.status, &first.body), (200, &again.body));
    attempt.outcome().await.expect("signed in");
    assert_eq!(stage.sandbox.requests_to("/token").len(), 1);
    let suspicious =
        |event: &AttemptEvent| matches!(event, AttemptEvent::Ignored(Ignored::SecondAnswer));
    assert!(stage.told().iter().any(suspicious));
}

#[tokio::test]
async fn c33_a_crowd_of_half_requests_does_not_keep_the_answer_out() {
    const CROWD: usize = 600;
    let stage = Stage::new().await;
    let attempt = stage.begin();
    let approved = stage.approve().await;
    let port = port_of(&approved.callback);
    let crowd = off(move || {
        use std::io::Write as _;
        let mut crowd = std::collections::VecDeque::new();
        for _ in 0..CROWD {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a listener");
            let _ = stream.write_all(b"GET /callback?co");
            crowd.push_back(stream);
            // Those that were turned out need no handle any more.
            if crowd.len() > 200 {
                crowd.pop_front();
            }
        }
        crowd
    })
    .await;
    let page = off(move || approved.deliver(&approved.callback)).await;
    assert_eq!(page.status, 200);
    drop(crowd);
    attempt.outcome().await.expect("signed in");
}

#[tokio::test]
async fn c34_c37_one_connection_brings_one_answer_even_if_it_hangs_up_at_once() {
    let stage = Stage::new().await;
    let attempt = stage.begin();
    let approved = stage.approve().await;
    let port = port_of(&approved.callback);
    let request = |query: String| {
        format!(
            "GET /callback?{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {}\r\n\r\n",
            approved.cookie
        )
    };
    let other = approved.with("code", "another-code");
    let other = other.split_once('?').expect("a query").1.to_owned();
    let both = format!("{}{}", request(query_of(&approved)), request(other));
    off(move || {
        use std::io::Write as _;
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a listener");
        stream.write_all(both.as_bytes()).expect("sent");
        // Closed with the answer unread: the kernel resets it.
        drop(stream);
    })
    .await;
    attempt.outcome().await.expect("signed in");
    assert_eq!(stage.sandbox.requests_to("/token").len(), 1);
    let second =
        |event: &AttemptEvent| matches!(event, AttemptEvent::Ignored(Ignored::SecondAnswer));
    assert!(!stage.told().iter().any(second), "the second was not read");
}

#[tokio::test]
async fn c36_a_start_link_is_good_for_one_browser_and_not_spent_by_a_guess_of_one() {
    let stage = Stage::new().await;
    let attempt = stage.begin();
    let url = stage.opened().await;
    let fetched = url.clone();
    let page = off(move || crate::web::get(&fetched, &[("Sec-Purpose", "prefetch")])).await;
    assert_eq!((page.status, page.header("location")), (400, None));
    let later = attempt.remote.start_url(false).await.expect("open");
    stage.sandbox.browser().visit(&url).await.expect("a visit");
    let after = off(move || {
        let port = port_of(&later);
        let path = later
            .split_once(&port.to_string())
            .expect("a path")
            .1
            .to_owned();
        exchange(
            port,
            format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n").as_bytes(),
        )
    });
    assert!(matches!(status(&after.await), "404" | "closed"), "settled");
    attempt.outcome().await.expect("signed in");

    let attempt = stage.begin();
    let url = stage.opened().await;
    for expected in [303, 400] {
        let url = url.clone();
        let page = off(move || crate::web::get(&url, &[])).await;
        assert_eq!(page.status, expected);
    }
    let error = attempt.outcome().await.expect_err("stopped");
    assert!(matches!(*error, Error::StartLinkReused));
}

#[tokio::test]
async fn c38_an_answer_after_the_end_meets_nobody_and_stores_nothing() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    for by_timeout in [false, true] {
        let attempt = stage.begin_with(SignInOptions {
            timeout: Some(Seconds(600)),
            ..SignInOptions::default()
        });
        let approved = stage.approve().await;
        if by_timeout {
            // Its clock runs out at once: nothing else is left to do.
            tokio::time::pause();
        } else {
            attempt.remote.cancel();
        }
        attempt.outcome().await.expect_err("over");
        if by_timeout {
            tokio::time::resume();
        }
        let port = port_of(&approved.callback);
        let request = format!(
            "GET /callback?{} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {}\r\n\r\n",
            query_of(&approved),
            approved.cookie
        );
        let page = off(move || exchange(port, request.as_bytes())).await;
        assert!(matches!(status(&page), "404" | "closed"), "{page}");
        assert!(stage.sandbox.requests_to("/token").is_empty());
        assert!(stage.kept() == before);
    }
}
