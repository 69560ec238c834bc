//! The few pages a person sees: plain HTML, no script, readable on a phone, light and dark.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use url::{Host, Url};

use super::behaviour::Behaviour;
use super::http::Response;
use super::store::{ACCOUNTS, Asked, Device, SCOPES};

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#767676;--go:#0b5d1e;--banner:#ffe08a}\
@media(prefers-color-scheme:dark){:root{--line:#8f8f8f;--go:#1f7a36;--banner:#5c4700}}\
body{font:1.0625rem/1.5 system-ui,sans-serif;max-width:34rem;margin:0 auto;padding:1rem}\
h1{font-size:1.375rem;line-height:1.3;overflow-wrap:anywhere}\
p,label{overflow-wrap:anywhere}\
.banner{background:var(--banner);padding:.5rem .75rem;border-radius:.375rem}\
fieldset{border:1px solid var(--line);border-radius:.375rem;margin:1rem 0;padding:.25rem .75rem}\
label{display:flex;gap:.75rem;align-items:flex-start;padding:.5rem 0}\
input[type=checkbox],input[type=radio]{width:1.25rem;height:1.25rem;flex:none;margin:.15rem 0}\
input[type=text]{font:inherit;letter-spacing:.1em;padding:.5rem;width:12rem;max-width:100%}\
button{font:inherit;padding:.625rem 1.25rem;border:1px solid var(--line);border-radius:.375rem;\
min-width:7rem;margin:0 .5rem .5rem 0}\
.go{background:var(--go);border-color:var(--go);color:#fff}\
:focus-visible{outline:3px solid #2f7df6;outline-offset:2px}\
small{display:block;opacity:.85}";

const BANNER: &str = "<p class=\"banner\"><strong>Practice.</strong> This provider runs on your own \
machine. The accounts are not real and nothing is kept.</p>";

/// The consent page of the authorization endpoint.
pub(super) fn consent(behaviour: &Behaviour, client: &str, id: &str, asked: &Asked) -> Response {
    let body = format!(
        "<h1>{client} asks for access</h1>\
         <p>If you approve, <strong>{client}</strong> may do what is ticked here, as the account \
         you choose. The answer goes to <strong>{host}</strong>.</p>\
         <form method=\"post\" action=\"/consent\">\
         <input type=\"hidden\" name=\"request\" value=\"{id}\">{choices}</form>",
        client = escape(client),
        host = escape(&host_of(&asked.redirect_uri)),
        choices = choices(&asked.scopes, asked.login_hint.as_deref()),
    );
    let form_action = match behaviour.get("csp").unwrap_or("ok") {
        // Chromium follows `form-action` through redirects, so this one blocks the way back.
        "self" => "'self'".to_owned(),
        "none" => "'none'".to_owned(),
        _ => format!("'self' {}", csp_source(&asked.redirect_uri)),
    };
    page(200, "Approve access", &body, &form_action)
}

/// The page where a device's code is typed.
pub(super) fn device_entry() -> Response {
    let body = "<h1>Connect a device</h1><form method=\"post\" action=\"/device\">\
        <label for=\"code\">The code your device shows</label>\
        <p><input type=\"text\" id=\"code\" name=\"user_code\" autocomplete=\"off\" \
        autocapitalize=\"characters\" placeholder=\"WDJB-MJHT\" required></p>\
        <button class=\"go\" type=\"submit\">Continue</button></form>";
    page(200, "Connect a device", body, "'self'")
}

/// The page where a device's request is confirmed.
pub(super) fn device_confirm(client: &str, device: &Device) -> Response {
    let body = format!(
        "<h1>{client} asks for access</h1>\
         <p>Check that your device shows <strong>{code}</strong>. Approve only if you started this \
         yourself.</p>\
         <form method=\"post\" action=\"/device\">\
         <input type=\"hidden\" name=\"user_code\" value=\"{code}\">{choices}</form>",
        client = escape(client),
        code = escape(&device.user_code),
        choices = choices(&device.scopes, None),
    );
    page(200, "Approve a device", &body, "'self'")
}

/// A page that only says something.
pub(super) fn message(status: u16, title: &str, text: &str) -> Response {
    let body = format!("<h1>{}</h1><p>{}</p>", escape(title), escape(text));
    page(status, title, &body, "'none'")
}

fn choices(scopes: &[String], login_hint: Option<&str>) -> String {
    let mut html = String::from("<fieldset><legend>It may</legend>");
    for scope in scopes {
        let meaning = SCOPES
            .iter()
            .find(|(name, _)| name == scope)
            .map_or("", |(_, says)| says);
        let _ = write!(
            html,
            "<label><input type=\"checkbox\" name=\"scope\" value=\"{scope}\" checked>\
             <span>{meaning}<small>{scope}</small></span></label>",
            scope = escape(scope),
        );
    }
    html.push_str("</fieldset><fieldset><legend>As</legend>");
    let hinted = ACCOUNTS
        .iter()
        .find(|account| {
            login_hint.is_some_and(|hint| hint == account.login || hint == account.email)
        })
        .unwrap_or(&ACCOUNTS[0]);
    for account in ACCOUNTS {
        let _ = write!(
            html,
            "<label><input type=\"radio\" name=\"account\" value=\"{}\"{}>\
             <span>{}<small>{}</small></span></label>",
            account.login,
            if account == hinted { " checked" } else { "" },
            account.name,
            account.email,
        );
    }
    html.push_str(
        "</fieldset><button class=\"go\" name=\"decision\" value=\"approve\">Approve</button>\
         <button name=\"decision\" value=\"deny\">Deny</button>",
    );
    html
}

fn page(status: u16, title: &str, body: &str, form_action: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{} (practice)</title><style>{STYLE}</style></head>\
         <body>{BANNER}<main>{body}</main></body></html>",
        escape(title),
    );
    let style = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action {form_action}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    Response::new(status, "text/html; charset=utf-8", html)
        .with_header("Content-Security-Policy", policy)
        .with_header("X-Content-Type-Options", "nosniff")
        .with_header("Referrer-Policy", "no-referrer")
}

/// Where the form's redirect may lead, as a content security policy names it. Its grammar has no
/// IPv6 literals, so for those only the scheme is named.
fn csp_source(redirect_uri: &str) -> String {
    let Ok(url) = Url::parse(redirect_uri) else {
        return String::new();
    };
    match url.host() {
        Some(Host::Domain(_) | Host::Ipv4(_)) => url.origin().ascii_serialization(),
        _ => format!("{}:", url.scheme()),
    }
}

fn host_of(redirect_uri: &str) -> String {
    let host = Url::parse(redirect_uri)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| redirect_uri.to_owned())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
