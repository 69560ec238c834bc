use crate::model::{Connection, IssPolicy};
use crate::oauth::fixtures::{ISSUER, connection, flow, flow_of, with_quirks};
use crate::oauth::{AuthorizationErrorCode, CallbackVerdict, Flow, IgnoreReason};

/// The verdict as a text that a table can hold. `STATE` stands for the right state.
fn verdict(flow: &Flow, query: &str) -> String {
    match flow.check_callback(&query.replace("STATE", flow.state.reveal())) {
        CallbackVerdict::Code(approval) => format!("code {}", approval.code.reveal()),
        CallbackVerdict::Refused(error) => format!("refused {:?}", error.code),
        CallbackVerdict::WrongIssuer { expected, got } => {
            format!(
                "issuer {expected} {}",
                got.map_or("-".into(), |got| got.raw().to_owned())
            )
        }
        CallbackVerdict::Ignored(reason) => reason.as_str().to_owned(),
    }
}

#[test]
fn c1_the_true_answer_gives_its_code() {
    assert_eq!(verdict(&flow(), "code=abc&state=STATE"), "code abc");
    assert_eq!(verdict(&flow(), "state=STATE&code=a+b%2B"), "code a b+");
}

#[test]
fn a_08_unknown_and_empty_parameters_are_ignored() {
    let query = "code=abc&authuser=0&prompt=&session_state=x&session_state=y&state=STATE&error=&&";
    assert_eq!(verdict(&flow(), query), "code abc");
}

#[test]
fn f_09_malformed_answers_are_ignored() {
    let long = format!("code={}&state=STATE", "x".repeat(16 * 1024 + 1));
    for query in [
        "code=a&code=a&state=STATE",
        "code=a&code=b&state=STATE",
        "code=&code=b&state=STATE",
        "code=a&state=STATE&state=STATE",
        "code=a&state=x&state=STATE",
        "error=a&error=b&state=STATE",
        "code=a&state=STATE&iss=https://as.example&iss=https://as.example",
        "code=a&state=STATE&iss=",
        "code=a&error=access_denied&state=STATE",
        "code=%zz&state=STATE",
        "code=a&state=STATE&x=%",
        "code=%u0041&state=STATE",
        "code=%c0%af&state=STATE",
        "code=%ed%a0%80&state=STATE",
        "code=a%00&state=STATE",
        "code=a%0d%0ab&state=STATE",
        "code=%c3%a9&state=STATE",
        "code=\u{e9}&state=STATE",
        "error=a%22b&state=STATE",
        "error=%1b[2J&state=STATE",
        &long,
    ] {
        assert_eq!(verdict(&flow(), query), "malformed", "{query}");
    }
    let legal = "x".repeat(12 * 1024);
    assert_eq!(
        verdict(&flow(), &format!("code={legal}&state=STATE")),
        format!("code {legal}")
    );
}

#[test]
fn f_10_wrong_state_is_ignored() {
    let right = flow().state.reveal().to_owned();
    let changed = format!("B{}", &right[1..]);
    for state in [
        changed.as_str(),
        &right[..42],
        &format!("{right}A"),
        &right.to_uppercase(),
        &format!("+{right}"),
        &format!("{right}+"),
        "x",
    ] {
        assert_eq!(
            verdict(&flow(), &format!("code=a&state={state}")),
            "wrong-state",
            "{state}"
        );
        assert_eq!(
            verdict(&flow(), &format!("error=access_denied&state={state}")),
            "wrong-state"
        );
    }
    for query in ["code=a", "code=a&state=", "x=y"] {
        assert_eq!(verdict(&flow(), query), "missing-state", "{query}");
    }
    let mut other = flow();
    other.state = crate::model::Secret::new("B".repeat(43));
    let foreign = format!("code=a&state={}", other.state.reveal());
    assert_eq!(verdict(&flow(), &foreign), "wrong-state");
}

#[test]
fn c5_c12_an_answer_without_a_code_is_ignored() {
    assert_eq!(verdict(&flow(), "state=STATE"), "missing-code");
    assert_eq!(verdict(&flow(), "code=&state=STATE"), "missing-code");
    assert_eq!(verdict(&flow(), ""), "fragment-answer");
}

#[test]
fn c17_an_error_without_state_proves_nothing() {
    assert_eq!(verdict(&flow(), "error=access_denied"), "unproven-error");
    assert_eq!(
        verdict(&flow(), "error=access_denied&state="),
        "unproven-error"
    );
}

#[test]
fn a_06_each_registered_error_has_its_own_code() {
    for (text, code) in [
        ("invalid_request", AuthorizationErrorCode::InvalidRequest),
        (
            "unauthorized_client",
            AuthorizationErrorCode::UnauthorizedClient,
        ),
        ("access_denied", AuthorizationErrorCode::AccessDenied),
        (
            "unsupported_response_type",
            AuthorizationErrorCode::UnsupportedResponseType,
        ),
        ("invalid_scope", AuthorizationErrorCode::InvalidScope),
        ("server_error", AuthorizationErrorCode::ServerError),
        (
            "temporarily_unavailable",
            AuthorizationErrorCode::TemporarilyUnavailable,
        ),
    ] {
        let query = format!("error={text}&state=STATE");
        assert_eq!(verdict(&flow(), &query), format!("refused {code:?}"));
    }
    for text in ["login_required", "ACCESS_DENIED", "<script>"] {
        let query = format!("error={text}&state=STATE");
        assert_eq!(
            verdict(&flow(), &query),
            format!("refused Unknown({text:?})")
        );
    }
}

