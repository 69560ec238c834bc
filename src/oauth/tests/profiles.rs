use crate::model::{AccountSource, TestMethod, TestRead};
use crate::oauth::fixtures::{answer, json, url};
use crate::oauth::{AccountProblem, TestVerdict, account_from_test, account_from_userinfo};

#[test]
fn r_11_the_profile_must_be_the_identity_tokens_user() {
    let profile = json(
        200,
        r#"{"sub":"248","email":"ada@example.com","name":"Ada"}"#,
    );
    let account = account_from_userinfo(&profile, Some("248"))
        .expect("good")
        .expect("account");
    assert_eq!(account.label.raw(), "ada@example.com");
    assert_eq!(account.id.expect("id").raw(), "248");
    assert_eq!(account.source, AccountSource::Userinfo);
    for other in ["249", "", "24"] {
        assert_eq!(
            account_from_userinfo(&profile, Some(other)),
            Err(AccountProblem::OtherSubject)
        );
    }
    let nameless = json(200, r#"{"email":"ada@example.com"}"#);
    assert_eq!(
        account_from_userinfo(&nameless, Some("248")),
        Err(AccountProblem::OtherSubject)
    );
    assert!(
        account_from_userinfo(&nameless, None)
            .expect("good")
            .is_some()
    );
    assert_eq!(account_from_userinfo(&json(200, "{}"), None), Ok(None));
    assert_eq!(
        account_from_userinfo(&json(401, r#"{"sub":"248"}"#), None),
        Err(AccountProblem::Status(401))
    );
    let twice = json(200, r#"{"sub":"248","sub":"249"}"#);
    assert!(matches!(
        account_from_userinfo(&twice, Some("249")),
        Err(AccountProblem::NotJson(_))
    ));
}

fn test_read(method: TestMethod) -> TestRead {
    TestRead {
        method,
        url: url("https://api.example/me"),
        headers: Vec::new(),
        account_label: vec!["/user/email".to_owned(), "/user/login".to_owned()],
        account_id: Some("/user/id".to_owned()),
        success: None,
    }
}

#[test]
fn c_09_the_account_and_a_few_safe_lines_come_from_the_test() {
    let body = r#"{"user":{"login":"ada\u001b[2J","id":583231,"email":""}}"#;
    let TestVerdict::Ok {
        status,
        account,
        lines,
    } = account_from_test(&test_read(TestMethod::Get), &json(200, body))
    else {
        panic!("refused");
    };
    let account = account.expect("account");
    assert_eq!(status, 200);
    assert_eq!(account.label.shown().as_str(), "ada␛[2J");
    assert_eq!(account.id.expect("id").raw(), "583231");
    assert!(lines.iter().any(|line| line.as_str().contains("login: ")));
    assert!(lines.iter().all(|line| !line.as_str().contains('\u{1b}')));
}

#[test]
fn c_09_hostile_bodies_are_cut_and_neutralised() {
    let long = "\u{1b}]0;x\u{7}\n".repeat(100_000);
    let TestVerdict::Ok { lines, account, .. } = account_from_test(
        &test_read(TestMethod::Get),
        &answer(200, "text/plain", long),
    ) else {
        panic!("refused");
    };
    assert!(account.is_none());
    assert_eq!(lines.len(), 20);
    assert!(lines.iter().all(|line| line.as_str() == "␛]0;x␇"));
    let one_line = answer(200, "text/plain", "y".repeat(1_000_000));
    let TestVerdict::Ok { lines, .. } = account_from_test(&test_read(TestMethod::Get), &one_line)
    else {
        panic!("refused");
    };
    assert!(lines.len() == 1 && lines[0].as_str().len() < 500);
}

fn refusal(test: &TestRead, status: u16, body: &str) -> Option<String> {
    match account_from_test(test, &json(status, body)) {
        TestVerdict::Refused {
            status: got,
            reason,
            ..
        } => {
            assert_eq!(got, status);
            Some(
                reason
                    .map(|reason| reason.raw().to_owned())
                    .unwrap_or_default(),
            )
        }
        TestVerdict::Ok { .. } => None,
    }
}

#[test]
fn a_failed_test_says_why() {
    let get = test_read(TestMethod::Get);
    assert_eq!(
        refusal(&get, 401, r#"{"message":"Bad credentials"}"#).as_deref(),
        Some("Bad credentials")
    );
    assert_eq!(refusal(&get, 302, "").as_deref(), Some(""));
    let graphql = test_read(TestMethod::Post {
        body: "{}".to_owned(),
    });
    assert_eq!(
        refusal(&graphql, 200, r#"{"errors":[{"message":"no access"}]}"#).as_deref(),
        Some("no access")
    );
    assert_eq!(refusal(&graphql, 200, r#"{"data":{},"errors":[]}"#), None);
    let mut slack = test_read(TestMethod::Post {
        body: "{}".to_owned(),
    });
    slack.success = Some("/ok".to_owned());
    assert_eq!(
        refusal(&slack, 200, r#"{"ok":false,"error":"invalid_auth"}"#).as_deref(),
        Some("invalid_auth")
    );
    assert_eq!(
        refusal(&slack, 200, r#"{"ok":"true"}"#).as_deref(),
        Some("")
    );
    assert_eq!(refusal(&slack, 200, r#"{"ok":true}"#), None);
    let mut challenged = json(401, "");
    challenged.headers_mut().insert(
        "www-authenticate",
        http::HeaderValue::from_static("Bearer realm=\"x\", error=\"invalid_token\""),
    );
    let TestVerdict::Refused { reason, .. } = account_from_test(&get, &challenged) else {
        panic!("accepted");
    };
    assert_eq!(reason.expect("reason").raw(), "invalid_token");
}
