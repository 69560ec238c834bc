//! What the browser gets: fixed pages, no script, closed headers (F-12..F-14).

use base64::Engine as _;
use sha2::Digest as _;

use super::*;
use crate::host::listener::pages;
use crate::model::{Shown, Untrusted};

const ASSETS: [&str; 11] = [
    include_str!("../../../../assets/pages/layout.html"),
    include_str!("../../../../assets/pages/style.css"),
    include_str!("../../../../assets/pages/done.html"),
    include_str!("../../../../assets/pages/done-as.html"),
    include_str!("../../../../assets/pages/failed.html"),
    include_str!("../../../../assets/pages/declined.html"),
    pages::WAITING,
    pages::OTHER_BROWSER,
    pages::USED_LINK,
    pages::FRAGMENT,
    pages::IGNORED,
];

fn shown(text: &str) -> Shown {
    Untrusted::new(text).shown()
}

fn text(page: &Page) -> String {
    String::from_utf8(pages::outcome(page)).expect("UTF-8")
}

#[test]
fn f_12_names_are_written_as_text_and_never_as_markup() {
    let hostile = "<script>alert('1')</script>&\"{{account}}{{style}}";
    let page = text(&Page::Done {
        provider: shown(hostile),
        account: Some(shown(hostile)),
    });
    assert!(!page.contains("<script"));
    let written = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;\
                   &#123;&#123;account}}&#123;&#123;style}}";
    assert_eq!(page.matches(written).count(), 2);
    assert_eq!(page.matches("<style>").count(), 1);
}

#[test]
fn f_15_the_page_says_no_more_than_what_happened() {
    let done = |account: Option<&str>| {
        text(&Page::Done {
            provider: shown("GitLab"),
            account: account.map(shown),
        })
    };
    assert!(done(Some("ada")).contains("<h1>Connected to GitLab as ada</h1>"));
    assert!(done(None).contains("<h1>Connected to GitLab</h1>"));
    assert!(text(&Page::Failed).contains("<h1>It did not work</h1>"));
    assert!(text(&Page::Declined).contains("<h1>You declined</h1>"));
    assert!(!done(Some("ada")).contains("{{"));
}

#[tokio::test]
async fn f_12_nothing_of_a_request_is_in_the_page() {
    let world = World::new();
    let plain = world.callback("code=x&state=wrong").await;
    for payload in [
        "error=%3Cscript%3Ealert(1)%3C/script%3E",
        "error=<script>&error_description=\"><img>",
        "state=%1b[2J&error_description=%e2%80%ae",
        &format!("error_description={}", "A".repeat(15_000)),
    ] {
        assert_eq!(world.callback(payload).await, plain, "{payload}");
    }
    let missing = world.get("/nothing", "").await;
    assert_eq!(world.get("/<b>&amp;?x=canary", "").await, missing);
}

#[tokio::test]
async fn f_13_every_answer_carries_the_same_closed_headers() {
    let mut world = World::new();
    let path = world.start_path();
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(ASSETS[1]));
    let closed = format!(
        "Content-Security-Policy: default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'\r\n\
         Referrer-Policy: no-referrer\r\n\
         Cache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\n\
         Cross-Origin-Opener-Policy: same-origin\r\n"
    );
    let mut answers = vec![
        world.settle().await,
        world.get(&path, "").await,
        world.callback("code=x&state=wrong").await,
        world.callback("").await,
        world
            .raw("POST / HTTP/1.1\r\nHost: 127.0.0.1:{P}\r\n\r\n")
            .await,
        world
            .raw("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            .await,
        world.raw("\0").await,
        world.raw(&"G".repeat(20_000)).await,
        world.get("/", &"A: b\r\n".repeat(200)).await,
    ];
    let other = World::new();
    let path = other.start_path();
    answers.push(other.get(&path, "").await);
    answers.push(other.callback(GOOD).await);
    answers.push(other.get(&path, "").await);
    for answer in answers {
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let head = format!("{head}\r\n");
        assert!(head.contains(&closed), "{head}");
        assert!(
            head.contains(&format!("Content-Length: {}\r\n", body.len())),
            "{head}"
        );
        assert!(head.ends_with("Connection: close\r\n"), "{head}");
    }
}

#[test]
fn f_13_the_style_in_the_page_is_the_one_that_was_hashed() {
    let page = text(&Page::Failed);
    let (_, rest) = page.split_once("<style>").expect("a style");
    let (style, _) = rest.split_once("</style>").expect("its end");
    assert_eq!(style, ASSETS[1]);
}

#[test]
fn f_14_no_script_no_outside_resource_no_link() {
    for asset in ASSETS {
        let lower = asset.to_ascii_lowercase();
        for forbidden in [
            "<script",
            "javascript:",
            "http:",
            "https:",
            "src=",
            "href=",
            "url(",
            "@import",
            "<form",
            "<iframe",
            "<img",
            "<link",
            "<base",
            "style=",
            " on",
            "http-equiv",
        ] {
            // " on" is how an event handler starts; as a word it may stand in a sentence.
            let found = if forbidden == " on" {
                lower.contains(" onload")
                    || lower.contains(" onclick")
                    || lower.contains(" onerror")
            } else {
                lower.contains(forbidden)
            };
            assert!(!found, "{forbidden} in {asset}");
        }
    }
}

#[test]
fn f_17_an_address_that_breaks_out_of_the_header_is_not_sent() {
    for address in [
        "https://a/\r\nSet-Cookie: x=y",
        "https://a/ b",
        "https://a/\u{e9}",
    ] {
        let answer = String::from_utf8(pages::redirect(address, "c")).expect("UTF-8");
        assert_eq!(status(&answer), "500");
        assert!(!answer.contains("Location"));
    }
}

#[test]
fn f_14_the_relay_page_is_one_file_whose_policy_allows_its_own_script_and_style() {
    let page = include_str!("../../../../assets/relay/index.html");
    let between = |start: &str, end: &str| {
        let (_, rest) = page.split_once(start).expect(start);
        rest.split_once(end).expect(end).0
    };
    let hash = |text: &str| {
        base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text.as_bytes()))
    };
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(between("<script>", "</script>")),
        hash(between("<style>", "</style>")),
    );
    let stated = between("Content-Security-Policy\" content=\"", "\"");
    assert_eq!(stated, policy, "write this one into the page");
    for forbidden in [
        "https:",
        "src=",
        "href=",
        "url(",
        "@import",
        "<form",
        "<iframe",
        "<img",
        "<link",
        "<base",
        "style=",
        "innerHTML",
        "document.write",
        "eval(",
        "fetch(",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    // The only address it knows is this machine's.
    assert_eq!(page.matches("http:").count(), 1);
    assert!(page.contains("'http://127.0.0.1:' + port + '/callback' + query"));
}
