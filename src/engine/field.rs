//! The fields of a stored definition as people type them: one list and one reading for the command
//! `edit` and for the table.

use crate::model::{
    ClientAuth, Connection, ConnectionId, ConnectionName, EndpointUrl, Issuer, Policy, Quirk,
    RedirectProblem, RedirectUri, RevokeRule, ScopeProblem, ScopeSet, Secret, TestRead, UrlProblem,
    span,
};

use super::{Engine, Error};
use crate::oauth::{BuildProblem, check_test_address};
use crate::provider::check_certificates;

/// A field that can be changed after a connection was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Authorization,
    Token,
    Device,
    Revocation,
    Introspection,
    Userinfo,
    Issuer,
    TestRead,
    Redirect,
    ClientId,
    Auth,
    Scopes,
    Policy,
    Lifetime,
    Ahead,
    /// The certificate of an authority to trust beside those of this machine, in PEM form. People name the
    /// file that holds it.
    Authority,
}

/// Why a value was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    #[error(transparent)]
    Url(#[from] UrlProblem),
    #[error(transparent)]
    Redirect(#[from] RedirectProblem),
    #[error(transparent)]
    Scope(#[from] ScopeProblem),
    #[error("{0}")]
    Span(String),
    #[error("{0} is needed")]
    Needed(&'static str),
    #[error("a client ID is one line of text")]
    Control,
    #[error(transparent)]
    Test(#[from] BuildProblem),
    #[error("use {}", .0.join(", "))]
    Choice(&'static [&'static str]),
    #[error("{0}")]
    Authority(&'static str),
}

/// A definition was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub name: ConnectionName,
    /// Its sign-in was parked (conformance G-07).
    pub parked: bool,
}

/// A new value of a field.
pub type Edit = (Field, String);

const AUTHS: &[&str] = &["none", "basic", "post"];
const POLICIES: &[&str] = &["allow", "confirm", "confirm-session", "deny"];
const YES_NO: &[&str] = &["no", "yes"];

impl Field {
    /// Those that are typed as they are stored: all but [`Field::Authority`], which comes out of a file.
    pub const ALL: [Field; 15] = [
        Field::Authorization,
        Field::Token,
        Field::Device,
        Field::Revocation,
        Field::Introspection,
        Field::Userinfo,
        Field::Issuer,
        Field::TestRead,
        Field::Redirect,
        Field::ClientId,
        Field::Auth,
        Field::Scopes,
        Field::Policy,
        Field::Lifetime,
        Field::Ahead,
    ];

    /// Its word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Authorization => "authorization-url",
            Self::Token => "token-url",
            Self::Device => "device-url",
            Self::Revocation => "revocation-url",
            Self::Introspection => "introspection-url",
            Self::Userinfo => "userinfo-url",
            Self::Issuer => "issuer",
            Self::TestRead => "test-url",
            Self::Redirect => "redirect-uri",
            Self::ClientId => "client-id",
            Self::Auth => "auth",
            Self::Scopes => "scope",
            Self::Policy => "policy",
            Self::Lifetime => "lifetime",
            Self::Ahead => "refresh-ahead",
            Self::Authority => "ca-file",
        }
    }

    /// By its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.word() == word)
    }

    /// The values that it may have; none when it is free text.
    pub fn choices(self) -> &'static [&'static str] {
        match self {
            Self::Auth => AUTHS,
            Self::Policy => POLICIES,
            Self::Ahead => YES_NO,
            _ => &[],
        }
    }

    /// Its value in a definition, as it would be typed.
    pub fn text(self, connection: &Connection) -> String {
        let endpoints = &connection.provider.endpoints;
        let url =
            |url: &Option<EndpointUrl>| url.as_ref().map(ToString::to_string).unwrap_or_default();
        match self {
            Self::Authorization => url(&endpoints.authorization),
            Self::Token => url(&endpoints.token),
            Self::Device => url(&endpoints.device),
            Self::Revocation => url(&endpoints.revocation),
            Self::Introspection => url(&endpoints.introspection),
            Self::Userinfo => url(&endpoints.userinfo),
            Self::Issuer => {
                let issuer = connection.provider.issuer.as_ref();
                issuer.map_or_else(String::new, |issuer| issuer.as_str().to_owned())
            }
            Self::TestRead => {
                let test = connection.provider.test.as_ref();
                test.map_or_else(String::new, |test| test.url.to_string())
            }
            Self::Redirect => connection.registration.redirect.to_string(),
            Self::ClientId => connection.registration.client_id.clone(),
            Self::Auth => connection.registration.auth.as_str().to_owned(),
            Self::Scopes => connection.requested.to_string(),
            Self::Policy => connection.serving.policy.word().to_owned(),
            Self::Lifetime => connection
                .serving
                .lifetime
                .map_or_else(String::new, written),
            Self::Ahead => YES_NO[usize::from(connection.serving.ahead)].to_owned(),
            Self::Authority => connection.ca_pem.clone().unwrap_or_default(),
        }
    }

    /// Puts a value into a definition.
    pub fn put(self, connection: &mut Connection, value: &str) -> Result<(), FieldProblem> {
        let dev_http = connection.dev_http;
        let provider = &mut connection.provider;
        let endpoints = &mut provider.endpoints;
        let url = || -> Result<Option<EndpointUrl>, FieldProblem> {
            match value {
                "" => Ok(None),
                text => Ok(Some(EndpointUrl::parse(text, dev_http)?)),
            }
        };
        match self {
            Self::Authorization => endpoints.authorization = url()?,
            Self::Token if value.is_empty() => return Err(FieldProblem::Needed("a token URL")),
            Self::Token => endpoints.token = url()?,
            Self::Device => endpoints.device = url()?,
            Self::Revocation => {
                endpoints.revocation = url()?;
                if provider.revoke == RevokeRule::None && endpoints.revocation.is_some() {
                    provider.revoke = RevokeRule::Standard;
                }
            }
            Self::Introspection => endpoints.introspection = url()?,
            Self::Userinfo => endpoints.userinfo = url()?,
            Self::Issuer => {
                provider.issuer = match value {
                    "" => None,
                    text => Some(Issuer::typed(text, dev_http)?),
                };
            }
            Self::TestRead => {
                let url = url()?;
                url.as_ref().map_or(Ok(()), check_test_address)?;
                provider.test = url.map(TestRead::at);
            }
            Self::Redirect => connection.registration.redirect = RedirectUri::parse(value)?,
            Self::ClientId => {
                check_client_id(value)?;
                value.clone_into(&mut connection.registration.client_id);
            }
            Self::Auth => {
                connection.registration.auth =
                    ClientAuth::parse(value).ok_or(FieldProblem::Choice(AUTHS))?;
            }
            Self::Scopes => {
                let commas = provider.has(&Quirk::CommaScopes);
                connection.requested = ScopeSet::typed(value, commas)?;
            }
            Self::Policy => {
                connection.serving.policy =
                    Policy::parse(value).ok_or(FieldProblem::Choice(POLICIES))?;
            }
            Self::Lifetime => {
                connection.serving.lifetime = match value {
                    "" => None,
                    text => Some(span(text).map_err(FieldProblem::Span)?),
                };
            }
            Self::Ahead => {
                connection.serving.ahead = match value {
                    "yes" => true,
                    "no" | "" => false,
                    _ => return Err(FieldProblem::Choice(YES_NO)),
                };
            }
            Self::Authority if value.is_empty() => connection.ca_pem = None,
            Self::Authority => {
                check_certificates(value).map_err(FieldProblem::Authority)?;
                connection.ca_pem = Some(value.to_owned());
            }
        }
        Ok(())
    }
}