#[test]
fn c18_a_genuine_errors_text_is_kept_and_neutralised() {
    let flow = flow();
    let long = "x".repeat(1_000_000);
    let query = format!(
        "error=server_error&error_description=%1b[2J%E2%80%AE{long}&error_uri=javascript:x&state={}",
        flow.state.reveal()
    );
    let CallbackVerdict::Refused(error) = flow.check_callback(&query) else {
        panic!("not refused");
    };
    let description = error.description.expect("description");
    assert!(description.raw().chars().count() <= 2000);
    assert!(description.shown().as_str().starts_with("␛[2J⟨U+202E⟩xxx"));
    assert_eq!(error.uri.expect("uri").raw(), "javascript:x");
}

fn with_issuer(policy: IssPolicy) -> Connection {
    let mut connection = connection();
    connection.provider.iss = policy;
    connection
}

#[test]
fn g_02_the_four_cases_of_iss() {
    let advertised = flow_of(with_issuer(IssPolicy::Advertised));
    let silent = flow_of(with_issuer(IssPolicy::NotAdvertised));
    let right = format!("code=a&state=STATE&iss={ISSUER}");
    assert_eq!(verdict(&advertised, &right), "code a");
    assert_eq!(verdict(&silent, &right), "code a");
    assert_eq!(verdict(&silent, "code=a&state=STATE"), "code a");
    assert_eq!(
        verdict(&advertised, "code=a&state=STATE"),
        format!("issuer {ISSUER} -")
    );
    for flow in [&advertised, &silent] {
        let wrong = "code=a&state=STATE&iss=https://evil.example";
        assert_eq!(
            verdict(flow, wrong),
            format!("issuer {ISSUER} https://evil.example")
        );
    }
}

#[test]
fn g_03_iss_is_compared_as_a_plain_string() {
    for got in [
        "https://as.example/",
        "HTTPS://as.example",
        "https://AS.example",
        "https://as.example:443",
        "https://as.example.",
        "https://as.exampl%65",
        "http://as.example",
        "https://as.example?",
        "https://as.example#",
        "+https://as.example",
        "https://as.example+",
        "https%3A%2F%2Fas.example%2F",
    ] {
        let query = format!("code=a&state=STATE&iss={got}");
        // `%65` decodes to `e` once, as a form does; only then is it the same string.
        let same = got.contains("%65");
        assert_eq!(
            verdict(&flow(), &query).starts_with("issuer"),
            !same,
            "{got}"
        );
    }
    let encoded = "code=a&state=STATE&iss=https%3A%2F%2Fas.example";
    assert_eq!(verdict(&flow(), encoded), "code a");
    let twice = "code=a&state=STATE&iss=https%253A%252F%252Fas.example";
    assert!(verdict(&flow(), twice).starts_with("issuer"));
}

#[test]
fn g_04_a_foreign_issuers_error_is_withheld() {
    let query = "error=access_denied&error_description=evil&state=STATE&iss=https://evil.example";
    let text = verdict(&flow(), query);
    assert_eq!(text, format!("issuer {ISSUER} https://evil.example"));
    let advertised = flow_of(with_issuer(IssPolicy::Advertised));
    assert_eq!(
        verdict(&advertised, "error=access_denied&state=STATE"),
        format!("issuer {ISSUER} -")
    );
}

#[test]
fn f_01_state_is_judged_before_iss_and_iss_before_the_error() {
    let query = "error=access_denied&state=x&iss=https://evil.example";
    assert_eq!(verdict(&flow(), query), "wrong-state");
    let query = "code=a&code=b&state=x&iss=https://evil.example";
    assert_eq!(verdict(&flow(), query), "malformed");
}

#[test]
fn every_reason_has_a_word() {
    assert_eq!(IgnoreReason::MissingCode.as_str(), "missing-code");
}

proptest::proptest! {
    #[test]
    fn f_09_no_query_makes_it_panic_or_settle(query: String, built in "(code|state|error|iss|=|&|%4|x){0,12}") {
        for query in [query, built] {
            let verdict = flow().check_callback(&query);
            proptest::prop_assert!(matches!(verdict, CallbackVerdict::Ignored(_)));
        }
    }
}

#[test]
fn i_09_the_scopes_beside_a_code_count_only_under_their_quirk() {
    let granted = |flow: &Flow, query: &str| {
        let query = format!("{query}&state={}", flow.state.reveal());
        match flow.check_callback(&query) {
            CallbackVerdict::Code(approval) => approval.granted.map(|set| set.to_string()),
            CallbackVerdict::Ignored(reason) => Some(reason.as_str().to_owned()),
            _ => panic!("neither code nor ignored"),
        }
    };
    let quirk = flow_of(with_quirks(&["scope-in-callback"]));
    let said = |text: &str| Some(text.to_owned());
    assert_eq!(
        granted(&quirk, "code=c&scope=read,activity:read"),
        said("read activity:read")
    );
    assert_eq!(granted(&quirk, "code=c"), None);
    assert_eq!(granted(&quirk, "code=c&scope=a&scope=b"), said("malformed"));
    assert_eq!(granted(&quirk, "code=c&scope=a%22b"), said("malformed"));
    assert_eq!(granted(&flow(), "code=c&scope=read"), None);
    assert_eq!(granted(&flow(), "code=c&scope=a&scope=b"), None);
}
