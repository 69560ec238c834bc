//! What a provider says of a token (RFC 7662): asked for, read strictly, believed in nothing that is refused
//! here, and never at the price of sending the token to somebody unasked.

use valetkey::engine::{Class, Endpoint, Error, FailureKind, IntrospectionReport};
use valetkey::model::{ClientAuth, EndReason, EndpointUrl, Health, ScopeSet, Secret, UnixTime};
use valetkey::sandbox::{Options, Sandbox, Tls};

use crate::stage::{NAME, NOON, Stage};

async fn asked(stage: &Stage) -> Result<IntrospectionReport, Error> {
    stage.engine.introspect(NAME, None).await
}

fn health(stage: &Stage) -> Health {
    stage.engine.rows().expect("rows")[0].verdict.health
}

#[tokio::test]
async fn l_09_the_provider_is_asked_by_post_and_as_the_client_that_it_knows() {
    for (auth, client) in [
        (ClientAuth::None, "valetkey-practice"),
        (ClientAuth::Basic, "valetkey-confidential"),
        (ClientAuth::Post, "valetkey-confidential-post"),
    ] {
        let stage = Stage::with(|new| {
            new.client_id = client.to_owned();
            new.auth = auth;
            let secret = || Secret::new("practice-secret-not-real".to_owned());
            new.client_secret = (auth != ClientAuth::None).then(secret);
        })
        .await;
        stage.sign_in().await.expect("signed in");
        let before = stage.kept();
        let told = asked(&stage).await.expect("told");
        assert!(told.active && !told.contradictory, "{auth:?}");
        let scopes = ScopeSet::parse("profile items:read items:write").expect("scopes");
        assert_eq!(told.scopes, Some(scopes));
        assert_eq!(told.expires_at, Some(UnixTime(NOON + 3600)));
        let requests = stage.sandbox.requests_to("/introspect");
        let [request] = requests.as_slice() else {
            panic!("one request, not {}", requests.len());
        };
        assert_eq!(request.method, "POST");
        assert_eq!(request.form().get("token"), before.access.as_deref());
        assert_eq!(
            request.form().get("client_secret").is_some(),
            auth == ClientAuth::Post
        );
        assert!(request.query().get("token").is_none());
        assert!(stage.kept() == before, "nothing is kept of what it says");
        assert_eq!(health(&stage), Health::Untested);
    }
}

#[tokio::test]
async fn d16_active_is_a_boolean_or_the_answer_is_none() {
    let stage = Stage::signed_in().await;
    for (active, words) in [
        ("text:true", "active has the wrong type"),
        ("text:false", "active has the wrong type"),
        ("1", "active has the wrong type"),
        ("null", "active has the wrong type"),
        ("absent", "active is missing"),
    ] {
        stage.set(&format!("introspect.active={active}"));
        let Err(Error::Provider(failure)) = asked(&stage).await else {
            panic!("{active} was taken");
        };
        assert_eq!(failure.at, Endpoint::Introspection);
        assert!(
            matches!(&failure.kind, FailureKind::Malformed(told) if told.contains(words)),
            "{active}: {:?}",
            failure.kind
        );
    }
}

#[tokio::test]
async fn d17_active_and_ended_before_now_is_a_contradiction() {
    let stage = Stage::signed_in().await;
    for (end, contradictory) in [(NOON - 61, true), (NOON - 60, false), (NOON + 1, false)] {
        stage.set(&format!("introspect.exp={end}"));
        let told = asked(&stage).await.expect("told");
        assert_eq!(told.contradictory, contradictory, "{end}");
        assert!(told.active && told.expires_at == Some(UnixTime(end)));
    }
    // What is said beside a "no" is not read at all.
    stage.set("introspect.active=false");
    stage.set(&format!("introspect.exp={}", NOON - 61));
    let told = asked(&stage).await.expect("told");
    assert!(!told.active && !told.contradictory && told.expires_at.is_none());
    assert_eq!((told.scopes, told.account), (None, None));
}

#[tokio::test]
async fn l_09_a_yes_overrides_no_refusal_here() {
    let stage = Stage::signed_in().await;
    stage.set("introspect.active=true");
    // What the test read found stays found.
    stage.set("me_status=403");
    stage.engine.test(NAME, None).await.expect_err("refused");
    assert_eq!(health(&stage), Health::Error);
    assert!(asked(&stage).await.expect("told").active);
    assert_eq!(health(&stage), Health::Error);
    // What is over here is not even asked about.
    stage.engine.revoke(&stage.id).await.expect("revoked");
    stage.sandbox.clear_requests();
    let error = asked(&stage).await.expect_err("over");
    assert!(matches!(
        error,
        Error::NeedsSignIn {
            reason: Some(EndReason::RevokedByYou),
            ..
        }
    ));
    assert!(stage.sandbox.requests().is_empty());
}

