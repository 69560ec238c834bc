//! `rename` and `edit`.

use std::path::Path;

use super::add::{address, auth, ca_file};
use super::failed::Failed;
use super::output;
use super::prompt::secret_from;
use super::setup::Setup;
use crate::model::{
    ClientAuth, Connection, ConnectionName, EndpointUrl, Issuer, Policy, RedirectUri, ScopeSet,
    TestRead, span,
};

pub(super) fn rename(setup: &Setup, from: &str, to: &str) -> Result<(), Failed> {
    let connection = setup.engine.connection(from)?;
    let name = ConnectionName::parse(to)
        .map_err(|problem| Failed::usage("name", format!("{problem}."), "Choose another name."))?;
    setup.engine.rename(&connection.id, &name)?;
    output::note(&format!("Renamed {} to {name}.", connection.name));
    Ok(())
}

pub(super) fn run(
    setup: &Setup,
    name: &str,
    fields: &[String],
    secret_file: Option<&Path>,
) -> Result<(), Failed> {
    let mut connection = setup.engine.connection(name)?;
    let mut problems = Vec::new();
    for field in fields {
        match field.split_once('=') {
            Some((field, value)) => {
                if let Err(problem) = set(&mut connection, field, value) {
                    problems.push(format!("{field}: {problem}"));
                }
            }
            None => problems.push(format!("{field}: write it as FIELD=VALUE")),
        }
    }
    if !problems.is_empty() {
        return Err(Failed::usage(
            "edit",
            problems.join("\n  "),
            "See valetkey edit --help; nothing was changed.",
        ));
    }
    let secret = secret_file.map(secret_from).transpose()?;
    if secret.is_some() {
        setup.open_vault()?;
        connection.registration.has_secret = true;
        if connection.registration.auth == ClientAuth::None {
            connection.registration.auth = ClientAuth::Post;
        }
    }
    let edited = setup.engine.edit(&connection, secret.as_ref().map(Some))?;
    output::note(&format!("Changed {}.", connection.name));
    if edited.parked {
        output::note(&format!(
            "An address, client ID or redirect URI changed: the old tokens are not sent there and were erased.\n  run: valetkey login {}",
            connection.name
        ));
    }
    Ok(())
}

/// Whether a change (FIELD=VALUE) leads the sign-in's tokens elsewhere, which ends it here.
pub(super) fn parks(setup: &Setup, name: &str, change: &str) -> Result<bool, Failed> {
    let before = setup.engine.connection(name)?;
    let mut after = before.clone();
    let understood = change
        .split_once('=')
        .is_some_and(|(field, value)| set(&mut after, field, value).is_ok());
    let signed_in = before.grant.is_some() && before.ended.is_none();
    Ok(understood && signed_in && before.endpoint_identity() != after.endpoint_identity())
}

/// What can be changed.
pub(super) const FIELDS: [&str; 15] = [
    "authorization-url",
    "token-url",
    "device-url",
    "revocation-url",
    "introspection-url",
    "userinfo-url",
    "issuer",
    "client-id",
    "redirect-uri",
    "scope",
    "test-url",
    "auth",
    "ca-file",
    "policy",
    "lifetime",
];

fn set(connection: &mut Connection, field: &str, value: &str) -> Result<(), String> {
    let dev_http = connection.dev_http;
    let endpoints = &mut connection.provider.endpoints;
    let url = |value: &str| -> Result<Option<EndpointUrl>, String> {
        if value.is_empty() {
            Ok(None)
        } else {
            address(value, dev_http).map(Some)
        }
    };
    match field {
        "authorization-url" => endpoints.authorization = url(value)?,
        "token-url" => endpoints.token = Some(address(value, dev_http)?),
        "device-url" => endpoints.device = url(value)?,
        "revocation-url" => endpoints.revocation = url(value)?,
        "introspection-url" => endpoints.introspection = url(value)?,
        "userinfo-url" => endpoints.userinfo = url(value)?,
        "issuer" => {
            connection.provider.issuer = if value.is_empty() {
                None
            } else {
                Some(Issuer::parse(value, dev_http).map_err(|problem| problem.to_string())?)
            };
        }
        "client-id" if value.is_empty() => return Err("a client ID is needed".to_owned()),
        "client-id" => value.clone_into(&mut connection.registration.client_id),
        "redirect-uri" => {
            connection.registration.redirect =
                RedirectUri::parse(value).map_err(|problem| problem.to_string())?;
        }
        "scope" => {
            connection.requested = ScopeSet::parse(value).map_err(|problem| problem.to_string())?;
        }
        "test-url" => {
            connection.provider.test = url(value)?.map(TestRead::at);
        }
        "auth" => connection.registration.auth = auth(value)?,
        "ca-file" => {
            connection.ca_pem = if value.is_empty() {
                None
            } else {
                Some(ca_file(Path::new(value))?)
            }
        }
        "policy" => {
            connection.serving.policy = Policy::parse(value)
                .ok_or_else(|| format!("one of {}", Policy::ALL.map(Policy::word).join(", ")))?;
        }
        "lifetime" => {
            connection.serving.lifetime = if value.is_empty() {
                None
            } else {
                Some(span(value)?)
            };
        }
        "refresh-ahead" => {
            connection.serving.ahead = match value {
                "yes" => true,
                "no" | "" => false,
                _ => return Err("yes or no".to_owned()),
            };
        }
        "name" => return Err("use valetkey rename".to_owned()),
        "client-secret" | "secret" => {
            return Err("secrets never come as arguments; use --client-secret-file".to_owned());
        }
        _ => return Err("there is no such field".to_owned()),
    }
    Ok(())
}
