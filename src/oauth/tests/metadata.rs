use serde_json::{Value, json};

use crate::model::{IssPolicy, Issuer, UrlProblem};
use crate::oauth::fixtures::answer;
use crate::oauth::metadata::{Metadata, MetadataProblem, provider, read, well_known};

fn issuer(text: &str) -> Issuer {
    Issuer::parse(text, true).expect(text)
}

fn places(text: &str) -> Vec<String> {
    well_known(&issuer(text))
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn m_01_the_addresses_follow_the_rules_in_order() {
    assert_eq!(
        places("https://as.example"),
        [
            "https://as.example/.well-known/oauth-authorization-server",
            "https://as.example/.well-known/openid-configuration",
        ]
    );
    assert_eq!(places("https://as.example/"), places("https://as.example"));
    let inserted = [
        "https://as.example:8443/.well-known/oauth-authorization-server/a/b",
        "https://as.example:8443/.well-known/openid-configuration/a/b",
        "https://as.example:8443/a/b/.well-known/openid-configuration",
    ];
    assert_eq!(places("https://as.example:8443/a/b"), inserted);
    assert_eq!(places("https://as.example:8443/a/b/"), inserted);
    assert_eq!(
        places("https://[2001:db8::1]/a%20b")[0],
        "https://[2001:db8::1]/.well-known/oauth-authorization-server/a%20b"
    );
    assert_eq!(
        places("http://127.0.0.1:9000/x")[2],
        "http://127.0.0.1:9000/x/.well-known/openid-configuration"
    );
}

fn document() -> Value {
    json!({
        "issuer": "https://as.example",
        "authorization_endpoint": "https://as.example/authorize",
        "token_endpoint": "https://as.example/token",
        "code_challenge_methods_supported": ["plain", "S256"],
    })
}

/// The good document with one member changed; the text "remove" removes it.
fn changed(member: &str, value: &Value) -> Result<Metadata, MetadataProblem> {
    let mut document = document();
    if value == "remove" {
        document.as_object_mut().expect("object").remove(member);
    } else {
        document[member] = value.clone();
    }
    let response = answer(200, "application/json", document.to_string());
    read(&issuer("https://as.example"), &response, false)
}

#[test]
fn a_good_document_becomes_a_provider() {
    let metadata = changed(
        "authorization_response_iss_parameter_supported",
        &json!(true),
    )
    .expect("good");
    assert_eq!(metadata.provider.iss, IssPolicy::Advertised);
    assert_eq!(metadata.provider.name, "as.example");
    assert!(metadata.pkce_declared);
    let silent = changed("x", &json!(1)).expect("good");
    assert_eq!(silent.provider.iss, IssPolicy::NotAdvertised);
    let response = answer(200, "application/json", document().to_string());
    let same = provider(&issuer("https://as.example"), &response, false).expect("good");
    assert_eq!(same, silent.provider);
}

#[test]
fn m_02_b1_b3_the_issuer_must_be_the_same_bytes() {
    for other in [
        "https://as.example/",
        "https://AS.example",
        "HTTPS://as.example",
        "https://as.example:443",
        "https://as.example%2F",
        "https://honest.example",
        "http://as.example",
        "https://as.example?x",
        "https://as.example#x",
    ] {
        assert_eq!(
            changed("issuer", &json!(other)).err(),
            Some(MetadataProblem::OtherIssuer),
            "{other}"
        );
    }
    assert_eq!(
        changed("issuer", &json!("remove")).err(),
        Some(MetadataProblem::Missing("issuer"))
    );
    assert_eq!(
        changed("issuer", &json!(["https://as.example"])).err(),
        Some(MetadataProblem::Type("issuer"))
    );
}

#[test]
fn b4_the_endpoints_of_a_flow_are_needed() {
    assert_eq!(
        changed("token_endpoint", &json!("remove")).err(),
        Some(MetadataProblem::Missing("token_endpoint"))
    );
    assert_eq!(
        changed("authorization_endpoint", &json!("remove")).err(),
        Some(MetadataProblem::Missing("authorization_endpoint"))
    );
}

#[test]
fn m_04_b5_b6_each_address_is_checked_as_if_it_was_typed() {
    for member in [
        "authorization_endpoint",
        "token_endpoint",
        "device_authorization_endpoint",
        "revocation_endpoint",
        "introspection_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "registration_endpoint",
    ] {
        for address in [
            "/token",
            "http://as.example/token",
            "http://127.0.0.1/token",
            "ftp://as.example/",
            "data:text/plain,x",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "--help",
            "https://h/`id`",
            "https://h/\n",
            "https://h/\"x\"",
            "https://as.example/token#x",
            "https://u:p@as.example/token",
        ] {
            assert!(
                matches!(
                    changed(member, &json!(address)).err(),
                    Some(MetadataProblem::Address { member: named, .. }) if named == member
                ),
                "{member} {address}"
            );
        }
        for value in [
            json!(5),
            json!(["https://as.example/x"]),
            json!({}),
            json!(false),
        ] {
            assert_eq!(
                changed(member, &value).err(),
                Some(MetadataProblem::Type(member)),
                "{member}"
            );
        }
    }
}

#[test]
fn a_09_plain_http_needs_the_switch() {
    let document = json!({
        "issuer": "http://127.0.0.1:9000",
        "authorization_endpoint": "http://127.0.0.1:9000/a",
        "token_endpoint": "http://127.0.0.1:9000/t",
    });
    let response = answer(200, "application/json", document.to_string());
    let issuer = issuer("http://127.0.0.1:9000");
    assert!(provider(&issuer, &response, true).is_ok());
    assert_eq!(
        provider(&issuer, &response, false).err(),
        Some(MetadataProblem::Address {
            member: "authorization_endpoint",
            problem: UrlProblem::PlainHttp
        })
    );
}

#[test]
fn d_04_b10_a_list_without_s256_is_refused() {
    let member = "code_challenge_methods_supported";
    for value in [json!(["plain"]), json!([]), json!(["s256"])] {
        assert_eq!(
            changed(member, &value).err(),
            Some(MetadataProblem::NoS256),
            "{value}"
        );
    }
    for value in [json!("S256"), json!([5]), json!({"S256": true})] {
        assert_eq!(
            changed(member, &value).err(),
            Some(MetadataProblem::Type(member)),
            "{value}"
        );
    }
    assert!(
        !changed(member, &json!("remove"))
            .expect("good")
            .pkce_declared
    );
}

#[test]
fn b11_a_flag_must_be_a_boolean() {
    let member = "authorization_response_iss_parameter_supported";
    for value in [json!("true"), json!(1)] {
        assert_eq!(
            changed(member, &value).err(),
            Some(MetadataProblem::Type(member))
        );
    }
}

#[test]
fn b12_b15_other_answers_are_no_metadata() {
    let issuer = issuer("https://as.example");
    for status in [301, 404, 500] {
        assert_eq!(
            provider(
                &issuer,
                &answer(status, "application/json", document().to_string()),
                false
            )
            .err(),
            Some(MetadataProblem::NotFound(status))
        );
    }
    assert!(matches!(
        provider(&issuer, &answer(200, "text/html", "<html>"), false),
        Err(MetadataProblem::NotJson(_))
    ));
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(2 << 20));
    assert_eq!(
        provider(&issuer, &answer(200, "application/json", large), false).err(),
        Some(MetadataProblem::TooLarge)
    );
    let scopes: Vec<String> = (0..10_000).map(|n| n.to_string()).collect();
    assert_eq!(
        changed("scopes_supported", &json!(scopes))
            .expect("good")
            .scopes
            .len(),
        500
    );
}

proptest::proptest! {
    #[test]
    fn m_04_no_document_makes_it_panic(body: Vec<u8>, path in "(/[a-z.%]{0,9}){0,4}") {
        let text = format!("https://as.example{path}");
        if let Ok(issuer) = Issuer::parse(&text, false) {
            let places = well_known(&issuer);
            proptest::prop_assert!((2..=3).contains(&places.len()));
            proptest::prop_assert!(places.iter().all(|url| url.authority() == "as.example"));
            let _ = provider(&issuer, &answer(200, "application/json", body), false);
        }
    }
}
