//! What is wrong with a field, in a sentence that stands beside it.

use super::draft::{Draft, FieldId, Tick};
use super::preset::SecretNeed;
use super::result;
use crate::engine::{Doubt, check_client_id, test_elsewhere};
use crate::model::{
    ConnectionName, EndpointUrl, Issuer, RedirectUri, ScopeSet, UrlProblem, has_blanks,
};
use crate::oauth::{check_extra_parameter, check_test_address};
use crate::tui::text::sentence;

/// A sentence, and what takes it away if a person says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldFault {
    pub(super) words: String,
    pub(super) tick: Option<Tick>,
}

impl FieldFault {
    fn of(problem: &impl std::fmt::Display) -> Self {
        sentence(problem).into()
    }

    fn unless(tick: Tick, words: String) -> Self {
        Self {
            words,
            tick: Some(tick),
        }
    }
}

impl From<String> for FieldFault {
    fn from(words: String) -> Self {
        Self { words, tick: None }
    }
}

/// The problem of a field, if it has one. `complete`: an empty field that is needed is a problem
/// too. `taken`: the names of other connections.
pub(super) fn problem(
    draft: &Draft,
    id: FieldId,
    complete: bool,
    taken: &[&ConnectionName],
) -> Option<FieldFault> {
    let text = draft.text(id);
    if text.trim().is_empty() {
        return missing(draft, id)
            .filter(|_| complete)
            .map(FieldFault::from);
    }
    match id {
        FieldId::Variable(_) => match draft.preset_provider() {
            Some(Err(words)) => Some(words.into()),
            _ => None,
        },
        FieldId::Authorization
        | FieldId::Token
        | FieldId::Device
        | FieldId::Revocation
        | FieldId::Introspection
        | FieldId::Userinfo
        | FieldId::Resource => url(draft, text).err(),
        FieldId::TestRead => match url(draft, text) {
            Ok(url) => test_read(draft, &url),
            Err(fault) => Some(fault),
        },
        FieldId::Issuer => {
            let problem = Issuer::typed(text, draft.dev_http()).err()?;
            Some(url_problem(text, &problem))
        }
        FieldId::Redirect => RedirectUri::parse(text)
            .err()
            .map(|problem| FieldFault::of(&problem)),
        FieldId::Scopes => ScopeSet::typed(text, draft.commas())
            .err()
            .map(|problem| FieldFault::of(&problem)),
        // Whether it is one is known once it was read.
        FieldId::Authority => draft
            .authority
            .problem(text)
            .map(str::to_owned)
            .map(FieldFault::from),
        FieldId::Extra => extra(text).err().map(FieldFault::from),
        FieldId::ClientId => match check_client_id(text) {
            Err(problem) => Some(FieldFault::of(&problem)),
            Ok(()) if has_blanks(text) && !draft.ticked(Tick::Blanks) => Some(FieldFault::unless(
                Tick::Blanks,
                sentence(&Doubt::BlankInClientId),
            )),
            Ok(()) => None,
        },
        FieldId::Name => match ConnectionName::parse(text) {
            Err(problem) => Some(FieldFault::of(&problem)),
            Ok(name) => taken
                .contains(&&name)
                .then(|| "This name is taken.".to_owned().into()),
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
            Some((key, value)) if !key.is_empty() => {
                check_extra_parameter(key).map_err(|problem| sentence(&problem))?;
                Ok((key.to_owned(), value.to_owned()))
            }
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

fn url(draft: &Draft, text: &str) -> Result<EndpointUrl, FieldFault> {
    EndpointUrl::parse(text, draft.dev_http()).map_err(|problem| url_problem(text, &problem))
}

fn url_problem(text: &str, problem: &UrlProblem) -> FieldFault {
    if *problem != UrlProblem::PlainHttp {
        return FieldFault::of(problem);
    }
    if EndpointUrl::parse(text, true).is_ok() {
        let words = "Plain http: only for this machine, with this tick:";
        FieldFault::unless(Tick::DevHttp, words.to_owned())
    } else {
        let words = "Plain http would expose the sign-in. Use https.";
        words.to_owned().into()
    }
}

/// Where the access token would go (conformance C-02).
fn test_read(draft: &Draft, url: &EndpointUrl) -> Option<FieldFault> {
    if let Err(problem) = check_test_address(url) {
        return Some(FieldFault::of(&problem));
    }
    let provider = result::provider(draft)?;
    let authority = test_elsewhere(&provider)?;
    let words = sentence(&Doubt::TestElsewhere(authority));
    (!draft.ticked(Tick::TestElsewhere)).then(|| FieldFault::unless(Tick::TestElsewhere, words))
}
