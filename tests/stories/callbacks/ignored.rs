//! Requests that are not the answer. Each is refused in its way and told, none changes anything, and the
//! true answer still signs in when all of them have been.

use std::fmt::Write as _;

use valetkey::advice;

use super::{exchange, port_of, query_of, status};
use crate::stage::{Stage, off};

/// One request and what must come of it.
#[derive(Clone)]
struct Case {
    row: &'static str,
    /// `{P}` is the port, `{GOOD}` the true query, `{CODE}`, `{STATE}` and `{ISS}` its parts, `{COOKIE}` the header
    /// line of the browser that was sent on, `{OLD}` the state of a finished sign-in, `{OTHER}` that of
    /// another one that waits.
    request: String,
    status: &'static str,
    /// The word of what the person is told; empty where it is nothing.
    told: &'static str,
}

fn case(
    row: &'static str,
    request: impl Into<String>,
    status: &'static str,
    told: &'static str,
) -> Case {
    let request = request.into();
    Case {
        row,
        request,
        status,
        told,
    }
}

/// A GET by the right browser, with more header lines.
fn get_with(target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{{P}}\r\n{{COOKIE}}{headers}\r\n")
}

fn answer(query: &str) -> String {
    get_with(&format!("/callback?{query}"), "")
}

/// The true answer with another Host line.
fn hosted(host: &str) -> String {
    format!("GET /callback?{{GOOD}} HTTP/1.1\r\n{host}{{COOKIE}}\r\n")
}

fn asked(method: &str) -> String {
    format!(
        "{method} /callback?{{GOOD}} HTTP/1.1\r\nHost: 127.0.0.1:{{P}}\r\n{{COOKIE}}\
         Origin: https://evil.example\r\nAccess-Control-Request-Method: GET\r\n\
         Access-Control-Request-Private-Network: true\r\n\r\n"
    )
}

fn queries() -> Vec<Case> {
    let mut cases = vec![
        case("C4", get_with("/callback", ""), "400", "fragment-answer"),
        case("C4", answer(""), "400", "fragment-answer"),
        case("C5", answer("code={CODE}"), "400", "missing-state"),
        case("C5", answer("state={STATE}&{ISS}"), "400", "missing-code"),
        case(
            "C7",
            answer("code={CODE}&state={OTHER}"),
            "400",
            "wrong-state",
        ),
        case(
            "C8",
            answer("code={CODE}&state={OLD}"),
            "400",
            "wrong-state",
        ),
        case("C9", answer("{GOOD}&state={STATE}"), "400", "malformed"),
        case("C9", answer("state=x&{GOOD}"), "400", "malformed"),
        case("C10", answer("{GOOD}&code={CODE}"), "400", "malformed"),
        case("C10", answer("code=x&{GOOD}"), "400", "malformed"),
        case(
            "C11",
            answer("{GOOD}&error=access_denied"),
            "400",
            "malformed",
        ),
        case(
            "C12",
            answer("code=&state={STATE}&{ISS}"),
            "400",
            "missing-code",
        ),
        case(
            "C17",
            answer("error=access_denied"),
            "400",
            "unproven-error",
        ),
        case(
            "C18",
            answer("error=<script>alert(1)</script>"),
            "400",
            "unproven-error",
        ),
        case(
            "C20",
            answer("{GOOD}&iss=https://evil.example"),
            "400",
            "malformed",
        ),
        case(
            "C20",
            answer("code={CODE}&state={STATE}&iss="),
            "400",
            "malformed",
        ),
    ];
    for state in [
        "x{STATE}", "{STATE}x", "+{STATE}", "{STATE}+", "{CASE}", "{BIT}", "{CUT}",
    ] {
        let sent = answer(&format!("code={{CODE}}&state={state}"));
        cases.push(case("C6", sent, "400", "wrong-state"));
    }
    for code in ["a%00", "a%0a", "a%0d%0ab", "%c3%a9"] {
        let sent = answer(&format!("code={code}&state={{STATE}}"));
        cases.push(case("C13", sent, "400", "malformed"));
    }
    let huge = "a".repeat(20 * 1024);
    let sent = answer(&format!("code={huge}&state={{STATE}}"));
    cases.push(case("C13", sent, "414", "unrelated"));
    let sent = answer(&format!(
        "error=x&error_description={}",
        "A".repeat(1_000_000)
    ));
    cases.push(case("C18", sent, "414", "unrelated"));
    cases.push(case(
        "C13",
        answer("code=a\0&state={STATE}"),
        "400",
        "unrelated",
    ));
    for code in ["%zz", "%", "%u0041", "%c0%af", "%ed%a0%80"] {
        let sent = answer(&format!("code={code}&state={{STATE}}"));
        cases.push(case("C14", sent, "400", "malformed"));
    }
    cases
}

