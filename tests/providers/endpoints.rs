//! The addresses that give tokens: for a code, a device code or a refresh token.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::authorize::check_scopes;
use crate::dressed::{By, DeviceCode, Dressed, Script};
use crate::facts::{Body, Client, Device, Pkce, Refresh, RefreshTokens, Token};
use crate::form::{Form, check_headers, posted};
use crate::identity;
use crate::request::{Parameters, Reply, Request, value};

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A reply, a broken connection, or the fact that was broken.
pub(crate) type Answered = Result<Option<Reply>, String>;

impl Dressed {
    pub(crate) fn route(&self, request: &Request) -> Answered {
        let facts = &self.facts;
        let at = request.address();
        let is = |url: &str| self.filled(url) == at;
        if let Some(refresh) = &facts.refresh
            && refresh.url.as_deref().is_some_and(is)
        {
            return self.refresh(refresh, request);
        }
        if let Some(revoke) = &facts.revoke
            && request.method == revoke.method
            && is(&revoke.url)
        {
            return self.revoke(revoke, request);
        }
        if let Some(device) = facts.device.as_ref().filter(|device| is(&device.url)) {
            return self.device(device, request);
        }
        if let Some(token) = facts.token.as_ref().filter(|token| is(&token.url)) {
            return self.token(token, request);
        }
        if facts.identity.as_ref().is_some_and(|facts| is(&facts.keys)) {
            return Ok(Some(Reply::json(200, identity::keys())));
        }
        for read in facts.test.iter().chain(&facts.also) {
            if read.method == request.method && self.filled(&read.url) == request.url {
                return self.read(read, request);
            }
        }
        Err("the service has no such address".to_owned())
    }

    fn token(&self, facts: &Token, request: &Request) -> Answered {
        posted(request)?;
        check_headers(&facts.headers, request, |text| self.filled(text))?;
        let sent = request.parameters(facts.body)?;
        match value(&sent, "grant_type") {
            Some("refresh_token") => match &self.facts.refresh {
                Some(refresh) => self.refresh(refresh, request),
                None => Err("there are no refresh tokens here".to_owned()),
            },
            Some(DEVICE_GRANT) => match &self.facts.device {
                Some(device) => self.poll(facts, device, request, &sent),
                None => Err("there are no device codes here".to_owned()),
            },
            _ => self.exchange(facts, request, &sent),
        }
    }

    fn exchange(&self, facts: &Token, request: &Request, sent: &Parameters) -> Answered {
        let mut form = Form::new(sent, &facts.names, &facts.omits);
        form.is("grant_type", "authorization_code")?;
        self.check_client(facts.client, request, &mut form)?;
        form.demands(&facts.demands)?;
        let code = form.needs("code")?.to_owned();
        let redirect = form.may("redirect_uri")?.map(str::to_owned);
        let verifier = form.may("code_verifier")?.map(str::to_owned);
        form.nothing_else()?;
        let known = self.state().code.take();
        let Some(known) = known.filter(|known| known.value == code) else {
            return Ok(Some(self.reply(&facts.refusal)));
        };
        if !facts.omits.contains(&"redirect_uri".to_owned())
            && redirect.as_ref() != Some(&known.redirect)
        {
            return Err(format!("{redirect:?} is not {}", known.redirect));
        }
        match (&known.challenge, &verifier) {
            (Some(_), None) => return Err("`code_verifier` is missing".to_owned()),
            (Some(challenge), Some(verifier)) => {
                let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
                if digest != *challenge {
                    return Err("`code_verifier` does not fit".to_owned());
                }
            }
            (None, Some(_)) if self.refuses_pkce() => {
                return Err("`code_verifier` is not taken".to_owned());
            }
            (None, _) => {}
        }
        let grant = self
            .state()
            .sign_in(known.nonce, self.facts.refresh.is_some());
        Ok(Some(
            self.reply_with(&facts.answer, &self.issued(grant, false)),
        ))
    }

    fn refuses_pkce(&self) -> bool {
        let facts = self.facts.authorize.as_ref();
        facts.is_some_and(|facts| facts.pkce == Pkce::Refused)
    }

    /// How the client proves itself in this sign-in.
    fn client(&self) -> Client {
        match (self.by, &self.facts.device) {
            (By::Device, Some(device)) => device.client,
            _ => self.facts.token().client,
        }
    }