/// A span as it would be typed.
fn written(span: crate::model::Seconds) -> String {
    let seconds = span.0;
    [(86_400, 'd'), (3_600, 'h'), (60, 'm')]
        .into_iter()
        .find(|(unit, _)| seconds.is_multiple_of(*unit))
        .map_or_else(
            || seconds.to_string(),
            |(unit, letter)| format!("{}{letter}", seconds / unit),
        )
}

/// A client ID as typed: kept exactly. Whether a blank belongs to it is a person's to say ([`super::Doubt`]).
pub fn check_client_id(text: &str) -> Result<(), FieldProblem> {
    if text.trim().is_empty() {
        return Err(FieldProblem::Needed("a client ID"));
    }
    if text.chars().any(char::is_control) {
        return Err(FieldProblem::Control);
    }
    Ok(())
}

/// Puts all values in and tells everything that is wrong, each beside its field.
pub fn put_all(connection: &mut Connection, edits: &[Edit]) -> Vec<(Field, FieldProblem)> {
    let mut problems: Vec<_> = edits
        .iter()
        .filter_map(|(field, value)| Some((*field, field.put(connection, value).err()?)))
        .collect();
    let endpoints = &connection.provider.endpoints;
    let touched = edits
        .iter()
        .any(|(field, _)| matches!(field, Field::Authorization | Field::Device));
    if touched
        && problems.is_empty()
        && endpoints.authorization.is_none()
        && endpoints.device.is_none()
    {
        let needed = FieldProblem::Needed("an authorization URL or a device URL");
        problems.push((Field::Authorization, needed));
    }
    problems
}

