//! A provider dressed in one service's facts: what it has issued, and everything that broke a fact.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::facts::{Answer, Ends};
use crate::fixture::Fixture;
use crate::identity;
use crate::request::{Reply, Request};
use crate::story::NOON;

/// How the person signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Browser,
    Device,
}

/// The app as it was registered there.
pub(crate) struct App {
    pub(crate) client_id: String,
    pub(crate) secret: String,
    /// The redirect address that was entered.
    pub(crate) redirect: String,
    /// What the sign-in asks for.
    pub(crate) asked: BTreeSet<String>,
}

/// The dressed provider.
pub(crate) struct Dressed {
    pub(crate) facts: Fixture,
    pub(crate) by: By,
    pub(crate) app: App,
    /// What its clock says.
    pub(crate) now: i64,
    state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    serial: u32,
    pub(crate) code: Option<Code>,
    pub(crate) device: Option<DeviceCode>,
    grants: Vec<Grant>,
    violations: Vec<String>,
    seen: Vec<String>,
    pub(crate) script: Script,
    /// How often the refresh token of the cut answer was presented.
    pub(crate) presented: u32,
}

/// What it is told to do once.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    #[default]
    Usual,
    /// The next refresh is carried out, and its answer is lost.
    CutRefresh,
}

/// A code on its way back.
pub(crate) struct Code {
    pub(crate) value: String,
    pub(crate) redirect: String,
    pub(crate) challenge: Option<String>,
    pub(crate) nonce: Option<String>,
}

pub(crate) struct DeviceCode {
    pub(crate) value: String,
    pub(crate) polls: u32,
}

/// What one sign-in brought.
#[derive(Default)]
pub(crate) struct Grant {
    access: Vec<String>,
    refresh: Option<String>,
    spent: Vec<String>,
    pub(crate) nonce: Option<String>,
}

/// New tokens, and whose sign-in they belong to.
pub(crate) struct Issued {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) id_token: String,
}

