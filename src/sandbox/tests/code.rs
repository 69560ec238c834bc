//! The authorization endpoint and the exchange of codes.

use super::*;
use crate::sandbox::ApprovalError;

#[tokio::test]
async fn a_04_the_redirect_address_is_compared_byte_for_byte() {
    let sandbox = sandbox(&[]).await;
    let url = authorization_url(&sandbox, "profile", &[]);
    let location = sandbox
        .approve(&url, &Approval::default())
        .expect("approved");
    let code = parameter(&location, "code").expect("a code");
    let redirect = format!("{CALLBACK}/");
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "valetkey-practice"),
        ("redirect_uri", redirect.as_str()),
        ("code", code.as_str()),
        ("code_verifier", VERIFIER),
    ];
    let answer = post(&sandbox, "/token", &form, "").await;
    assert_eq!(
        (answer.0, text(&json(&answer), "error")),
        (400, "invalid_grant")
    );
}

#[tokio::test]
async fn a_05_a_code_used_twice_ends_what_came_of_it() {
    let sandbox = sandbox(&[]).await;
    let url = authorization_url(&sandbox, "profile", &[]);
    let location = sandbox
        .approve(&url, &Approval::default())
        .expect("approved");
    let code = parameter(&location, "code").expect("a code");
    let tokens = json(&exchange(&sandbox, &code, VERIFIER).await);
    assert!(sandbox.accepts_access(text(&tokens, "access_token")));
    assert_eq!(exchange(&sandbox, &code, VERIFIER).await.0, 400);
    assert!(!sandbox.accepts_access(text(&tokens, "access_token")));
    assert!(sandbox.live_refresh_tokens().is_empty());
}

#[tokio::test]
async fn a_code_lives_a_minute() {
    let sandbox = sandbox(&[]).await;
    let url = authorization_url(&sandbox, "profile", &[]);
    let location = sandbox
        .approve(&url, &Approval::default())
        .expect("approved");
    sandbox.advance(60);
    let answer = exchange(
        &sandbox,
        &parameter(&location, "code").expect("a code"),
        VERIFIER,
    )
    .await;
    assert_eq!(text(&json(&answer), "error"), "invalid_grant");
}

#[tokio::test]
async fn d_01_a_wrong_verifier_is_refused_and_burns_the_code() {
    let sandbox = sandbox(&[]).await;
    let url = authorization_url(&sandbox, "profile", &[]);
    let location = sandbox
        .approve(&url, &Approval::default())
        .expect("approved");
    let code = parameter(&location, "code").expect("a code");
    let wrong = VERIFIER.replace('0', "1");
    let answer = exchange(&sandbox, &code, &wrong).await;
    assert_eq!(
        (answer.0, text(&json(&answer), "error")),
        (400, "invalid_grant")
    );
    assert_eq!(exchange(&sandbox, &code, VERIFIER).await.0, 400);
}

#[tokio::test]
async fn d_01_a_request_without_s256_goes_back_with_an_error() {
    let sandbox = sandbox(&[]).await;
    let good = authorization_url(&sandbox, "profile", &[]);
    for bad in [
        good.replace("S256", "plain"),
        good.replace("code_challenge_method", "x"),
    ] {
        let location = sandbox
            .approve(&bad, &Approval::default())
            .expect("answered");
        assert_eq!(
            parameter(&location, "error").as_deref(),
            Some("invalid_request")
        );
        assert_eq!(parameter(&location, "state").as_deref(), Some("state-1"));
    }
}

