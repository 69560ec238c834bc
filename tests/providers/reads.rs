//! Reading with an access token, and ending access.

use std::collections::BTreeMap;

use crate::dressed::{Dressed, State};
use crate::endpoints::Answered;
use crate::facts::{Read, Revoke, Takes, TokenPlace};
use crate::fixture::Fixture;
use crate::form::{Form, check_headers};
use crate::request::Request;

impl Dressed {
    pub(crate) fn read(&self, facts: &Read, request: &Request) -> Answered {
        check_headers(&facts.headers, request, |text| self.filled(text))?;
        if let Some(wanted) = &facts.body {
            let as_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
            let sent = request.text();
            let same = match as_json(wanted) {
                _ if wanted == "*" => true,
                Some(wanted) => as_json(&sent) == Some(wanted),
                None => sent == *wanted,
            };
            if !same {
                return Err(format!("the body is `{sent}` instead of `{wanted}`"));
            }
        } else if !request.body.is_empty() {
            return Err("a body is sent where none belongs".to_owned());
        }
        let token = match &facts.gives_token_in {
            TokenPlace::Bearer => request.bearer(),
            TokenPlace::Header(name) => request.header(name),
        };
        let token = token.ok_or("the access token is missing")?;
        let answer = if self.takes_access(token) {
            &facts.answer
        } else {
            &facts.refusal
        };
        Ok(Some(self.reply(answer)))
    }

    pub(crate) fn revoke(&self, facts: &Revoke, request: &Request) -> Answered {
        check_headers(&facts.headers, request, |text| self.filled(text))?;
        let sent = request.parameters(facts.body)?;
        let none = (BTreeMap::new(), Vec::new());
        let mut form = Form::new(&sent, &none.0, &none.1);
        self.check_client(facts.client, request, &mut form)?;
        let demands = facts.demands.iter();
        let demands = demands.map(|(name, wanted)| (name.clone(), self.filled(wanted)));
        form.demands(&demands.collect())?;
        let named = match &facts.token {
            Some(name) => Some(form.needs(name)?.to_owned()),
            None => request.bearer().map(str::to_owned),
        };
        form.may("token_type_hint")?;
        form.nothing_else()?;
        let named = named.ok_or("the token is missing")?;
        let mut state = self.state();
        let is_refresh = State::is_refresh(&named);
        match (facts.takes, &facts.not_taken) {
            (Takes::Refresh, Some(answer)) if !is_refresh => {
                drop(state);
                return Ok(Some(self.reply(answer)));
            }
            (Takes::Access, _) if is_refresh => {
                return Err("a refresh token is not taken here".to_owned());
            }
            _ => {}
        }
        let known = state.end(&named, facts.ends);
        drop(state);
        Ok(Some(self.reply(if known {
            &facts.answer
        } else {
            &facts.gone
        })))
    }
}

/// The facts may say that a secret is needed to end access.
pub(crate) fn revocation_needs_secret(facts: &Fixture) -> bool {
    let revoke = facts.revoke.as_ref();
    revoke.is_some_and(|revoke| {
        let mut demands = revoke.demands.values();
        revoke.client.needs_secret() || demands.any(|wanted| wanted == "$CLIENT_SECRET")
    })
}
