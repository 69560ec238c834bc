use crate::model::Seconds;
use crate::oauth::fixtures::{connection, json, with_quirks};
use crate::oauth::{
    AnswerError, DeviceAnswer, ErrorClass, MemberProblem, Note, PollVerdict, device_answer,
    poll_verdict,
};

/// A good answer in which some members were replaced; `null` as text removes one.
fn answer(changes: &[(&str, serde_json::Value)]) -> Result<DeviceAnswer, AnswerError> {
    let mut body = serde_json::json!({
        "device_code": "dc",
        "user_code": "WDJB-MJHT",
        "verification_uri": "https://as.example/activate",
        "expires_in": 900,
        "interval": 7,
    });
    for (name, value) in changes {
        if value == "remove" {
            body.as_object_mut().expect("object").remove(*name);
        } else {
            body[*name] = value.clone();
        }
    }
    device_answer(&connection(), &json(200, &body.to_string()))
}

fn good(changes: &[(&str, serde_json::Value)]) -> DeviceAnswer {
    answer(changes).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn k_10_a_plain_answer_is_read() {
    let answer = good(&[(
        "verification_uri_complete",
        "https://as.example/activate?c=WDJB-MJHT".into(),
    )]);
    assert_eq!(answer.device_code.reveal(), "dc");
    assert_eq!(answer.user_code.raw(), "WDJB-MJHT");
    assert_eq!(
        answer.verification_uri.as_str(),
        "https://as.example/activate"
    );
    assert!(answer.verification_uri_complete.is_some());
    assert_eq!(
        (answer.expires_in, answer.interval),
        (Seconds(900), Seconds(7))
    );
    assert!(!answer.foreign_host && answer.notes.is_empty());
}

#[test]
fn d1_the_interval_is_kept_within_reason() {
    for (value, expected, note) in [
        (serde_json::json!("remove"), 5, None),
        (serde_json::json!(null), 5, None),
        (serde_json::json!(0), 5, Some(Note::IntervalDefaulted)),
        (serde_json::json!(-1), 5, Some(Note::IntervalDefaulted)),
        (serde_json::json!("5"), 5, None),
        (serde_json::json!("x"), 5, Some(Note::IntervalDefaulted)),
        (serde_json::json!(60), 60, None),
        (serde_json::json!(61), 60, Some(Note::IntervalCut)),
        (serde_json::json!(1_000_000), 60, Some(Note::IntervalCut)),
    ] {
        let answer = good(&[("interval", value.clone())]);
        assert_eq!(answer.interval, Seconds(expected), "{value}");
        assert_eq!(
            answer.notes,
            note.into_iter().collect::<Vec<_>>(),
            "{value}"
        );
    }
}

#[test]
fn d2_the_lifetime_is_needed_and_capped() {
    for value in [
        "remove".into(),
        0.into(),
        (-1).into(),
        "soon".into(),
        serde_json::json!(null),
    ] {
        assert!(matches!(
            answer(&[("expires_in", value)]).err(),
            Some(AnswerError::Malformed {
                member: "expires_in",
                ..
            })
        ));
    }
    let long = good(&[("expires_in", 1_000_000_000.into())]);
    assert_eq!(long.expires_in, Seconds(1800));
    assert_eq!(long.notes, [Note::DeviceLifetimeCut]);
}

#[test]
fn d3_the_user_code_is_short_and_never_trusted() {
    for (value, problem) in [
        (serde_json::json!("remove"), MemberProblem::Missing),
        (serde_json::json!(""), MemberProblem::Empty),
        (serde_json::json!(5), MemberProblem::Type),
        (
            serde_json::json!("x".repeat(65)),
            MemberProblem::TooLong(64),
        ),
    ] {
        assert_eq!(
            answer(&[("user_code", value)]).err(),
            Some(AnswerError::Malformed {
                member: "user_code",
                problem
            })
        );
    }
    let hostile = good(&[("user_code", "A\u{1b}[2J\u{202e}B".into())]);
    assert_eq!(hostile.user_code.shown().as_str(), "A␛[2J⟨U+202E⟩B");
    assert!(answer(&[("device_code", "remove".into())]).is_err());
}

#[test]
fn d4_k_03_the_address_is_https_and_its_host_is_compared() {
    for address in [
        "http://as.example/activate".to_owned(),
        "javascript:alert(1)".to_owned(),
        "as.example/activate".to_owned(),
        "https://as.example/\u{1b}".to_owned(),
        format!("https://as.example/{}", "x".repeat(10_000)),
    ] {
        assert!(
            matches!(
                answer(&[("verification_uri", address.clone().into())]).err(),
                Some(AnswerError::Malformed {
                    member: "verification_uri",
                    ..
                })
            ),
            "{address}"
        );
    }
    let foreign = good(&[("verification_uri", "https://other.example/device".into())]);
    assert!(foreign.foreign_host);
    let port = good(&[("verification_uri", "https://as.example:8443/device".into())]);
    assert!(port.foreign_host);
}

#[test]
fn k_04_a_direct_address_elsewhere_is_dropped() {
    for direct in [
        serde_json::json!("https://evil.example/?c=x"),
        serde_json::json!("http://as.example/?c=x"),
        serde_json::json!(5),
    ] {
        let answer = good(&[("verification_uri_complete", direct)]);
        assert!(answer.verification_uri_complete.is_none());
        assert_eq!(answer.notes, [Note::DirectAddressDropped]);
    }
}

#[test]
fn the_name_from_before_the_standard_is_understood() {
    let answer = good(&[
        ("verification_uri", "remove".into()),
        ("verification_url", "https://as.example/device".into()),
    ]);
    assert_eq!(answer.notes, [Note::OldAddressName]);
}

fn verdict(status: u16, body: &str) -> String {
    match poll_verdict(&connection(), &json(status, body)) {
        PollVerdict::Granted(answer) => format!("granted {}", answer.access_token.reveal()),
        PollVerdict::Pending => "pending".to_owned(),
        PollVerdict::SlowDown => "slow down".to_owned(),
        PollVerdict::Denied => "denied".to_owned(),
        PollVerdict::Expired => "expired".to_owned(),
        PollVerdict::Failed(error) => format!("failed {:?}", error.class()),
    }
}

#[test]
fn d6_d8_k_06_each_poll_answer_has_its_meaning() {
    // GitHub sends these with 200 (D6).
    for status in [200, 400, 401] {
        for (code, expected) in [
            ("authorization_pending", "pending"),
            ("slow_down", "slow down"),
            ("access_denied", "denied"),
            ("authorization_declined", "denied"),
            ("expired_token", "expired"),
            ("policy_block", "failed Request"),
            ("invalid_client", "failed Configuration"),
        ] {
            let body = format!(r#"{{"error":"{code}"}}"#);
            assert_eq!(verdict(status, &body), expected, "{code} {status}");
        }
    }
    assert_eq!(
        verdict(200, r#"{"access_token":"at","token_type":"bearer"}"#),
        "granted at"
    );
    assert_eq!(verdict(503, ""), "failed Transient");
    assert_eq!(verdict(200, ""), "failed Transient");
    assert_eq!(verdict(200, "[]"), "failed Request");
}

#[test]
fn an_error_of_the_first_request_is_told() {
    let quirk = with_quirks(&["ok-false"]);
    let refused = device_answer(&quirk, &json(200, r#"{"error":"device_flow_disabled"}"#));
    let error = refused.err().expect("error");
    assert_eq!(error.provider_code(), Some("device_flow_disabled"));
    assert_eq!(error.class(), ErrorClass::Request);
}

proptest::proptest! {
    #[test]
    fn k_10_no_answer_makes_it_panic(body: Vec<u8>, code: String, address: String, span: f64) {
        let _ = device_answer(&connection(), &crate::oauth::fixtures::answer(200, "application/json", body));
        let _ = answer(&[
            ("user_code", code.into()),
            ("verification_uri", address.into()),
            ("expires_in", span.into()),
        ]);
    }
}
