//! Bent answers, byte for byte.

use super::*;

/// The whole answer, head and body, to a refresh under these switches.
async fn bent(switches: &[&str]) -> String {
    let sandbox = sandbox(&["rotation=off"]).await;
    let tokens = sign_in(&sandbox, "profile items:read", &[]).await;
    for switch in switches {
        sandbox.set(switch).expect("a switch");
    }
    let body = format!(
        "grant_type=refresh_token&client_id=valetkey-practice&refresh_token={}",
        text(&tokens, "refresh_token")
    );
    let request = format!(
        "POST /token HTTP/1.1\r\nHost: localhost:1\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    raw(&sandbox, &request).await
}

#[tokio::test]
async fn i_members_carry_what_no_json_writer_produces() {
    let cases = [
        ("expires_in=\"3600\"", "\"expires_in\":\"3600\""),
        ("expires_in=3600.9", "\"expires_in\":3600.9"),
        ("expires_in=1e400", "\"expires_in\":1e400"),
        ("expires_in=raw:NaN", "\"expires_in\":NaN"),
        ("expires_in=soon", "\"expires_in\":\"soon\""),
        ("expires_in=-1", "\"expires_in\":-1"),
        ("expires_in={}", "\"expires_in\":{}"),
        ("token_type=mac", "\"token_type\":\"mac\""),
        ("token_type=null", "\"token_type\":null"),
        ("token.access_token=text:7", "\"access_token\":\"7\""),
        ("scope=[\"a\"]", "\"scope\":[\"a\"]"),
        ("scope_form=comma", "\"scope\":\"profile,items:read\""),
        ("scope_form=array", "\"scope\":[\"profile\",\"items:read\"]"),
        ("token.extra=true", "\"extra\":true"),
        (
            "token_duplicate=access_token",
            "\"access_token\":\"sbx_second_value\"}",
        ),
        (
            "token_nest=authed_user",
            "{\"ok\":true,\"authed_user\":{\"access_token\"",
        ),
        (
            "token_shape=ok_false",
            "{\"ok\":false,\"error\":\"invalid_code\"}",
        ),
        ("token_error_in_200=bad_code", "HTTP/1.1 200 OK"),
        ("token_error=invalid_client", "HTTP/1.1 401 Unauthorized"),
    ];
    for (switch, expected) in cases {
        let answer = bent(&[switch]).await;
        assert!(answer.contains(expected), "{switch}: {answer}");
    }
    assert!(!bent(&["expires_in=absent"]).await.contains("expires_in"));
    let form = bent(&["token_shape=form"]).await;
    assert!(form.contains("Content-Type: application/x-www-form-urlencoded"));
    assert!(form.contains("\r\n\r\naccess_token=sbx_at_") && form.contains("&token_type=Bearer&"));
}

#[tokio::test]
async fn any_endpoint_can_have_any_fault() {
    let cases = [
        ("token_status=500", "HTTP/1.1 500 Internal Server Error"),
        ("token_unavailable=503", "<h1>Try again later</h1>"),
        ("token_body=[]", "\r\n\r\n[]"),
        ("token_body=base64:77u/e30=", "\r\n\r\n\u{feff}{}"),
        (
            "token_content_type=text/html",
            "Content-Type: text/html\r\n",
        ),
        ("token_header=Set-Cookie: a=b", "Set-Cookie: a=b\r\n"),
        (
            "token_redirect=307:http://127.0.0.1:1/x",
            "Location: http://127.0.0.1:1/x\r\n",
        ),
    ];
    for (switch, expected) in cases {
        let answer = bent(&[switch]).await;
        assert!(answer.contains(expected), "{switch}: {answer}");
        assert!(answer.contains("\r\nDate: "), "{switch}: {answer}");
    }
    assert!(bent(&["token_big=100000"]).await.len() > 100_000);
    let waiting = bent(&["token_unavailable=429", "retry_after=-5"]).await;
    assert!(waiting.contains("Retry-After: -5\r\n"));
}

#[tokio::test]
async fn answers_can_be_cut_and_lie_about_their_length() {
    assert_eq!(bent(&["token_drop=before"]).await, "");
    let whole = bent(&[]).await;
    let head_only = bent(&["token_drop=headers"]).await;
    assert!(head_only.ends_with("\r\n\r\n") && head_only.starts_with("HTTP/1.1 200"));
    let half = bent(&["token_drop=mid-body"]).await;
    assert!(half.len() > head_only.len() && half.len() < whole.len());
    let stated = |answer: &str| -> usize {
        let (_, rest) = answer.split_once("Content-Length: ").expect("a length");
        rest.split("\r\n")
            .next()
            .and_then(|text| text.parse().ok())
            .expect("a number")
    };
    let lie = bent(&["token_length=+10"]).await;
    let (_, body) = lie.split_once("\r\n\r\n").expect("a body");
    assert_eq!(stated(&lie), body.len() + 10);
}

#[tokio::test(start_paused = true)]
async fn an_answer_can_come_byte_by_byte() {
    let sandbox = sandbox(&["jwks_body={}", "jwks_trickle=on"]).await;
    let began = tokio::time::Instant::now();
    let answer = raw(&sandbox, "GET /jwks HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await;
    assert!(answer.ends_with("\r\n\r\n{}"));
    assert_eq!(began.elapsed().as_secs() / 5, answer.len() as u64);
}

#[tokio::test]
async fn other_hosts_and_malformed_requests_get_nothing() {
    let sandbox = sandbox(&[]).await;
    for host in [
        "evil.example",
        "127.0.0.1.evil.example:80",
        "evil.example:80",
    ] {
        let answer = raw(&sandbox, &format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 421"), "{host}: {answer}");
    }
    assert!(
        raw(&sandbox, "GET / HTTP/1.1\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 421")
    );
    assert!(
        raw(&sandbox, "nonsense\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 400")
    );
    let chunked = "POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert!(raw(&sandbox, chunked).await.starts_with("HTTP/1.1 411"));
    let get = raw(&sandbox, "GET /token HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await;
    assert!(get.starts_with("HTTP/1.1 405"));
}

#[tokio::test]
async fn every_byte_received_is_recorded_in_order() {
    let sandbox = sandbox(&[]).await;
    let first = "GET /nowhere?a=1&b=2 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Odd:  kept \r\n\r\n";
    raw(&sandbox, first).await;
    post(&sandbox, "/token", &[("grant_type", "x")], "").await;
    let requests = sandbox.requests();
    assert_eq!(requests[0].head, first.as_bytes());
    assert_eq!(
        (requests[0].path(), requests[0].query().get("b")),
        ("/nowhere", Some("2"))
    );
    assert_eq!(requests[1].body, b"grant_type=x");
    assert_eq!(sandbox.requests_to("/token").len(), 1);
    assert_eq!(sandbox.connections(), 2);
    sandbox.clear_requests();
    assert!(sandbox.requests().is_empty());
}
