//! The authorization endpoint (RFC 6749 section 4.1) and the answer to its consent page.

use super::clients::Client;
use super::http::{Request, Response};
use super::pages;
use super::params::Params;
use super::server::Context;
use super::store::{
    Account, Asked, Code, Grant, Pending, SCOPES, account, random_text, scope_list,
};

/// Seconds a code lives unless a switch says otherwise.
const CODE_LIFETIME: i64 = 60;

/// Why an authorization request goes no further.
enum Refused {
    /// Told to the person; sending them on would be an open redirector.
    Here(&'static str),
    /// Told to the client, at its redirect URI.
    AtClient {
        redirect_uri: String,
        state: Option<String>,
        error: String,
        why: &'static str,
    },
}

/// `GET /authorize`: checks the request and shows the consent page.
pub(super) fn authorize(cx: &mut Context<'_>, request: &Request) -> Response {
    let params = match request.method.as_str() {
        "GET" => request.query(),
        "POST" => request.form(),
        _ => return Response::text(405, "GET or POST"),
    };
    match check(cx, &params) {
        Ok(asked) => {
            let id = random_text();
            let client = cx
                .store
                .client(&asked.client_id)
                .map_or("", |client| &client.name);
            let client = cx.behaviour.get("client_name").unwrap_or(client);
            let page = pages::consent(cx.behaviour, client, &id, &asked);
            cx.store.pending.push(Pending { id, asked });
            page
        }
        Err(Refused::Here(why)) => pages::message(400, "This request cannot be answered", why),
        Err(Refused::AtClient {
            redirect_uri,
            state,
            error,
            why,
        }) => {
            let members = vec![("error", error), ("error_description", why.to_owned())];
            Response::redirect(303, &callback(cx, &redirect_uri, members, state))
        }
    }
}

/// `POST /consent`: the person's decision, answered with a redirect to the client.
pub(super) fn consent(cx: &mut Context<'_>, request: &Request) -> Response {
    if request.method != "POST" {
        return Response::text(405, "POST");
    }
    let form = request.form();
    let id = form.get("request").unwrap_or_default();
    let Some(place) = cx.store.pending.iter().position(|pending| pending.id == id) else {
        let why = "It was answered already, or it never existed.";
        return pages::message(400, "This request is not open", why);
    };
    let asked = cx.store.pending.remove(place).asked;
    let ticked: Vec<String> = asked
        .scopes
        .iter()
        .filter(|scope| form.all("scope").any(|tick| tick == *scope))
        .cloned()
        .collect();
    let person = form.get("account").and_then(account);
    let location = match person {
        Some(person) if form.get("decision") == Some("approve") && !ticked.is_empty() => {
            approved(cx, &asked, person, ticked)
        }
        _ => {
            let members = vec![
                ("error", "access_denied".to_owned()),
                ("error_description", "The person declined".to_owned()),
            ];
            callback(cx, &asked.redirect_uri, members, asked.state.clone())
        }
    };
    Response::redirect(303, &location)
}

fn approved(cx: &mut Context<'_>, asked: &Asked, person: Account, ticked: Vec<String>) -> String {
    let grant = Grant {
        client_id: asked.client_id.clone(),
        account: person,
        scopes: granted(cx, ticked),
        resources: asked.resources.clone(),
        nonce: asked.nonce.clone(),
        approved_at: cx.now,
        revoked: false,
    };
    let grant = cx.store.add_grant(grant);
    let prefix = format!(
        "{}sbx_code_",
        cx.behaviour.get("code_prefix").unwrap_or_default()
    );
    let value = cx.store.secret(&prefix);
    let lifetime = cx
        .behaviour
        .number("code_lifetime")
        .map_or(CODE_LIFETIME, i64::from);
    cx.store.codes.push(Code {
        value: value.clone(),
        grant,
        redirect_uri: asked.redirect_uri.clone(),
        challenge: asked.challenge.clone(),
        expires_at: cx.now + lifetime,
        used: false,
    });
    callback(
        cx,
        &asked.redirect_uri,
        vec![("code", value)],
        asked.state.clone(),
    )
}

/// The scopes of a new grant: those ticked, unless a switch says otherwise.
pub(super) fn granted(cx: &Context<'_>, ticked: Vec<String>) -> Vec<String> {
    cx.behaviour.get("granted_scope").map_or(ticked, scope_list)
}

fn check(cx: &mut Context<'_>, params: &Params) -> Result<Asked, Refused> {
    if params.repeated().is_some() {
        return Err(Refused::Here("A parameter stands there twice."));
    }
    let client = params.get("client_id").and_then(|id| cx.store.client(id));
    let client = client
        .ok_or(Refused::Here("The client is not known."))?
        .clone();
    let redirect_uri = params.get("redirect_uri").unwrap_or_default().to_owned();
    if !client.allows_redirect(&redirect_uri) {
        return Err(Refused::Here(
            "The redirect address is not registered for this client.",
        ));
    }
    let state = params.get("state").map(str::to_owned);
    check_rest(cx, params, &client, &redirect_uri, state.clone()).map_err(|(error, why)| {
        Refused::AtClient {
            redirect_uri,
            state,
            error,
            why,
        }
    })
}

type Wrong = (String, &'static str);

/// What is wrong here may be told to the client, because its address is known to be its own.
fn check_rest(
    cx: &Context<'_>,
    params: &Params,
    client: &Client,
    redirect_uri: &str,
    state: Option<String>,
) -> Result<Asked, Wrong> {
    let wrong = |error: &str, why| Err((error.to_owned(), why));
    if let Some(error) = cx.behaviour.get("authorize_error") {
        return wrong(error, "as the switch authorize_error says");
    }
    if params.get("response_type") != Some("code") {
        return wrong("unsupported_response_type", "only response_type=code");
    }
    if params.get("prompt") == Some("none") {
        return wrong("interaction_required", "there are no sessions here");
    }
    let challenge = params.get("code_challenge").map(str::to_owned);
    match cx.behaviour.get("pkce").unwrap_or("required") {
        "rejected" if challenge.is_some() => {
            return wrong("invalid_request", "code_challenge is not allowed");
        }
        "required" => {
            if params.get("code_challenge_method") != Some("S256") {
                return wrong("invalid_request", "code_challenge_method must be S256");
            }
            if challenge.as_ref().is_none_or(|text| text.len() != 43) {
                return wrong("invalid_request", "code_challenge must be 43 characters");
            }
        }
        _ => {}
    }
    let Some(scopes) = asked_scopes(cx, params.get("scope")) else {
        return wrong("invalid_scope", "a scope is not offered");
    };
    Ok(Asked {
        client_id: client.id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        state,
        scopes,
        challenge,
        nonce: params.get("nonce").map(str::to_owned),
        resources: params.all("resource").map(str::to_owned).collect(),
        login_hint: params.get("login_hint").map(str::to_owned),
    })
}

/// The scopes asked for, or the narrow default; nothing if one is not offered.
pub(super) fn asked_scopes(cx: &Context<'_>, asked: Option<&str>) -> Option<Vec<String>> {
    let default = || cx.behaviour.get("default_scope").unwrap_or("profile");
    let scopes = scope_list(asked.unwrap_or_else(default));
    let offered = |scope: &String| SCOPES.iter().any(|(name, _)| name == scope);
    scopes.iter().all(offered).then_some(scopes)
}

/// The address the browser is sent to: `state` and `iss` (RFC 9207) added, switches applied.
fn callback(
    cx: &Context<'_>,
    redirect_uri: &str,
    members: Vec<(&str, String)>,
    state: Option<String>,
) -> String {
    let mut pairs: Vec<(String, String)> = members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    pairs.extend(state.map(|state| ("state".to_owned(), state)));
    pairs.push(("iss".to_owned(), cx.base.to_owned()));
    for (name, value) in cx.behaviour.members("callback") {
        let value = match (name, value) {
            ("iss", "correct") => continue,
            ("iss", "wrong") => "https://issuer.example",
            _ => value,
        };
        let place = pairs.iter().position(|(known, _)| known == name);
        match (place, value) {
            (Some(place), "absent") => drop(pairs.remove(place)),
            (None, "absent") => {}
            (Some(place), _) => value.clone_into(&mut pairs[place].1),
            (None, _) => pairs.push((name.to_owned(), value.to_owned())),
        }
    }
    if let Some(twice) = cx.behaviour.get("callback_duplicate") {
        let again = pairs.iter().find(|(name, _)| name == twice).cloned();
        pairs.extend(again);
    }
    let answer = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    let separator = match cx.behaviour.is("callback_fragment", "on") {
        true => '#',
        false if redirect_uri.contains('?') => '&',
        false => '?',
    };
    format!("{redirect_uri}{separator}{answer}")
}

/// What the consent page would show, without opening a request.
pub(super) fn preview(cx: &mut Context<'_>, request: &Request) -> Option<(String, Vec<String>)> {
    let asked = check(cx, &request.query()).ok()?;
    let client = cx.store.client(&asked.client_id)?;
    Some((client.name.clone(), asked.scopes))
}
