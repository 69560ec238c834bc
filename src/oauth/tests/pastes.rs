use crate::model::Secret;
use crate::oauth::fixtures::{flow, secret};
use crate::oauth::{CallbackVerdict, Flow, PasteVerdict};

fn verdict_of(flow: &Flow, text: &str) -> String {
    let text = text.replace("STATE", flow.state.reveal());
    match flow.check_paste(&Secret::new(text)) {
        PasteVerdict::Verdict(CallbackVerdict::Code(approval)) => {
            format!("code {}", approval.code.reveal())
        }
        PasteVerdict::Verdict(CallbackVerdict::Refused(error)) => {
            format!("refused {:?}", error.code)
        }
        PasteVerdict::Verdict(CallbackVerdict::WrongIssuer { .. }) => "issuer".to_owned(),
        PasteVerdict::Verdict(CallbackVerdict::Ignored(reason)) => reason.as_str().to_owned(),
        PasteVerdict::NotAnAddress => "not-an-address".to_owned(),
        PasteVerdict::BareCode => "bare-code".to_owned(),
        PasteVerdict::OtherAddress => "other-address".to_owned(),
        PasteVerdict::AuthorizationAddress => "authorization-address".to_owned(),
        PasteVerdict::DoubleEncoded => "double-encoded".to_owned(),
        PasteVerdict::LooksLikeAToken => "token".to_owned(),
        PasteVerdict::TooLong => "too-long".to_owned(),
    }
}

fn verdict(text: &str) -> String {
    verdict_of(&flow(), text)
}

const WHOLE: &str = "http://127.0.0.1:8765/callback?code=abc&state=STATE";

#[test]
fn e1_e2_the_whole_address_is_found_among_its_wrappings() {
    for text in [
        WHOLE.to_owned(),
        format!("\"{WHOLE}\""),
        format!("'{WHOLE}'"),
        format!("<{WHOLE}>"),
        format!("  \t{WHOLE}.\r\n"),
        format!("“{WHOLE}”,"),
        format!("({WHOLE})"),
    ] {
        assert_eq!(verdict(&text), "code abc", "{text}");
    }
}

#[test]
fn e3_terminal_wraps_are_removed() {
    let flow = flow();
    let whole = WHOLE.replace("STATE", flow.state.reveal());
    let wrapped: Vec<String> = whole
        .as_bytes()
        .chunks(16)
        .map(|piece| format!("{}  ", String::from_utf8_lossy(piece)))
        .collect();
    assert!(wrapped.len() >= 6);
    assert_eq!(verdict_of(&flow, &wrapped.join("\r\n")), "code abc");
}

#[test]
fn e4_a_query_alone_will_do() {
    for text in [
        "code=abc&state=STATE",
        "?code=abc&state=STATE",
        "state=STATE&code=abc",
    ] {
        assert_eq!(verdict(text), "code abc", "{text}");
    }
}

#[test]
fn e5_a_fragment_is_cut_off() {
    for end in ["#_=_", "#"] {
        assert_eq!(verdict(&format!("{WHOLE}{end}")), "code abc");
    }
    let fragment = "http://127.0.0.1:8765/callback#access_token=x&state=STATE";
    assert_eq!(verdict(fragment), "fragment-answer");
}

#[test]
fn e6_another_address_is_refused() {
    for place in [
        "http://127.0.0.1:8766/callback",
        "http://localhost:8765/callback",
        "http://127.0.0.1:8765/callback/",
        "http://127.0.0.1:8765/CALLBACK",
        "http://127.0.0.1:8765/x/../callback",
        "https://evil.example/callback",
        "http://127.0.0.1:8765@evil.example/callback",
    ] {
        assert_eq!(
            verdict(&format!("{place}?code=abc&state=STATE")),
            "other-address",
            "{place}"
        );
    }
}

#[test]
fn e7_the_scheme_a_browser_shows_does_not_matter() {
    for start in ["https://", "HTTP://", ""] {
        let text = format!("{start}127.0.0.1:8765/callback?code=abc&state=STATE");
        assert_eq!(verdict(&text), "code abc", "{text}");
    }
}

#[test]
fn a_redirect_without_a_path_comes_back_with_one() {
    let mut flow = flow();
    flow.redirect_uri = "http://127.0.0.1:8765".to_owned();
    assert_eq!(
        verdict_of(&flow, "http://127.0.0.1:8765/?code=abc&state=STATE"),
        "code abc"
    );
}

