//! Device authorization (RFC 8628).

use super::authorize::{asked_scopes, granted};
use super::clients::{Client, authenticate};
use super::http::{Request, Response};
use super::json::Object;
use super::pages;
use super::params::Params;
use super::refusal::Refusal;
use super::server::Context;
use super::store::{ACCOUNTS, Account, Device, DeviceState, Grant, GrantId, account};
use super::token::checked_form;

/// Seconds a device code lives, and seconds between polls, unless switches say otherwise.
const LIFETIME: i64 = 600;
const INTERVAL: i64 = 5;

/// `POST /device_authorization`.
pub(super) fn start(cx: &mut Context<'_>, request: &Request) -> Response {
    if cx.behaviour.is("device_flow", "off") {
        return Response::text(404, "no such page");
    }
    match begin(cx, request) {
        Ok(members) => Response::json(200, &members.overridden(cx.behaviour, "device")),
        Err(refusal) => refusal.answer(cx.behaviour),
    }
}

fn begin(cx: &mut Context<'_>, request: &Request) -> Result<Object, Refusal> {
    if request.method != "POST" {
        return Err(Refusal::new(405, "invalid_request", "POST"));
    }
    let form = checked_form(request)?;
    let client = authenticate(&cx.store.clients, cx.behaviour, request, &form)?.clone();
    let scopes = asked_scopes(cx, form.get("scope"))
        .ok_or_else(|| Refusal::new(400, "invalid_scope", "a scope is not offered"))?;
    let lifetime = cx
        .behaviour
        .stated_seconds("device.expires_in")
        .unwrap_or(LIFETIME);
    let device = Device {
        code: cx.store.secret("sbx_dc_"),
        user_code: user_code(),
        client_id: client.id,
        scopes,
        expires_at: cx.now.saturating_add(lifetime),
        polls: 0,
        state: DeviceState::Waiting,
    };
    let page = format!("{}/device", cx.base);
    let members = Object::new()
        .with("device_code", device.code.as_str())
        .with("user_code", device.user_code.as_str())
        .with("verification_uri", page.as_str())
        .with(
            "verification_uri_complete",
            format!("{page}?user_code={}", device.user_code),
        )
        .with("expires_in", lifetime)
        .with("interval", INTERVAL);
    cx.store.devices.push(device);
    Ok(members)
}

/// One poll of the token endpoint: the grant, or what to tell the device (section 3.5).
pub(super) fn poll(
    cx: &mut Context<'_>,
    client: &Client,
    form: &Params,
) -> Result<GrantId, Refusal> {
    let told = |error: &str| Err(Refusal::new(400, error, "see RFC 8628 section 3.5"));
    let value = form
        .get("device_code")
        .ok_or_else(|| Refusal::request("device_code is missing"))?;
    let place = cx
        .store
        .devices
        .iter()
        .position(|device| device.code == value);
    let place = place.ok_or_else(|| Refusal::grant("unknown device code"))?;
    let device = &mut cx.store.devices[place];
    if device.client_id != client.id {
        return Err(Refusal::grant(
            "the device code was given to another client",
        ));
    }
    let script = cx.behaviour.get("device_script").unwrap_or_default();
    let scripted = script
        .split(',')
        .filter(|word| !word.is_empty())
        .nth(device.polls);
    device.polls += 1;
    match scripted {
        Some("pending") => return told("authorization_pending"),
        Some("denied") => return told("access_denied"),
        Some("expired") => return told("expired_token"),
        Some("ok") if device.state == DeviceState::Waiting => {
            let scopes = device.scopes.clone();
            let grant = approve(cx, place, ACCOUNTS[0], scopes);
            cx.store.devices[place].state = DeviceState::Done;
            return Ok(grant);
        }
        Some("ok") | None => {}
        Some(code) => return told(code),
    }
    let device = &mut cx.store.devices[place];
    if device.expires_at <= cx.now {
        return told("expired_token");
    }
    match device.state {
        DeviceState::Waiting => told("authorization_pending"),
        DeviceState::Denied => told("access_denied"),
        DeviceState::Done => Err(Refusal::grant("the device code was used before")),
        DeviceState::Approved(grant) => {
            device.state = DeviceState::Done;
            Ok(grant)
        }
    }
}

/// `GET` and `POST /device`: type the code, confirm it, decide.
pub(super) fn page(cx: &mut Context<'_>, request: &Request) -> Response {
    let form = match request.method.as_str() {
        "GET" => request.query(),
        "POST" => request.form(),
        _ => return Response::text(405, "GET or POST"),
    };
    let Some(typed) = form.get("user_code") else {
        return pages::device_entry();
    };
    let Some(place) = waiting(cx, typed) else {
        let why = "Check the code on your device, or start there again.";
        return pages::message(400, "This code is not open", why);
    };
    let decision = form.get("decision").filter(|_| request.method == "POST");
    let person = form.get("account").and_then(account);
    let device = &mut cx.store.devices[place];
    match (decision, person) {
        (Some("approve"), Some(person)) => {
            let ticked = |scope: &&String| form.all("scope").any(|tick| tick == scope.as_str());
            let scopes: Vec<String> = device.scopes.iter().filter(ticked).cloned().collect();
            let grant = approve(cx, place, person, scopes);
            cx.store.devices[place].state = DeviceState::Approved(grant);
            pages::message(200, "Approved", "You can go back to your device.")
        }
        (Some(_), _) => {
            device.state = DeviceState::Denied;
            pages::message(200, "Denied", "Nothing was given. You can close this page.")
        }
        (None, _) => {
            let device = device.clone();
            let client = cx
                .store
                .client(&device.client_id)
                .map_or("", |client| &client.name);
            pages::device_confirm(client, &device)
        }
    }
}

fn waiting(cx: &Context<'_>, typed: &str) -> Option<usize> {
    let plain = |code: &str| -> String {
        code.chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_uppercase())
            .collect()
    };
    cx.store.devices.iter().position(|device| {
        plain(&device.user_code) == plain(typed)
            && device.state == DeviceState::Waiting
            && device.expires_at > cx.now
    })
}

fn approve(cx: &mut Context<'_>, place: usize, person: Account, ticked: Vec<String>) -> GrantId {
    let grant = Grant {
        client_id: cx.store.devices[place].client_id.clone(),
        account: person,
        scopes: granted(cx, ticked),
        resources: Vec::new(),
        nonce: None,
        approved_at: cx.now,
        revoked: false,
    };
    cx.store.add_grant(grant)
}

/// Eight letters that make no words and cannot be misread (section 6.1).
fn user_code() -> String {
    const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
    let mut bytes = [0_u8; 8];
    getrandom::fill(&mut bytes).expect("the system's random generator works");
    let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
    let code: String = bytes.iter().map(letter).collect();
    format!("{}-{}", &code[..4], &code[4..])
}