#[tokio::test]
async fn d_03_pkce_can_be_rejected_or_ignored() {
    let sandbox = sandbox(&["pkce=rejected"]).await;
    let url = authorization_url(&sandbox, "profile", &[]);
    let location = sandbox
        .approve(&url, &Approval::default())
        .expect("answered");
    assert_eq!(
        parameter(&location, "error").as_deref(),
        Some("invalid_request")
    );
    sandbox.set("pkce=ignored").expect("a switch");
    let location = sandbox
        .approve(&url, &Approval::default())
        .expect("approved");
    let code = parameter(&location, "code").expect("a code");
    assert_eq!(
        exchange(&sandbox, &code, &VERIFIER.replace('0', "1"))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn unknown_clients_and_foreign_redirects_are_never_sent_on() {
    let sandbox = sandbox(&[]).await;
    let good = authorization_url(&sandbox, "profile", &[]);
    let bad = [
        good.replace("valetkey-practice", "stranger"),
        good.replace("127.0.0.1%3A45454", "evil.example"),
        good.replace("%2Fcallback", "%2Felsewhere"),
        format!("{good}&client_id=valetkey-practice"),
    ];
    for url in bad {
        let answer = sandbox.approve(&url, &Approval::default());
        assert_eq!(answer, Err(ApprovalError::Refused(400)), "{url}");
    }
    let elsewhere = sandbox.approve("https://example.org/authorize", &Approval::default());
    assert_eq!(elsewhere, Err(ApprovalError::NotHere));
}

#[tokio::test]
async fn a_07_declining_and_ticking_nothing_are_access_denied() {
    let sandbox = sandbox(&[]).await;
    let url = authorization_url(&sandbox, "profile", &[]);
    let nothing = Approval {
        scopes: Some(vec![]),
        ..Approval::default()
    };
    for location in [sandbox.deny(&url), sandbox.approve(&url, &nothing)] {
        let location = location.expect("answered");
        assert_eq!(
            parameter(&location, "error").as_deref(),
            Some("access_denied")
        );
        assert_eq!(
            parameter(&location, "iss").as_deref(),
            Some(sandbox.issuer())
        );
    }
}

#[tokio::test]
async fn b_scopes_are_narrow_by_default_and_unknown_ones_are_refused() {
    let sandbox = sandbox(&[]).await;
    assert_eq!(text(&sign_in(&sandbox, "", &[]).await, "scope"), "profile");
    let url = authorization_url(&sandbox, "profile admin", &[]);
    let location = sandbox
        .approve(&url, &Approval::default())
        .expect("answered");
    assert_eq!(
        parameter(&location, "error").as_deref(),
        Some("invalid_scope")
    );
    sandbox
        .set("granted_scope=profile items:write")
        .expect("a switch");
    assert_eq!(
        text(&sign_in(&sandbox, "email", &[]).await, "scope"),
        "profile items:write"
    );
}

#[tokio::test]
async fn the_consent_can_be_shown_elsewhere_without_opening_a_request() {
    let sandbox = sandbox(&[]).await;
    let url = authorization_url(&sandbox, "profile email", &[]);
    let consent = sandbox.consent(&url).expect("valid");
    assert_eq!(consent.client, "Valetkey");
    assert_eq!(
        consent.scopes[1],
        ("email".to_owned(), "See your e-mail address")
    );
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn the_consent_page_has_no_script_and_closes_everything_else() {
    let sandbox = sandbox(&["client_name=<b>Evil</b>\"'"]).await;
    let url = authorization_url(&sandbox, "profile items:write", &[("login_hint", "bob")]);
    let target = &url[sandbox.url().len()..];
    let page = raw(
        &sandbox,
        &format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
    )
    .await;
    assert!(page.contains("&lt;b&gt;Evil&lt;/b&gt;&quot;&#39;") && !page.contains("<b>"));
    assert!(page.contains("value=\"bob\" checked") && !page.contains("value=\"ada\" checked"));
    assert!(page.contains("Practice.") && !page.contains("<script"));
    let (_, rest) = page.split_once("<style>").expect("a style");
    let (style, _) = rest.split_once("</style>").expect("a style");
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style));
    let policy = format!(
        "Content-Security-Policy: default-src 'none'; style-src 'sha256-{hash}'; form-action \
         'self' http://127.0.0.1:45454; base-uri 'none'; frame-ancestors 'none'\r\n"
    );
    assert!(page.contains(&policy), "{page}");
    sandbox.set("csp=self").expect("a switch");
    let page = raw(
        &sandbox,
        &format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
    )
    .await;
    assert!(page.contains("form-action 'self'; base-uri"));
}

#[tokio::test]
async fn g_the_answer_to_the_client_can_be_bent() {
    let sandbox = sandbox(&[]).await;
    let url = authorization_url(&sandbox, "profile", &[]);
    let answer = |switch: &str| {
        sandbox.set_behaviour(Behaviour::parse([switch]).expect("a switch"));
        sandbox
            .approve(&url, &Approval::default())
            .expect("answered")
    };
    assert_eq!(
        parameter(&answer("iss=correct"), "iss").as_deref(),
        Some(sandbox.issuer())
    );
    assert_eq!(parameter(&answer("iss=absent"), "iss"), None);
    let wrong = answer("iss=wrong");
    assert_eq!(
        parameter(&wrong, "iss").as_deref(),
        Some("https://issuer.example")
    );
    assert_eq!(
        parameter(&answer("state=other"), "state").as_deref(),
        Some("other")
    );
    assert_eq!(parameter(&answer("state=absent"), "state"), None);
    assert_eq!(
        parameter(&answer("callback.authuser=0"), "authuser").as_deref(),
        Some("0")
    );
    let error = answer("authorize_error=temporarily_unavailable");
    assert_eq!(
        parameter(&error, "error").as_deref(),
        Some("temporarily_unavailable")
    );
    assert_eq!(
        answer("callback_duplicate=state")
            .matches("state=state-1")
            .count(),
        2
    );
    assert!(answer("callback_fragment=on").starts_with(&format!("{CALLBACK}#code=")));
    let spaced = answer("code_prefix=a b+");
    assert!(spaced.contains("code=a+b%2Bsbx_code_"), "{spaced}");
    let code = parameter(&spaced, "code").expect("a code");
    assert_eq!(exchange(&sandbox, &code, VERIFIER).await.0, 200);
}
