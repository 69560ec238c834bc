//! Reading definitions as strictly as a hostile provider's answer (conformance X-06): everything wrong is
//! listed at once with its place, and then nothing is taken over.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::read_provider::provider;
use super::{Catalogue, Definition};
use crate::model::has_blanks;
use crate::model::strict_toml::{Fields, Findings};
use crate::model::{
    ClientAuth, ConnectionName, Policy, Quirk, RedirectUri, Scope, ScopeSet, Serving, span,
};
use crate::provider::check_certificates;
use crate::provider::rules::check_resource;

pub use crate::model::strict_toml::Located;

/// Version of the file's layout; newer ones are refused.
pub(super) const VERSION: i64 = 1;
/// Longest file that is read, in bytes.
const LONGEST: usize = 1 << 20;
/// Most definitions in one file.
pub const MOST_DEFINITIONS: usize = 500;

/// What stands in a file without a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definitions {
    pub definitions: Vec<Definition>,
    /// What was passed over.
    pub warnings: Vec<Located>,
}

/// Reads a file. The catalogue tells what only a preset may fix (conformance C-09).
///
/// # Errors
/// Everything that is wrong, in the order of the file.
pub fn read_definitions(text: &str, catalogue: &Catalogue) -> Result<Definitions, Vec<Located>> {
    let findings = Findings::of(text);
    let definitions = read(text, catalogue, &findings);
    let (problems, warnings) = findings.sorted();
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Definitions {
        definitions,
        warnings,
    })
}

fn read(text: &str, catalogue: &Catalogue, findings: &Findings<'_>) -> Vec<Definition> {
    if text.len() > LONGEST {
        findings.wrong(&(0..0), "the file is larger than 1 MiB");
        return Vec::new();
    }
    let file = match DeTable::parse(text) {
        Ok(file) => file,
        Err(error) => {
            findings.wrong(&error.span().unwrap_or_default(), error.message());
            return Vec::new();
        }
    };
    let at = 0..0;
    let fields = Fields::of(findings, file.get_ref(), at.clone(), "");
    if !has_our_version(&fields) {
        // Whatever else it says may mean something else.
        return Vec::new();
    }
    let tables = fields.tables("connection");
    if tables.len() > MOST_DEFINITIONS {
        findings.wrong(
            &at,
            format!(
                "there are {} connections in it; at most {MOST_DEFINITIONS} are taken at a time",
                tables.len()
            ),
        );
        return Vec::new();
    }
    let mut names = BTreeSet::new();
    let mut definitions = Vec::new();
    for table in tables {
        let place = table.place().clone();
        let Some(definition) = connection(table, catalogue) else {
            continue;
        };
        if !names.insert(definition.name.as_str().to_lowercase()) {
            let name = &definition.name;
            findings.wrong(&place, format!("{name}: this name stands here twice"));
        }
        definitions.push(definition);
    }
    fields.end();
    definitions
}

fn has_our_version(fields: &Fields<'_>) -> bool {
    let Some(found) = fields.get("version") else {
        fields.missing("version");
        return false;
    };
    let version = match found.get_ref() {
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    match version {
        Some(VERSION) => return true,
        Some(newer) if newer > VERSION => fields.wrong(
            &found.span(),
            "version",
            format!("{newer} was written by a newer valetkey; this one reads {VERSION}"),
        ),
        _ => fields.wrong(&found.span(), "version", format!("{VERSION} is needed")),
    }
    false
}

/// `None` when something is wrong, which was noted then.
fn connection(mut fields: Fields<'_>, catalogue: &Catalogue) -> Option<Definition> {
    let name = fields.needed("name", ConnectionName::parse);
    if let Some(name) = &name {
        fields.call(name.as_str());
    }
    let dev_http = fields.flag("dev_http");
    let client_id = fields.needed("client_id", |text| match text.trim() {
        "" => Err("it is empty"),
        // A path part of dots would move a preset's address.
        "." | ".." => Err("it is no client ID"),
        _ => Ok(text.to_owned()),
    });
    if client_id.as_deref().is_some_and(has_blanks) {
        fields.remark("client_id", "it has a blank in it, which is kept");
    }
    let auth = fields.parsed("auth", client_auth);
    // Told for people; `auth` decides.
    fields.flag("needs_client_secret");
    let redirect = fields.parsed("redirect_uri", RedirectUri::parse);
    let scopes: ScopeSet = fields.list("scopes", Scope::wished).into_iter().collect();
    let at = fields.get("scopes").map_or(0..0, toml::Spanned::span);
    let scopes = fields.checked("scopes", &at, scopes.bounded());
    let scopes = scopes.unwrap_or_default();
    let resources = fields.list("resources", |text| {
        check_resource(text).map(|()| text.to_owned())
    });
    let ca_pem = fields.lines("ca_certificates").and_then(|(text, at)| {
        fields.checked("ca_certificates", &at, check_certificates(text))?;
        Some(text.to_owned())
    });
    let serving = Serving {
        policy: fields.parsed("policy", policy).unwrap_or_default(),
        lifetime: fields.parsed("lifetime", span),
        ahead: fields.flag("refresh_ahead"),
    };
    let provider_table = fields.table("provider");
    if provider_table.is_none() && fields.get("provider").is_none() {
        fields.missing("provider");
    }
    let place = fields.place().clone();
    let provider = provider_table.and_then(|table| provider(table, dev_http));
    let definition = (|| {
        Some(Definition {
            name: name?,
            provider: provider?,
            client_id: client_id?,
            auth: auth.unwrap_or_default(),
            redirect: redirect.unwrap_or_else(RedirectUri::any_port),
            scopes,
            resources,
            dev_http,
            ca_pem,
            serving,
        })
    })();
    if let Some(definition) = &definition {
        check_whole(&fields, &place, definition, catalogue);
    }
    fields.end();
    definition
}

/// What only the whole definition shows.
fn check_whole(
    fields: &Fields<'_>,
    place: &Range<usize>,
    definition: &Definition,
    catalogue: &Catalogue,
) {
    if !definition.sends_only_what_it_may(catalogue) {
        fields.wrong(
            place,
            "provider",
            "a POST as test read, and an address of its own to revoke at, are taken only as the preset of this id \
             has them: take `test` and `revoke` out, or put the preset's file into providers/ (docs/PROVIDERS.md)",
        );
    }
    if definition.provider.has(&Quirk::NoPkce) && !definition.needs_client_secret() {
        fields.wrong(
            place,
            "provider.quirks",
            "`no-pkce` is for clients with a secret",
        );
    }
}

fn policy(word: &str) -> Result<Policy, &'static str> {
    Policy::parse(word).ok_or("one of allow, confirm, confirm-session, deny")
}

fn client_auth(text: &str) -> Result<ClientAuth, &'static str> {
    [ClientAuth::None, ClientAuth::Basic, ClientAuth::Post]
        .into_iter()
        .find(|auth| auth.as_str() == text)
        .ok_or("use none, basic or post")
}