    fn refresh(&self, facts: &Refresh, request: &Request) -> Answered {
        posted(request)?;
        let token = self.facts.token();
        check_headers(&token.headers, request, |text| self.filled(text))?;
        let sent = request.parameters(token.body)?;
        let mut form = Form::new(&sent, &token.names, &facts.omits);
        form.is("grant_type", "refresh_token")?;
        self.check_client(self.client(), request, &mut form)?;
        form.demands(&facts.demands)?;
        let presented = form.needs("refresh_token")?.to_owned();
        let scope = self.facts.authorize.as_ref().map(|facts| &facts.scope);
        if let Some(scope) = scope.filter(|_| facts.repeats_scope) {
            check_scopes(scope, &self.app.asked, &sent)?;
            form.may(&scope.parameter)?;
        }
        form.nothing_else()?;
        let mut state = self.state();
        let Some(grant) = state.refreshed_by(&presented, facts.reuse_ends_all) else {
            state.presented += 1;
            drop(state);
            return Ok(Some(self.reply(&facts.ended)));
        };
        let rotates = facts.tokens == RefreshTokens::Rotates;
        state.renew(grant, rotates, facts.ends_old_access);
        if state.script == Script::CutRefresh {
            state.script = Script::Usual;
            state.presented = 1;
            return Ok(None);
        }
        drop(state);
        Ok(Some(
            self.reply_with(&facts.answer, &self.issued(grant, true)),
        ))
    }

    fn device(&self, facts: &Device, request: &Request) -> Answered {
        posted(request)?;
        check_headers(&facts.headers, request, |text| self.filled(text))?;
        let sent = request.parameters(Body::Form)?;
        let none = (BTreeMap::new(), Vec::new());
        let mut form = Form::new(&sent, &none.0, &none.1);
        self.check_client(facts.client, request, &mut form)?;
        let by_browser = self.facts.authorize.as_ref().map(|facts| &facts.scope);
        if let Some(scope) = facts.scope.as_ref().or(by_browser) {
            check_scopes(scope, &self.app.asked, &sent)?;
            form.may(&scope.parameter)?;
        }
        form.nothing_else()?;
        let code = {
            let mut state = self.state();
            let value = state.fresh("device");
            state.device = Some(DeviceCode {
                value: value.clone(),
                polls: 0,
            });
            value
        };
        Ok(Some(Reply::of(&facts.answer, |body| {
            self.filled(body).replace("$DEVICE", &code)
        })))
    }

    /// The first poll comes too early; by the second the person has approved.
    fn poll(
        &self,
        token: &Token,
        facts: &Device,
        request: &Request,
        sent: &Parameters,
    ) -> Answered {
        let none = (BTreeMap::new(), Vec::new());
        let mut form = Form::new(sent, &none.0, &none.1);
        form.is("grant_type", DEVICE_GRANT)?;
        self.check_client(facts.client, request, &mut form)?;
        form.demands(&facts.demands)?;
        let presented = form.needs("device_code")?.to_owned();
        form.nothing_else()?;
        let mut state = self.state();
        let known = state.device.as_mut();
        let Some(device) = known.filter(|device| device.value == presented) else {
            return Err("the device code is not known".to_owned());
        };
        device.polls += 1;
        if device.polls == 1 {
            drop(state);
            return Ok(Some(self.reply(&facts.pending)));
        }
        state.device = None;
        let grant = state.sign_in(None, self.facts.refresh.is_some());
        drop(state);
        Ok(Some(
            self.reply_with(&token.answer, &self.issued(grant, false)),
        ))
    }

    /// Exactly the proof that the service wants, and no other beside it.
    pub(crate) fn check_client(
        &self,
        wanted: Client,
        request: &Request,
        form: &mut Form<'_>,
    ) -> Result<(), String> {
        let (id, secret) = (self.app.client_id.as_str(), self.app.secret.as_str());
        let wanted = match wanted {
            Client::BasicOrPost if request.basic().is_some() => Client::Basic,
            Client::BasicOrPost => Client::Post,
            other => other,
        };
        let password = match wanted {
            Client::Basic | Client::BasicAndId => Some(secret),
            Client::BasicEmpty => Some(""),
            _ => None,
        };
        if let Some(password) = password {
            let found = request.basic().ok_or("HTTP Basic is missing")?;
            if found != (id.to_owned(), password.to_owned()) {
                return Err("HTTP Basic names another client".to_owned());
            }
        } else if wanted == Client::Bearer {
            request.bearer().ok_or("the bearer token is missing")?;
        } else if wanted != Client::Open && request.header("authorization").is_some() {
            return Err("an Authorization header is sent where none belongs".to_owned());
        }
        if matches!(wanted, Client::None | Client::Post | Client::BasicAndId) {
            form.is("client_id", id)?;
        }
        if wanted == Client::Open {
            form.may("client_id")?;
            form.may("client_secret")?;
        }
        if wanted == Client::Post {
            form.is("client_secret", secret)?;
        }
        Ok(())
    }
}
