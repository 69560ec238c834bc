//! The faults any endpoint can have (`FAULTS` in `switches.rs`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::behaviour::Behaviour;
use super::http::{Delivery, Response};

/// An answer that a switch makes up: the endpoint does nothing.
pub(super) fn made_up(behaviour: &Behaviour, endpoint: &str) -> Option<Response> {
    let fault = |name| behaviour.fault(endpoint, name);
    if fault("drop") == Some("undone") {
        let mut nothing = Response::text(200, "");
        nothing.delivery = Delivery::Nothing;
        return Some(nothing);
    }
    if let Some(status) = fault("unavailable").and_then(|status| status.parse().ok()) {
        let page = "<!doctype html><title>Unavailable</title><h1>Try again later</h1>";
        return Some(Response::new(status, "text/html", page));
    }
    if let Some((status, url)) = fault("redirect").and_then(|value| value.split_once(':')) {
        return Some(Response::redirect(status.parse().unwrap_or(302), url));
    }
    let body = fault("body")?;
    let bytes = match body.strip_prefix("base64:") {
        Some(encoded) => STANDARD.decode(encoded).unwrap_or_default(),
        None => body.as_bytes().to_vec(),
    };
    Some(Response::new(200, "application/json", bytes))
}

/// Bends an answer that was made.
pub(super) fn distort(response: &mut Response, behaviour: &Behaviour, endpoint: &str, now: i64) {
    let fault = |name| behaviour.fault(endpoint, name);
    let skew = behaviour
        .get("date_skew")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let date = Timestamp::from_second(now.saturating_add(skew));
    let printed = date
        .ok()
        .and_then(|at| DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok());
    if let Some(date) = printed {
        response.set_header("Date", date);
    }
    if let Some(status) = fault("status").and_then(|status| status.parse().ok()) {
        response.status = status;
    }
    if let Some(kind) = fault("content_type") {
        response.set_header("Content-Type", kind);
    }
    if let Some(line) = fault("header") {
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        response.headers.push((name.to_owned(), value.to_owned()));
    }
    if let Some(size) = fault("big").and_then(|size| size.parse().ok()) {
        pad(&mut response.body, size);
    }
    if let Some(lie) = fault("length").and_then(|text| text.parse().ok()) {
        response.length_lie = lie;
    }
    match fault("drop") {
        Some("before" | "undone") => response.delivery = Delivery::Nothing,
        Some("headers") => response.delivery = Delivery::HeadersOnly,
        Some("mid-body") => response.delivery = Delivery::HalfBody,
        _ if fault("cut").is_some() => {
            let bytes = fault("cut").and_then(|bytes| bytes.parse().ok());
            response.delivery = Delivery::Cut(bytes.unwrap_or(0));
        }
        _ if fault("trickle") == Some("on") => response.delivery = Delivery::Trickle,
        _ => {}
    }
    if let Some(wait) = behaviour
        .get("retry_after")
        .filter(|_| response.status >= 400)
    {
        response.set_header("Retry-After", wait);
    }
}

fn pad(body: &mut Vec<u8>, size: usize) {
    if body.ends_with(b"}") {
        body.pop();
        body.extend_from_slice(b",\"padding\":\"");
        body.resize(body.len() + size, b'x');
        body.extend_from_slice(b"\"}");
    } else {
        body.resize(body.len() + size, b' ');
    }
}