fn places() -> Vec<Case> {
    let mut cases = Vec::new();
    for host in [
        "attacker.example:{P}",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost:{P}",
        "[::ffff:127.0.0.1]:{P}",
        "2130706433:{P}",
    ] {
        let sent = hosted(&format!("Host: {host}\r\n"));
        cases.push(case("C22", sent, "421", "other-host"));
    }
    let twice = "Host: 127.0.0.1:{P}\r\nHost: 127.0.0.1:{P}\r\n";
    cases.push(case("C22", hosted(twice), "400", "unrelated"));
    cases.push(case("C22", hosted(""), "400", "unrelated"));
    let long = "X".repeat(4096);
    for method in ["HEAD", "POST", "PUT", "OPTIONS", "TRACE", "get", &long] {
        cases.push(case("C23", asked(method), "405", "unrelated"));
    }
    cases.push(case("C24", asked("OPTIONS"), "405", "unrelated"));
    for path in [
        "/favicon.ico",
        "/apple-touch-icon.png",
        "/.well-known/appspecific/com.chrome.devtools.json",
        "/robots.txt",
    ] {
        let sent = get_with(&format!("{path}?{{GOOD}}"), "");
        cases.push(case("C27", sent, "404", "unrelated"));
    }
    for path in [
        "/callback/",
        "/CALLBACK",
        "/callback;x",
        "//callback",
        "/x/../callback",
        "/%63allback",
    ] {
        let sent = get_with(&format!("{path}?{{GOOD}}"), "");
        cases.push(case("C28", sent, "404", "unrelated"));
    }
    let foreign = get_with("http://attacker.example/callback?{GOOD}", "");
    cases.push(case("C29", foreign, "400", "unrelated"));
    let tunnel = "CONNECT provider.example:443 HTTP/1.1\r\nHost: 127.0.0.1:{P}\r\n\r\n";
    cases.push(case("C30", tunnel, "400", "unrelated"));
    for upgrade in ["websocket", "h2c"] {
        let headers = format!("Connection: Upgrade\r\nUpgrade: {upgrade}\r\n");
        let sent = get_with("/callback?{GOOD}", &headers);
        cases.push(case("C30", sent, "400", "unrelated"));
    }
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    cases.push(case("C30", preface, "400", "unrelated"));
    cases
}

fn headers() -> Vec<Case> {
    let mut cases = Vec::new();
    for header in [
        "Sec-Fetch-Mode: no-cors",
        "Sec-Fetch-Mode: cors",
        "Sec-Fetch-Dest: image",
        "Sec-Fetch-Dest: iframe",
        "Sec-Fetch-Dest: script",
    ] {
        let sent = get_with("/callback?{GOOD}", &format!("{header}\r\n"));
        cases.push(case("C25", sent, "400", "unrelated"));
    }
    for header in ["Sec-Purpose: prefetch;prerender", "Purpose: prefetch"] {
        let sent = get_with("/callback?{GOOD}", &format!("{header}\r\n"));
        cases.push(case("C26", sent, "400", "unrelated"));
    }
    cases.push(case(
        "C31",
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}",
        "closed",
        "tls",
    ));
    cases.push(case("C31", "\u{5}\u{1}\0", "400", "unrelated"));
    cases.push(case(
        "C31",
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "400",
        "unrelated",
    ));
    cases.push(case("C31", "\0".repeat(1_000_000), "400", "unrelated"));
    cases.push(case("C31", "G", "closed", ""));
    let line = format!("A: {}\r\n", "a".repeat(1_000_000));
    let many = "A: b\r\n".repeat(100_000);
    let few = "A: b\r\n".repeat(101);
    for large in [line, many, few] {
        let sent = get_with("/callback?{GOOD}", &large);
        cases.push(case("C32", sent, "431", "unrelated"));
    }
    for bad in [
        "A: b\r\n folded\r\n",
        "A: b\n",
        "A: b\0c\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0\r\nContent-Length: 0\r\n",
        "Transfer-Encoding: chunked\r\n",
    ] {
        let sent = get_with("/callback?{GOOD}", bad);
        cases.push(case("C32", sent, "400", "unrelated"));
    }
    for cookie in [
        "",
        "Cookie: valetkey-{P}=AAAA\r\n",
        "Cookie: valetkey-{P}=\r\n",
    ] {
        let sent =
            format!("GET /callback?{{GOOD}} HTTP/1.1\r\nHost: 127.0.0.1:{{P}}\r\n{cookie}\r\n");
        cases.push(case("C35", sent, "400", "other-browser"));
    }
    cases
}