impl Engine {
    /// Changes fields of what is stored now. A new client secret comes with the vault open.
    pub fn change(
        &self,
        id: &ConnectionId,
        edits: &[Edit],
        client_secret: Option<&Secret>,
    ) -> Result<Changed, Error> {
        let mut connection = self.connection_by_id(id)?;
        if !put_all(&mut connection, edits).is_empty() {
            return Err(Error::Incomplete("a field holds what it may not hold"));
        }
        let edited = self.edit(&connection, client_secret.map(Some))?;
        Ok(Changed {
            name: connection.name,
            parked: edited.parked,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::others::tests::{definition, engine};
    use crate::vault::Home;

    /// A definition with every address in it, stored in memory.
    fn stored() -> (Engine, Connection) {
        let engine = engine(&Home::Memory);
        let id = engine.add(definition()).expect("added");
        let mut connection = engine.connection_by_id(&id).expect("there");
        let filled = [
            (Field::Authorization, "https://a.example/authorize"),
            (Field::Device, "https://a.example/device"),
            (Field::TestRead, "https://a.example/me"),
            (Field::Scopes, "read write"),
        ];
        for (field, text) in filled {
            field.put(&mut connection, text).expect(text);
        }
        (engine, connection)
    }

    fn connection() -> Connection {
        stored().1
    }

    #[test]
    fn fields_of_what_is_stored_now_are_changed() {
        let (engine, connection) = stored();
        let edits = [(Field::Scopes, "read".to_owned())];
        let other = [(Field::Lifetime, "8h".to_owned())];
        engine
            .change(&connection.id, &edits, None)
            .expect("changed");
        let changed = engine
            .change(&connection.id, &other, None)
            .expect("changed");
        assert!(!changed.parked, "nobody is signed in");
        let now = engine.connection_by_id(&connection.id).expect("there");
        assert_eq!(Field::Scopes.text(&now), "read", "the first change stays");
        assert_eq!(Field::Lifetime.text(&now), "8h");
        let wrong = [(Field::Token, "ftp://a.example".to_owned())];
        assert!(engine.change(&connection.id, &wrong, None).is_err());
        assert_eq!(engine.connection_by_id(&connection.id).expect("there"), now);
        // A secret that comes is also sent.
        let secret = Secret::new("fake-secret".to_owned());
        engine
            .change(&connection.id, &[], Some(&secret))
            .expect("changed");
        let registration = engine
            .connection_by_id(&connection.id)
            .expect("there")
            .registration;
        assert!(registration.has_secret);
        assert_eq!(registration.auth, ClientAuth::Post);
    }

    #[test]
    fn what_is_shown_is_what_is_typed() {
        let stored = connection();
        let mut same = stored.clone();
        let edits: Vec<Edit> = Field::ALL
            .into_iter()
            .map(|field| (field, field.text(&stored)))
            .collect();
        assert_eq!(put_all(&mut same, &edits), []);
        assert_eq!(same, stored);
        for (typed, shown) in [("90", "90"), ("3600s", "1h"), ("36h", "36h"), ("2d", "2d")] {
            Field::Lifetime.put(&mut same, typed).expect("a span");
            assert_eq!(Field::Lifetime.text(&same), shown);
        }
    }

    #[test]
    fn f17_an_authority_is_put_in_as_it_is_read_and_taken_away() {
        let mut changed = connection();
        let before = changed.clone();
        let pem = authority();
        Field::Authority.put(&mut changed, &pem).expect("one");
        assert_eq!(Field::Authority.text(&changed), pem);
        assert_ne!(changed.endpoint_identity(), before.endpoint_identity());
        let problem = Field::Authority.put(&mut changed, "words");
        assert!(matches!(problem, Err(FieldProblem::Authority(_))));
        Field::Authority.put(&mut changed, "").expect("none");
        assert_eq!(changed, before);
    }

    fn authority() -> String {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.self_signed(&key).expect("signed").pem()
    }

    #[test]
    fn every_field_has_one_word() {
        for field in Field::ALL {
            assert_eq!(Field::parse(field.word()), Some(field));
        }
        assert_eq!(Field::parse("name"), None);
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let mut changed = connection();
        let edit = |field, text: &str| (field, text.to_owned());
        let problems = put_all(
            &mut changed,
            &[
                edit(Field::Token, "http://plain.example"),
                edit(Field::ClientId, "a\tb"),
                edit(Field::Auth, "magic"),
                edit(Field::Scopes, "read"),
            ],
        );
        let fields: Vec<Field> = problems.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, [Field::Token, Field::ClientId, Field::Auth]);
        // One way to sign in has to stay; in whichever order they are typed.
        let needed = |edits: &[Edit]| put_all(&mut connection(), edits).len();
        let none = [edit(Field::Authorization, ""), edit(Field::Device, "")];
        assert_eq!(needed(&none), 1);
        let other = [
            edit(Field::Authorization, ""),
            edit(Field::Device, "https://a.example/code"),
        ];
        assert_eq!(needed(&other), 0);
    }

    #[test]
    fn l_07_a_typed_revocation_address_is_used() {
        let mut changed = connection();
        assert_eq!(changed.provider.revoke, RevokeRule::None);
        Field::Revocation
            .put(&mut changed, "https://a.example/end")
            .expect("an address");
        assert_eq!(changed.provider.revoke, RevokeRule::Standard);
    }
}
