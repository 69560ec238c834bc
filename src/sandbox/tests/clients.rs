//! Client authentication, redirect matching, registration, metadata.

use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::sandbox::{Client, ClientAuth};

const SECRET: &str = "p@ss word:+&=é";

/// Asks for tokens with an invented refresh token: a believed client gets `invalid_grant`.
async fn believed(sandbox: &Sandbox, form: &[(&str, &str)], extra: &str) -> String {
    let mut all = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", "invented"),
    ];
    all.extend(form);
    let answer = post(sandbox, "/token", &all, extra).await;
    text(&json(&answer), "error").to_owned()
}

fn basic(id: &str, secret: &str) -> String {
    let encode =
        |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let pair = STANDARD.encode(format!("{}:{}", encode(id), encode(secret)));
    format!("Authorization: Basic {pair}\r\n")
}

#[tokio::test]
async fn q_each_client_proves_itself_in_its_own_way() {
    let clients = vec![
        Client::confidential("with basic", SECRET, ClientAuth::Basic),
        Client::confidential("with-post", SECRET, ClientAuth::Post),
        Client::public("public"),
    ];
    let sandbox = Sandbox::start(Options {
        clients,
        ..Options::default()
    })
    .await
    .expect("it starts");
    let post_form = [("client_id", "with-post"), ("client_secret", SECRET)];
    let cases = [
        (vec![], basic("with basic", SECRET), "invalid_grant"),
        (
            vec![("client_id", "with basic")],
            basic("with basic", SECRET),
            "invalid_grant",
        ),
        (vec![], basic("with basic", "wrong"), "invalid_client"),
        (vec![], basic("with-post", SECRET), "invalid_client"),
        (
            vec![("client_id", "public")],
            basic("with basic", SECRET),
            "invalid_request",
        ),
        (
            post_form.to_vec(),
            basic("with-post", SECRET),
            "invalid_request",
        ),
        (post_form.to_vec(), String::new(), "invalid_grant"),
        (
            vec![("client_id", "with-post")],
            String::new(),
            "invalid_client",
        ),
        (
            vec![("client_id", "public")],
            String::new(),
            "invalid_grant",
        ),
        (
            vec![("client_id", "public"), ("client_secret", "x")],
            String::new(),
            "invalid_client",
        ),
        (
            vec![("client_id", "stranger")],
            String::new(),
            "invalid_client",
        ),
        (vec![], String::new(), "invalid_client"),
        (
            vec![],
            "Authorization: Basic !!!\r\n".to_owned(),
            "invalid_client",
        ),
    ];
    for (form, extra, expected) in cases {
        assert_eq!(
            believed(&sandbox, &form, &extra).await,
            expected,
            "{form:?} {extra}"
        );
    }
    sandbox.set("auth=basic").expect("a switch");
    assert_eq!(believed(&sandbox, &post_form, "").await, "invalid_client");
    assert_eq!(
        believed(&sandbox, &[], &basic("with-post", SECRET)).await,
        "invalid_grant"
    );
}

#[tokio::test]
async fn repeated_parameters_and_other_content_types_are_refused() {
    let sandbox = sandbox(&[]).await;
    let twice = [
        ("client_id", "valetkey-practice"),
        ("client_id", "valetkey-practice"),
    ];
    assert_eq!(believed(&sandbox, &twice, "").await, "invalid_request");
    let json_body = "Content-Type: application/json\r\n";
    let form = [("client_id", "valetkey-practice")];
    assert_eq!(
        believed(&sandbox, &form, json_body).await,
        "invalid_request"
    );
}