/// The state with one letter in the other case.
fn recased(state: &str) -> String {
    let at = state
        .find(|c: char| c.is_ascii_alphabetic())
        .expect("a letter");
    let mut bytes = state.as_bytes().to_vec();
    bytes[at] ^= 0x20;
    String::from_utf8(bytes).expect("ASCII")
}

/// The state with its first letter's lowest bit changed, as far as the alphabet allows.
fn bent(state: &str) -> String {
    let first = if state.starts_with('A') { "B" } else { "A" };
    format!("{first}{}", &state[1..])
}

#[tokio::test]
async fn f_01_what_is_not_the_answer_changes_nothing_and_is_told() {
    let stage = Stage::new().await;
    let finished = stage.begin();
    let approved = stage.approve().await;
    let old = approved.parameter("state");
    off(move || approved.deliver(&approved.callback)).await;
    finished.outcome().await.expect("signed in");
    let second = stage.another("second").await;
    let waiting = stage
        .engine
        .sign_in(&second, valetkey::engine::SignInOptions::default());
    let waiting = waiting.expect("begun");
    let other = stage.approve().await.parameter("state");
    stage.sandbox.clear_requests();
    let before = stage.kept();

    let attempt = stage.begin();
    let approved = stage.approve().await;
    let port = port_of(&approved.callback);
    let (code, ours) = (approved.parameter("code"), approved.parameter("state"));
    let fill = |text: &str| {
        text.replace("{P}", &port.to_string())
            .replace("{GOOD}", &query_of(&approved))
            .replace("{COOKIE}", &format!("Cookie: {}\r\n", approved.cookie))
            .replace("{CODE}", &code)
            .replace("{STATE}", &ours)
            .replace("{ISS}", &format!("iss={}", approved.parameter("iss")))
            .replace("{OTHER}", &other)
            .replace("{OLD}", &old)
            .replace("{CASE}", &recased(&ours))
            .replace("{BIT}", &bent(&ours))
            .replace("{CUT}", &ours[..ours.len() - 1])
    };
    stage.told();
    let mut wrong = String::new();
    for case in [queries(), places(), headers()].concat() {
        let request = fill(&case.request);
        let sent = request.clone();
        let page = off(move || exchange(port, sent.as_bytes())).await;
        let told = if case.told.is_empty() {
            ""
        } else {
            advice::ignored(&stage.ignored().await).0
        };
        let lower = page.to_ascii_lowercase();
        let quiet = !lower.contains("access-control-") && !lower.contains("<script");
        if (status(&page), told, quiet) != (case.status, case.told, true) {
            let start: String = request.chars().take(120).collect();
            let _ = writeln!(
                wrong,
                "{}: {} {told} for {start:?}",
                case.row,
                status(&page)
            );
        }
        assert!(stage.kept() == before, "{}: the vault changed", case.row);
    }
    assert_eq!(wrong, "");
    assert!(stage.sandbox.requests_to("/token").is_empty());
    let page = off(move || approved.deliver(&approved.callback)).await;
    assert_eq!(page.status, 200);
    attempt.outcome().await.expect("signed in");
    assert_eq!(stage.sandbox.requests_to("/token").len(), 1);
    waiting.remote.cancel();
    let _ = waiting.outcome().await;
}
