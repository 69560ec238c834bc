//! The page that a browser is sent to: what it demands, and where it sends the browser back.

use std::collections::BTreeSet;

use url::Url;

use crate::dressed::{Code, Dressed};
use crate::facts::{Authorize, Pkce, Port, Scope};
use crate::request::{Parameters, no_duplicates, value};

impl Dressed {
    /// The person approves everything: where the browser goes then, or what the page complains of.
    pub(crate) fn authorize(&self, address: &str) -> Result<String, String> {
        let facts = self.facts.authorize.as_ref();
        let facts = facts.ok_or("the service has no page to sign in")?;
        let url = Url::parse(address).map_err(|error| error.to_string())?;
        let bare = address.split('?').next().unwrap_or_default();
        if bare != facts.url {
            return Err(format!("{bare} is not the page of the service"));
        }
        let sent: Parameters = url.query_pairs().into_owned().collect();
        no_duplicates(&sent)?;
        let name = |standard: &str| -> String {
            let other = facts.names.get(standard);
            other.cloned().unwrap_or_else(|| standard.to_owned())
        };
        let given = |standard: &str| -> Result<Option<&str>, String> {
            let name = name(standard);
            match (
                value(&sent, &name),
                facts.omits.contains(&standard.to_owned()),
            ) {
                (Some(_), true) => Err(format!("`{name}` is not taken")),
                (found, _) => Ok(found),
            }
        };
        let equal = |standard: &str, wanted: &str| match given(standard)? {
            Some(found) if found == wanted => Ok(()),
            None if facts.omits.contains(&standard.to_owned()) => Ok(()),
            found => Err(format!("`{standard}` is {found:?} instead of `{wanted}`")),
        };
        equal("response_type", "code")?;
        equal("client_id", &self.app.client_id)?;
        let redirect = given("redirect_uri")?.ok_or("`redirect_uri` is missing")?;
        self.check_redirect(facts, redirect)?;
        let state = given("state")?.filter(|state| !state.is_empty());
        let state = state.ok_or("`state` is missing")?;
        if facts.longest_state.is_some_and(|most| state.len() > most) {
            return Err("`state` is too long".to_owned());
        }
        check_scopes(&facts.scope, &self.app.asked, &sent)?;
        let challenge = challenge(facts.pkce, &sent)?;
        for (name, wanted) in &facts.demands {
            if value(&sent, name) != Some(wanted) {
                return Err(format!("`{name}={wanted}` is missing"));
            }
        }
        let mut known = vec![
            name("response_type"),
            name("client_id"),
            name("redirect_uri"),
            name("state"),
            facts.scope.parameter.clone(),
            "code_challenge".to_owned(),
            "code_challenge_method".to_owned(),
        ];
        if self.app.asked.contains("openid") {
            known.push("nonce".to_owned());
        }
        known.extend(facts.demands.keys().cloned());
        if let Some((name, _)) = sent.iter().find(|(name, _)| !known.contains(name)) {
            return Err(format!("`{name}` is not known here"));
        }
        let nonce = value(&sent, "nonce").map(str::to_owned);
        let mut callback = Url::parse(redirect).map_err(|error| error.to_string())?;
        let mut serial = self.state();
        let code = serial.fresh("code");
        callback
            .query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", state)
            .extend_pairs(&facts.adds);
        serial.code = Some(Code {
            value: code,
            redirect: redirect.to_owned(),
            challenge,
            nonce,
        });
        Ok(callback.into())
    }

    fn check_redirect(&self, facts: &Authorize, redirect: &str) -> Result<(), String> {
        let rule = &facts.redirect;
        if rule.hosts.is_empty() {
            return Err(format!("{redirect}: only https addresses are taken"));
        }
        let sent = Url::parse(redirect).map_err(|error| error.to_string())?;
        let host = sent.host_str().unwrap_or_default();
        if !rule.hosts.iter().any(|known| known == host) {
            return Err(format!("{redirect}: a redirect to {host} is not taken"));
        }
        let registered = &self.app.redirect;
        let same = match rule.port {
            Port::Exact => redirect == registered,
            Port::Any => Url::parse(registered).is_ok_and(|registered| {
                registered.host_str() == sent.host_str() && registered.path() == sent.path()
            }),
        };
        if same {
            return Ok(());
        }
        Err(format!("{redirect} is not registered, {registered} is"))
    }
}

/// Whether exactly these scopes are asked for, in the service's own spelling.
pub(crate) fn check_scopes(
    facts: &Scope,
    asked: &BTreeSet<String>,
    sent: &Parameters,
) -> Result<(), String> {
    let Some(text) = value(sent, &facts.parameter) else {
        return if asked.is_empty() && !facts.needed {
            Ok(())
        } else {
            Err(format!("`{}` is missing", facts.parameter))
        };
    };
    if text.is_empty() {
        return Err(format!("`{}` is empty", facts.parameter));
    }
    let found: BTreeSet<String> = text
        .split(|c| facts.separator.contains(c))
        .map(str::to_owned)
        .collect();
    if let Some(unknown) = found.iter().find(|scope| !facts.known.contains(scope)) {
        return Err(format!("the scope `{unknown}` is not known"));
    }
    if found != *asked {
        return Err(format!("the scopes are {found:?} instead of {asked:?}"));
    }
    Ok(())
}

fn challenge(rule: Pkce, sent: &Parameters) -> Result<Option<String>, String> {
    let challenge = value(sent, "code_challenge");
    let method = value(sent, "code_challenge_method");
    match (rule, challenge) {
        (Pkce::Required, None) => Err("`code_challenge` is missing".to_owned()),
        (Pkce::Refused, Some(_)) => Err("`code_challenge` is not taken".to_owned()),
        (Pkce::Ignored, _) | (_, None) => Ok(None),
        (_, Some(_)) if method != Some("S256") => Err("the challenge is not S256".to_owned()),
        (_, Some(challenge)) => Ok(Some(challenge.to_owned())),
    }
}