#[tokio::test]
async fn l_09_a_client_that_may_not_ask_keeps_its_sign_in() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    for (fault, class) in [
        ("introspect_status=401", Class::Request),
        ("introspect_unavailable=503", Class::Transient),
        ("introspection=off", Class::Request),
    ] {
        stage.set(fault);
        let error = asked(&stage).await.expect_err(fault);
        let Error::Provider(failure) = error else {
            panic!("{fault}: {error:?}");
        };
        assert_eq!(
            (failure.at, failure.class),
            (Endpoint::Introspection, class)
        );
        assert!(stage.kept() == before, "{fault}");
        let switch = fault.split('=').next().expect("a switch");
        stage.sandbox.unset(switch);
    }
    let mut without = stage.connection();
    without.provider.endpoints.introspection = None;
    let stage = Stage::with(|new| new.provider = without.provider).await;
    let error = asked(&stage).await.expect_err("nobody to ask");
    assert!(matches!(error, Error::NoIntrospection), "{error:?}");
}

#[tokio::test]
async fn l_10_a_third_party_is_sent_the_token_only_when_a_person_said_so() {
    let options = Options {
        tls: Tls::Own,
        ..Options::default()
    };
    let third = Sandbox::start(options).await.expect("a third party");
    third.set("introspect.active=true").expect("a switch");
    let address = EndpointUrl::parse(&third.at("/introspect"), false).expect("an address");
    let host = address.authority();
    let stage = Stage::with(|new| {
        new.provider.endpoints.introspection = Some(address);
        let own = new.ca_pem.take().unwrap_or_default();
        new.ca_pem = Some(format!("{own}{}", third.ca_pem().unwrap_or_default()));
    })
    .await;
    // Whoever is not signed in is told that, and not asked first.
    let error = asked(&stage).await.expect_err("nobody signed in");
    assert!(matches!(error, Error::NeedsSignIn { .. }), "{error:?}");
    stage.sign_in().await.expect("signed in");
    // Nothing is sent anywhere before the word, not even a refresh.
    stage.pass(7200);
    stage.sandbox.clear_requests();
    for allowed in [None, Some("127.0.0.1"), Some("evil.example")] {
        let error = stage.engine.introspect(NAME, allowed).await;
        let error = error.expect_err("not allowed");
        assert!(matches!(&error, Error::ThirdParty { authority } if *authority == host));
    }
    assert!(third.requests().is_empty() && stage.sandbox.requests().is_empty());
    let told = stage.engine.introspect(NAME, Some(&host)).await;
    assert!(told.expect("told").active);
    let sent = &third.requests_to("/introspect")[0];
    assert_eq!(sent.form().get("token"), stage.kept().access.as_deref());
}

#[tokio::test]
async fn l_10_hosts_of_the_sign_in_and_approved_ones_are_no_third_parties() {
    let stage = Stage::new().await;
    let mut connection = stage.connection();
    connection.provider.api_hosts = vec!["api.example:8443".to_owned()];
    for (part, address) in [
        ("userinfo", "https://users.example/me"),
        ("revocation", "https://revoke.example/revoke"),
        ("introspection", "https://third.example/introspect"),
    ] {
        let endpoints = &mut connection.provider.endpoints;
        let url = Some(EndpointUrl::parse(address, false).expect("an address"));
        match part {
            "userinfo" => endpoints.userinfo = url,
            "revocation" => endpoints.revocation = url,
            _ => endpoints.introspection = url,
        }
    }
    let own = stage
        .sandbox
        .url()
        .trim_start_matches("https://")
        .to_owned();
    for (host, expected) in [
        (own.as_str(), true),
        ("api.example:8443", true),
        ("api.example", false),
        ("users.example", false),
        ("revoke.example", false),
        ("third.example", false),
    ] {
        assert_eq!(
            connection.issues_or_gets_tokens_at(host),
            expected,
            "{host}"
        );
    }
    connection.provider.endpoints.authorization = None;
    connection.provider.endpoints.token = None;
    connection.provider.endpoints.device = None;
    connection.provider.test = None;
    assert!(connection.issues_or_gets_tokens_at(&own), "the issuer's");
    connection.provider.issuer = None;
    assert!(!connection.issues_or_gets_tokens_at(&own));
}
