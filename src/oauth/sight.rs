//! What an endpoint looks like from outside: asked without a client ID, a code or a token, an authorization
//! endpoint shows people a page (RFC 6749 section 3.1), and a token endpoint tells programs what is missing
//! (section 5.2).

use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};
use serde_json::Value;

use super::normalise::header;
use super::strict_json::Document;
use super::{HttpRequest, HttpResponse};
use crate::model::EndpointUrl;

/// What answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// A page for people, or a way to one.
    Page,
    /// An error for programs, as a token endpoint tells it.
    Token,
    /// Neither: its status.
    Other(u16),
}

/// The request of a browser that knows nothing.
pub fn page_request(url: &EndpointUrl) -> Option<HttpRequest> {
    let request = http::Request::get(url.as_str()).header(ACCEPT, "text/html");
    request.body(Vec::new()).ok()
}

/// The request of a client that knows nothing.
pub fn token_request(url: &EndpointUrl) -> Option<HttpRequest> {
    let request =
        http::Request::post(url.as_str()).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    request.body(Vec::new()).ok()
}

/// Judges an answer to one of them.
pub fn sight(response: &HttpResponse) -> Sight {
    let status = response.status();
    if says_error(response.body()) {
        return Sight::Token;
    }
    let found = status.as_u16() != 404 && status.as_u16() != 405 && !status.is_server_error();
    if status.is_redirection() || (found && is_html(response.headers())) {
        return Sight::Page;
    }
    Sight::Other(status.as_u16())
}

/// An object with an `error`, whatever it is labelled as.
fn says_error(body: &[u8]) -> bool {
    let document = Document::any(body).ok();
    let error = document
        .as_ref()
        .and_then(|document| document.value().get("error"));
    error.is_some_and(|error| matches!(error, Value::String(_) | Value::Object(_)))
}

fn is_html(headers: &HeaderMap) -> bool {
    header(headers, &CONTENT_TYPE).is_some_and(|kind| kind.trim_start().starts_with("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f3_pages_are_told_from_token_endpoints() {
        let html = "text/html; charset=utf-8";
        let json = "application/json";
        for (status, kind, body, wanted) in [
            (200, html, "<!doctype html>", Sight::Page),
            (400, html, "<p>client_id is missing", Sight::Page),
            (302, "", "", Sight::Page),
            (303, json, "", Sight::Page),
            (400, json, r#"{"error":"invalid_request"}"#, Sight::Token),
            (
                401,
                json,
                r#"{"error":"invalid_client","error_description":"x"}"#,
                Sight::Token,
            ),
            (200, html, r#"{"error":"invalid_request"}"#, Sight::Token),
            (404, json, r#"{"error":"Not Found"}"#, Sight::Token),
            (400, json, r#"{"error":{"message":"x"}}"#, Sight::Token),
            (404, html, "<h1>Not Found", Sight::Other(404)),
            (405, html, "<h1>Method Not Allowed", Sight::Other(405)),
            (503, html, "<h1>Back soon", Sight::Other(503)),
            (200, json, r#"{"ok":true}"#, Sight::Other(200)),
            (400, json, r#"{"error":7}"#, Sight::Other(400)),
            (200, "", "", Sight::Other(200)),
        ] {
            let answer = http::Response::builder()
                .status(status)
                .header(CONTENT_TYPE, kind);
            let answer = answer.body(body.as_bytes().to_vec()).expect("an answer");
            assert_eq!(sight(&answer), wanted, "{status} {kind} {body}");
        }
    }

    #[test]
    fn f3_nothing_of_the_connection_is_sent() {
        let url = EndpointUrl::parse("https://id.example/x?tenant=a", false).expect("an address");
        for request in [page_request(&url), token_request(&url)] {
            let request = request.expect("a request");
            assert_eq!(request.uri(), url.as_str());
            assert!(request.body().is_empty());
            assert!(!request.headers().contains_key(http::header::AUTHORIZATION));
        }
    }
}
