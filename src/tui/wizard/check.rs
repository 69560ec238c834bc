//! What is wrong with a field, in a sentence that stands beside it.

use super::draft::{Draft, FieldId};
use super::preset::SecretNeed;
use crate::engine::check_client_id;
use crate::model::{ConnectionName, EndpointUrl, Issuer, RedirectUri, ScopeSet, UrlProblem};
use crate::tui::text::sentence;

/// Said of an address that the tick below it allows.
pub(super) const PLAIN_HTTP: &str = "Plain http: only for this machine, with this tick:";

/// The problem of a field, if it has one. `complete`: an empty field that is needed is a problem
/// too. `taken`: the names of other connections.
pub(super) fn problem(
    draft: &Draft,
    id: FieldId,
    complete: bool,
    taken: &[&ConnectionName],
) -> Option<String> {
    let text = draft.text(id);
    if text.is_empty() {
        return missing(draft, id).filter(|_| complete);
    }
    match id {
        FieldId::Variable(_) => match draft.preset_provider() {
            Some(Err(words)) => Some(words),
            _ => None,
        },
        FieldId::Authorization
        | FieldId::Token
        | FieldId::Device
        | FieldId::Revocation
        | FieldId::Introspection
        | FieldId::Userinfo
        | FieldId::TestRead
        | FieldId::Resource => {
            let problem = EndpointUrl::parse(text, draft.dev_http).err()?;
            Some(url_problem(text, &problem).unwrap_or_else(|| sentence(&problem)))
        }
        FieldId::Issuer => {
            let problem = Issuer::parse(text, draft.dev_http).err()?;
            Some(url_problem(text, &problem).unwrap_or_else(|| sentence(&problem)))
        }
        FieldId::Redirect => RedirectUri::parse(text)
            .err()
            .map(|problem| sentence(&problem)),
        FieldId::Scopes => ScopeSet::parse(text)
            .err()
            .map(|problem| sentence(&problem)),
        FieldId::Extra => extra(text).err(),
        FieldId::ClientId => check_client_id(text)
            .err()
            .map(|problem| sentence(&problem)),
        FieldId::Name => match ConnectionName::parse(text) {
            Err(problem) => Some(sentence(&problem)),
            Ok(name) => taken
                .contains(&&name)
                .then(|| "This name is taken.".to_owned()),
        },
    }
}

/// The secret's problem: it is masked, so it is not one of the fields.
pub(super) fn secret_problem(draft: &Draft) -> Option<String> {
    let needed = draft.chosen_way().secret == SecretNeed::Required;
    (needed && draft.secret.is_empty()).then(|| "This provider wants its client secret.".to_owned())
}

/// Pairs of extra parameters: `audience=api prompt=consent`.
pub(super) fn extra(text: &str) -> Result<Vec<(String, String)>, String> {
    text.split_whitespace()
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
            _ => Err("Write pairs: name=value name=value.".to_owned()),
        })
        .collect()
}

fn missing(draft: &Draft, id: FieldId) -> Option<String> {
    let needed = match id {
        FieldId::Variable(_) => "This is needed to know the addresses.",
        FieldId::Token => "The token URL is needed.",
        FieldId::Authorization if draft.text(FieldId::Device).is_empty() => {
            "The authorization URL is needed (or a device URL, under more)."
        }
        FieldId::ClientId => "The client ID is needed.",
        FieldId::Redirect => "A redirect URL is needed.",
        _ => return None,
    };
    Some(needed.to_owned())
}

fn url_problem(text: &str, problem: &UrlProblem) -> Option<String> {
    if *problem != UrlProblem::PlainHttp {
        return None;
    }
    let here = EndpointUrl::parse(text, true).is_ok();
    Some(if here {
        PLAIN_HTTP.to_owned()
    } else {
        "Plain http would expose the sign-in. Use https.".to_owned()
    })
}
