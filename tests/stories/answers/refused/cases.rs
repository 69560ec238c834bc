//! The answers, row by row.

use std::fmt::Write as _;
use std::process::Command;

use super::{Case, body, case};

const GOOD: &str = r#"{"access_token":"at","token_type":"Bearer"}"#;

/// Not one JSON object in UTF-8.
pub(super) fn texts() -> Vec<Case> {
    let utf16: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&b"\xff\xfe"[..], &utf16].concat();
    let latin1 = b"{\"access_token\":\"at\",\"token_type\":\"Bearer\",\"x\":\"\xe9\"}";
    let deep = GOOD.replace('}', &format!(",\"x\":{}}}", "[".repeat(100_000)));
    let mut many = GOOD.replace('}', "");
    for member in 0..1_000_000 {
        // Writing to a string cannot fail.
        let _ = write!(many, ",\"{member}\":0");
    }
    many.push('}');
    vec![
        case("A1", body(""), "the answer is empty"),
        case("A1", body(" \r\n"), "the answer is empty"),
        case("A2", "token_body=[]", "it is not a JSON object"),
        case("A2", "token_body=\"x\"", "it is not a JSON object"),
        case("A2", "token_body=null", "it is not a JSON object"),
        case("A2", "token_body=42", "it is not a JSON object"),
        case("A3", body(format!("{GOOD}x")), "something follows after"),
        case("A3", body(GOOD.repeat(2)), "something follows after"),
        case("A4", body(format!("\u{feff}{GOOD}")), "a byte order mark"),
        case("A5", body(utf16), "it is not UTF-8 text"),
        case("A5", body(marked), "it is not UTF-8 text"),
        case("A5", body(latin1), "it is not UTF-8 text"),
        case(
            "A9",
            "token_duplicate=access_token",
            "a member occurs twice",
        ),
        case("A45", body(deep), "it is nested too deeply"),
        case("A45", body(many), "sent more than fits"),
    ]
}

/// Members that are missing or make no sense.
pub(super) fn members() -> Vec<Case> {
    let mut cases = vec![
        case("A6", "token.access_token=absent", "access_token is missing"),
        case(
            "A6",
            "token.access_token=null",
            "access_token has the wrong type",
        ),
        case(
            "A6",
            "token.access_token=7",
            "access_token has the wrong type",
        ),
        case(
            "A6",
            "token.access_token=[\"x\"]",
            "access_token has the wrong type",
        ),
        case("A6", "token.access_token=text:", "access_token is empty"),
        case(
            "A8",
            format!("token.access_token={}", "x".repeat(64 * 1024 + 1)),
            "access_token is longer than 65536 characters",
        ),
        case("A10", "token_type=absent", "token_type is missing"),
        case(
            "A12",
            "token_type=mac",
            "of type mac, which is not supported",
        )
        .error(),
        case(
            "A12",
            "token_type=N_A",
            "of type N_A, which is not supported",
        )
        .error(),
        case("A12", "token_type=text:", "token_type is empty"),
        case(
            "A12",
            "token_type=[\"Bearer\"]",
            "of type [\"Bearer\"], which is not supported",
        )
        .error(),
        case("A21", "scope=[\"profile\"]", "scope has the wrong type"),
        case(
            "A23",
            format!("scope={}", "s ".repeat(32 * 1024 + 1)),
            "scope is longer than 65536 characters",
        ),
        case("A24", "refresh_token=7", "refresh_token has the wrong type"),
        case(
            "A24",
            "refresh_token=[]",
            "refresh_token has the wrong type",
        ),
    ];
    for token in [
        r#""a b""#,
        r#""a\tb""#,
        r#""a\nb""#,
        r#""a\rb""#,
        r#""a\u0000b""#,
        r#""a\u007fb""#,
        r#""😀""#,
    ] {
        let switch = format!("token.access_token={token}");
        cases.push(case(
            "A7",
            switch,
            "access_token has characters that are not allowed",
        ));
    }
    for scope in [
        r#""profile  items:read""#,
        r#"" profile""#,
        r#""profile\titems:read""#,
        r#""profile\"""#,
    ] {
        let switch = format!("scope={scope}");
        cases.push(case(
            "A21",
            switch,
            "scope has characters that are not allowed",
        ));
    }
    cases
}