impl Dressed {
    pub(crate) fn new(facts: Fixture, by: By, app: App) -> Self {
        Self {
            facts,
            by,
            app,
            now: NOON,
            state: Mutex::default(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request as the facts say; `None` breaks the connection off.
    pub(crate) fn handle(&self, request: &Request) -> Option<Reply> {
        let line = format!("{} {}", request.method, request.url);
        self.state().seen.push(line.clone());
        match self.route(request) {
            Ok(reply) => reply,
            Err(problem) => {
                self.state().violations.push(format!("{line}: {problem}"));
                let body =
                    serde_json::json!({"error": "invalid_request", "error_description": problem});
                Some(Reply::json(400, body.to_string()))
            }
        }
    }

    /// Everything that broke a fact.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }

    /// The requests so far, for a person who looks for a mistake.
    pub(crate) fn seen(&self) -> String {
        self.state().seen.join("\n  ")
    }

    /// The person ends everything on the service's own page.
    pub(crate) fn end_all(&self) {
        for grant in &mut self.state().grants {
            grant.access.clear();
            grant.refresh = None;
        }
    }

    /// Whether any refresh token, and any access token, is still good.
    pub(crate) fn alive(&self) -> (bool, bool) {
        let state = self.state();
        let refresh = state.grants.iter().any(|grant| grant.refresh.is_some());
        let access = state.grants.iter().any(|grant| !grant.access.is_empty());
        (refresh, access)
    }

    pub(crate) fn takes_access(&self, token: &str) -> bool {
        let state = self.state();
        let mut tokens = state.grants.iter().flat_map(|grant| &grant.access);
        tokens.any(|known| known == token)
    }

    /// An answer with the gaps that need no tokens filled.
    pub(crate) fn reply(&self, answer: &Answer) -> Reply {
        Reply::of(answer, |body| self.filled(body))
    }

    /// An answer that carries tokens.
    pub(crate) fn reply_with(&self, answer: &Answer, issued: &Issued) -> Reply {
        let list: Vec<&String> = self.app.asked.iter().collect();
        let separator = &self.facts.token().scope_separator;
        let joined: Vec<&str> = list.iter().map(|scope| scope.as_str()).collect();
        Reply::of(answer, |body| {
            self.filled(body)
                .replace("$ACCESS", &issued.access)
                .replace("$REFRESH", &issued.refresh)
                .replace("$ID_TOKEN", &issued.id_token)
                .replace("$SCOPE_LIST", &serde_json::json!(list).to_string())
                .replace("$SCOPES", &joined.join(separator))
        })
    }

    /// A text of the facts with what is known of the app.
    pub(crate) fn filled(&self, text: &str) -> String {
        text.replace("$CLIENT_ID", &self.app.client_id)
            .replace("$CLIENT_SECRET", &self.app.secret)
    }
}

impl State {
    /// A value that was never given before and is plainly a pretended one.
    pub(crate) fn fresh(&mut self, what: &str) -> String {
        self.serial += 1;
        format!("pretended-{what}-{}", self.serial)
    }

    /// Tokens of a new sign-in.
    pub(crate) fn sign_in(&mut self, nonce: Option<String>, refreshable: bool) -> usize {
        let grant = Grant {
            access: vec![self.fresh("access")],
            refresh: refreshable.then(|| self.fresh("refresh")),
            spent: Vec::new(),
            nonce,
        };
        self.grants.push(grant);
        self.grants.len() - 1
    }

    /// The sign-in that this refresh token belongs to; a spent one may end it.
    pub(crate) fn refreshed_by(&mut self, token: &str, reuse_ends_all: bool) -> Option<usize> {
        let good = |grant: &Grant| grant.refresh.as_deref() == Some(token);
        if let Some(found) = self.grants.iter().position(good) {
            return Some(found);
        }
        let spent = |grant: &&mut Grant| grant.spent.iter().any(|spent| spent == token);
        if let (true, Some(grant)) = (reuse_ends_all, self.grants.iter_mut().find(spent)) {
            grant.access.clear();
            grant.refresh = None;
        }
        None
    }

    /// A new access token, and a new refresh token where they rotate.
    pub(crate) fn renew(&mut self, grant: usize, rotates: bool, ends_old_access: bool) {
        let access = self.fresh("access");
        let refresh = self.fresh("refresh");
        let grant = &mut self.grants[grant];
        if ends_old_access {
            grant.access.clear();
        }
        grant.access.push(access);
        if rotates {
            grant.spent.extend(grant.refresh.replace(refresh));
        }
    }

    /// The newest tokens of a sign-in.
    pub(crate) fn tokens(&self, grant: usize) -> (String, String, Option<String>) {
        let grant = &self.grants[grant];
        let access = grant.access.last().cloned().unwrap_or_default();
        let refresh = grant.refresh.clone().unwrap_or_default();
        (access, refresh, grant.nonce.clone())
    }

    /// Ends what the token stands for; whether it was known.
    pub(crate) fn end(&mut self, token: &str, ends: Ends) -> bool {
        for grant in &mut self.grants {
            let is_refresh = grant.refresh.as_deref() == Some(token);
            let is_access = grant.access.iter().any(|known| known == token);
            if is_refresh {
                grant.refresh = None;
            }
            grant.access.retain(|known| known != token);
            if (is_refresh && ends == Ends::Below)
                || ((is_refresh || is_access) && ends == Ends::Grant)
            {
                grant.refresh = None;
                grant.access.clear();
            }
            if is_refresh || is_access {
                return true;
            }
        }
        false
    }

    pub(crate) fn is_refresh(token: &str) -> bool {
        // Its name tells, also when it is over.
        token.starts_with("pretended-refresh-")
    }
}

impl Dressed {
    /// What goes out with the newest tokens of a sign-in.
    pub(crate) fn issued(&self, grant: usize, on_refresh: bool) -> Issued {
        let (access, refresh, nonce) = self.state().tokens(grant);
        let nonce = nonce.filter(|_| !on_refresh);
        let id_token = match &self.facts.identity {
            Some(facts) => identity::token(facts, &self.app.client_id, nonce.as_deref(), self.now),
            None => String::new(),
        };
        Issued {
            access,
            refresh,
            id_token,
        }
    }
}