#[test]
fn e_loopback_redirects_match_on_any_port_and_nothing_else() {
    let client = Client {
        redirect_uris: vec![
            "http://127.0.0.1/callback".to_owned(),
            "http://[::1]/deep/*".to_owned(),
            "https://relay.example/back".to_owned(),
        ],
        ..Client::public("c")
    };
    for good in [
        "http://127.0.0.1/callback",
        "http://127.0.0.1:8765/callback",
        "http://[::1]:9/deep/connection-1",
        "https://relay.example/back",
    ] {
        assert!(client.allows_redirect(good), "{good}");
    }
    for bad in [
        "",
        "http://127.0.0.1:8765/callback/",
        "http://127.0.0.1:8765/callback?x=1",
        "http://127.0.0.1:8765/callback#x",
        "http://user@127.0.0.1:8765/callback",
        "http://localhost:8765/callback",
        "https://127.0.0.1:8765/callback",
        "http://[::1]:9/deep/",
        "http://[::1]:9/deep/a/b",
        "https://relay.example:444/back",
        "https://relay.example/back/",
    ] {
        assert!(!client.allows_redirect(bad), "{bad}");
    }
}

#[tokio::test]
async fn n_a_client_can_register_itself() {
    let sandbox = sandbox(&["register.extra=1"]).await;
    let register = async |body: &str| {
        let request = format!(
            "POST /register HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        split(&raw(&sandbox, &request).await)
    };
    let public = register(
        r#"{"redirect_uris":["http://127.0.0.1/cb"],"token_endpoint_auth_method":"none"}"#,
    )
    .await;
    assert_eq!(public.0, 201);
    let public = json(&public);
    assert!(public.get("client_secret").is_none() && public["extra"] == 1);
    let form = [("client_id", text(&public, "client_id"))];
    assert_eq!(believed(&sandbox, &form, "").await, "invalid_grant");

    let secret = json(&register(r#"{"redirect_uris":["https://relay.example/"]}"#).await);
    let proof = basic(text(&secret, "client_id"), text(&secret, "client_secret"));
    assert_eq!(secret["client_secret_expires_at"], 0);
    assert_eq!(believed(&sandbox, &[], &proof).await, "invalid_grant");

    for bad in [r#"{"redirect_uris":["http://evil.example/"]}"#, "{}"] {
        let answer = register(bad).await;
        assert_eq!(
            (answer.0, text(&json(&answer), "error")),
            (400, "invalid_redirect_uri")
        );
    }
    sandbox.set("registration=off").expect("a switch");
    assert_eq!(register("{}").await.0, 404);
}

#[tokio::test]
async fn m_metadata_names_every_endpoint_and_can_be_bent() {
    let sandbox = sandbox(&[]).await;
    let oauth = "/.well-known/oauth-authorization-server";
    let oidc = "/.well-known/openid-configuration";
    let document = json(&get(&sandbox, oauth, "").await);
    assert_eq!(text(&document, "issuer"), sandbox.issuer());
    assert_eq!(text(&document, "token_endpoint"), sandbox.at("/token"));
    assert_eq!(
        document["authorization_response_iss_parameter_supported"],
        true
    );
    assert_eq!(
        text(&json(&get(&sandbox, oidc, "").await), "jwks_uri"),
        sandbox.at("/jwks")
    );
    for switch in [
        "metadata.issuer=https://issuer.example",
        "metadata.code_challenge_methods_supported=[\"plain\"]",
        "metadata.token_endpoint=absent",
        "iss_advertised=off",
        "revocation=off",
        "wellknown=oauth",
    ] {
        sandbox.set(switch).expect("a switch");
    }
    let document = json(&get(&sandbox, oauth, "").await);
    assert_eq!(text(&document, "issuer"), "https://issuer.example");
    assert_eq!(
        document["code_challenge_methods_supported"],
        serde_json::json!(["plain"])
    );
    assert_eq!(
        document["authorization_response_iss_parameter_supported"],
        false
    );
    assert!(document.get("token_endpoint").is_none());
    assert!(document.get("revocation_endpoint").is_none());
    assert_eq!(get(&sandbox, oidc, "").await.0, 404);
    let resource = json(&get(&sandbox, "/.well-known/oauth-protected-resource", "").await);
    assert_eq!(resource["authorization_servers"][0], sandbox.issuer());
}