/// Refusals, and statuses that spoil what is below them.
pub(super) fn statuses() -> Vec<Case> {
    let no_object = "token_body={\"ok\":false}";
    let mut cases = vec![
        case(
            "A28",
            "token_error_in_200=bad_verification_code",
            "refused it (bad_verification_code)",
        )
        .error(),
        case("A29", "token_shape=ok_false", "refused it (invalid_code)").error(),
        case("A29", no_object, "access_token is missing"),
        case(
            "A30",
            "token_shape=form",
            "answered with application/x-www-form-urlencoded instead of JSON",
        )
        .error(),
        case("A31", "token_unavailable=200", "Perhaps a captive portal"),
        case(
            "A31",
            "token_content_type=text/html",
            "Perhaps a captive portal",
        ),
        case("A32", "token_status=201", "answered with status 201").error(),
        case("A32", "token_status=204", "answered with status 204").error(),
        case("A32", "token_status=206", "answered with status 206").error(),
        case(
            "A34",
            (body(""), "token_status=400"),
            "answered with status 400 and no explanation",
        )
        .error(),
        case(
            "A34",
            "token_unavailable=400",
            "sent a web page instead of OAuth data",
        ),
        case(
            "A34",
            ["token_body=[]", "token_status=400"],
            "answered with status 400 and no explanation",
        )
        .error(),
        case(
            "A39",
            "token_error=authorization_pending",
            "refused it (authorization_pending)",
        )
        .error(),
        case(
            "A40",
            ["token_unavailable=429", "retry_after=-5"],
            "did not accept another request now. {KEPT}",
        ),
        case(
            "A40",
            [
                "token_unavailable=429",
                "retry_after=Fri, 01 Jan 1999 00:00:00 GMT",
            ],
            "did not accept another request now. {KEPT}",
        ),
        case(
            "A40",
            ["token_unavailable=429", "retry_after=1000000000"],
            "It asks to wait 1 hour.",
        ),
        case(
            "A40",
            ["token_unavailable=403", "retry_after=120"],
            "It asks to wait 2 minutes.",
        ),
        case(
            "A40",
            "token_unavailable=403",
            "sent a web page instead of OAuth data",
        ),
        case("A41", "token_status=500", "is in trouble (status 500)"),
    ];
    for status in [301, 302, 303, 307, 308] {
        for to in [
            "{HERE}/elsewhere",
            "https://evil.example/token",
            "http://127.0.0.1:9/callback",
            "file:///etc/passwd",
        ] {
            let switch = format!("token_redirect={status}:{to}");
            cases.push(case("A33", switch, "with a redirect to").error());
        }
    }
    cases
}

/// What HTTP itself carries.
pub(super) fn transport() -> Vec<Case> {
    let packed = "No usable answer came from";
    vec![
        case("A42", "token_length=+5", "the connection was closed early").lost(),
        case("A42", "token_length=-5", "it is not JSON"),
        case(
            "A44",
            (body(bomb()), "token_header=Content-Encoding: gzip"),
            "sent more than fits",
        ),
        case(
            "A44",
            "token_header=Content-Encoding: br",
            "is packed as `br`",
        ),
        case(
            "A44",
            "token_header=Content-Encoding: x-secret",
            "is packed as `x-secret`",
        ),
        case(
            "A44",
            (body(bomb()), "token_header=Content-Encoding: gzip, gzip"),
            "is packed as `gzip, gzip`",
        ),
        case("A44", "token_header=Content-Encoding: gzip", packed).lost(),
        case(
            "A46",
            "token_header=Content-Type: text/plain",
            "headers contradict each other",
        ),
        case(
            "A46",
            "token_header=Content-Type: application/json",
            "headers contradict each other",
        ),
        case(
            "A46",
            format!("token_header=X-Long: {}", "x".repeat(1_000_000)),
            "the answer was not proper HTTP",
        )
        .lost(),
        case(
            "A46",
            "token_header=X-Bare: a\rb",
            "the answer was not proper HTTP",
        )
        .lost(),
    ]
}

/// A gzip stream of 4 MiB of zeros, made by the system's own gzip.
fn bomb() -> Vec<u8> {
    let made = Command::new("sh")
        .args(["-c", "head -c 4194304 /dev/zero | gzip -c"])
        .output()
        .expect("sh and gzip");
    assert!(made.stdout.len() < 64 * 1024);
    made.stdout
}