#[test]
fn behind_a_relay_either_address_will_do() {
    let mut connection = crate::oauth::fixtures::connection();
    connection.registration.redirect =
        crate::model::RedirectUri::parse("https://relay.example/valetkey/").expect("a relay");
    let mut flow = crate::oauth::fixtures::flow_of(connection);
    flow.redirect_uri = "https://relay.example/valetkey/".to_owned();
    let flow = flow.relayed_to(41873);
    let state = flow.state.reveal();
    assert_eq!((state.len(), &state[43..]), (49, ".41873"));
    let sent = flow.authorization_url().expect("address");
    assert!(
        sent.reveal()
            .contains("redirect_uri=https%3A%2F%2Frelay.example%2Fvaletkey%2F")
    );
    for place in [
        "https://relay.example/valetkey/",
        "http://127.0.0.1:41873/callback",
    ] {
        let text = format!("{place}?code=abc&state=STATE");
        assert_eq!(verdict_of(&flow, &text), "code abc", "{place}");
    }
    for place in ["https://relay.example/", "http://127.0.0.1:41874/callback"] {
        let text = format!("{place}?code=abc&state=STATE");
        assert_eq!(verdict_of(&flow, &text), "other-address", "{place}");
    }
    let cut = format!(
        "https://relay.example/valetkey/?code=abc&state={}",
        &state[..43]
    );
    assert_eq!(verdict_of(&flow, &cut), "wrong-state");
}

#[test]
fn e8_e10_state_iss_and_errors_are_checked_as_in_a_callback() {
    let place = "http://127.0.0.1:8765/callback";
    assert_eq!(
        verdict(&format!("{place}?code=abc&state=old")),
        "wrong-state"
    );
    assert_eq!(verdict(&format!("{place}?code=abc")), "missing-state");
    assert_eq!(
        verdict(&format!("{WHOLE}&iss=https://evil.example")),
        "issuer"
    );
    assert_eq!(
        verdict(&format!("{place}?error=access_denied&state=STATE")),
        "refused AccessDenied"
    );
}

#[test]
fn e9_the_first_address_is_recognised() {
    let flow = flow();
    let first = flow.authorization_url().expect("address");
    assert_eq!(verdict_of(&flow, first.reveal()), "authorization-address");
    let login = "https://login.example/x?client_id=c&response_type=code";
    assert_eq!(verdict(login), "authorization-address");
}

#[test]
fn e11_z_04_a_bare_code_is_refused() {
    for text in ["abc123", " 4/0AbCd-EfG ", "abc#state"] {
        assert_eq!(verdict(text), "bare-code", "{text}");
    }
}

#[test]
fn e12_an_encoded_query_is_named() {
    for text in [
        "http://127.0.0.1:8765/callback?code%3Dabc%26state%3DSTATE",
        "http%3A%2F%2F127.0.0.1%3A8765%2Fcallback%3Fcode%3Dabc%26state%3DSTATE",
    ] {
        assert_eq!(verdict(text), "double-encoded", "{text}");
    }
}

#[test]
fn e13_junk_is_refused() {
    for text in [
        "",
        "   ",
        "hello world",
        "日本語",
        "\u{1b}[201~",
        "code\u{0}",
    ] {
        assert_eq!(verdict(text), "not-an-address", "{text:?}");
    }
    assert_eq!(verdict(&format!("{WHOLE}\u{1b}[201~")), "not-an-address");
    assert_eq!(verdict(&"x".repeat(5_000_000)), "too-long");
}

#[test]
fn e14_a_token_is_recognised() {
    for text in [
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "github_pat_11ABC",
        "glpat-xyz",
        "xoxb-1-2-3",
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
    ] {
        assert_eq!(verdict(text), "token", "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn z_03_no_paste_makes_it_panic_or_gives_a_code(text: String, built in "(http://|127.0.0.1:8765/callback|\\?|code=|&|state=|#|%3D|é| ){0,10}") {
        for text in [text, built] {
            let verdict = flow().check_paste(&secret(&text));
            let settled = matches!(verdict, PasteVerdict::Verdict(CallbackVerdict::Code(_) | CallbackVerdict::Refused(_)));
            proptest::prop_assert!(!settled);
        }
    }
}
