//! Spending a code: tokens are stored durably as a candidate before anything else is looked at.

use super::super::failure::{Endpoint, Fate, ProviderFailure};
use super::super::give_back::give_back;
use super::super::new_grant_id;
use super::{Desk, Report, Trouble};
use crate::host::{Http, Limits, TOKEN_LIMITS};
use crate::model::{Connection, Expiry, GrantId, ScopeSet, Secret, UnixTime};
use crate::oauth::{
    self, Flow, HttpRequest, HttpResponse, Lifetime, PollVerdict, StatedScope, TokenAnswer, request,
};
use crate::vault::Candidate;

impl Desk<'_> {
    /// `granted`: scopes that came with the code; what the token answer says goes first.
    pub(super) async fn exchange(
        &self,
        flow: &Flow,
        code: &Secret,
        granted: Option<ScopeSet>,
    ) -> Result<Report, Trouble> {
        let connection = &flow.connection;
        let client_secret = self.vault(|vault| vault.client_secret(connection))?;
        // A place for the tokens is proved before the code is spent (C39).
        self.vault(|vault| vault.prove_storage(self.clock.now()))?;
        let http = Http::new(connection.ca_pem.as_deref());
        let mut first = true;
        loop {
            let request = request::exchange_code(flow, client_secret.as_ref(), code)
                .map_err(|_| Trouble::Internal)?;
            let sent_at = self.clock.now();
            match self.ask(&http, connection, Endpoint::Token, request).await {
                Ok(mut answer) => {
                    if let (StatedScope::NotStated, Some(granted)) = (&answer.scope, granted) {
                        answer.scope = StatedScope::Stated(granted);
                    }
                    let notes = std::mem::take(&mut answer.notes);
                    let grant = self
                        .store(connection, &http, flow.nonce.as_ref(), answer, sent_at)
                        .await?;
                    return Ok(Report::Stored { grant, notes });
                }
                // One repeat, and only when no byte of the first reached the provider.
                Err(ProviderFailure {
                    fate: Fate::NotSent,
                    ..
                }) if first => first = false,
                Err(failure) => return Err(failure.into()),
            }
        }
    }

    pub(super) async fn device_poll(
        &self,
        connection: &Connection,
        device_code: &Secret,
    ) -> Result<Report, Trouble> {
        let client_secret = self.vault(|vault| vault.client_secret(connection))?;
        self.vault(|vault| vault.prove_storage(self.clock.now()))?;
        let request = request::device_poll(connection, client_secret.as_ref(), device_code)
            .map_err(|_| Trouble::Internal)?;
        let http = Http::new(connection.ca_pem.as_deref());
        let sent_at = self.clock.now();
        let authority = token_authority(connection);
        let response = http
            .send(request, &TOKEN_LIMITS)
            .await
            .map_err(|error| ProviderFailure::http(Endpoint::Token, authority.clone(), &error))?;
        self.note_skew(&response);
        match oauth::poll_verdict(connection, &response) {
            PollVerdict::Granted(mut answer) => {
                let notes = std::mem::take(&mut answer.notes);
                let grant = self.store(connection, &http, None, answer, sent_at).await?;
                Ok(Report::Stored { grant, notes })
            }
            PollVerdict::Pending => Ok(Report::Pending),
            PollVerdict::SlowDown => Ok(Report::SlowDown),
            PollVerdict::Denied => Ok(Report::Denied),
            PollVerdict::Expired => Ok(Report::DeviceCodeExpired),
            PollVerdict::Failed(error) => {
                let auth = connection.registration.auth;
                Err(ProviderFailure::answer(Endpoint::Token, authority, auth, &error).into())
            }
        }
    }

    /// Sends a token request and reads the answer strictly.
    pub(super) async fn ask(
        &self,
        http: &Http,
        connection: &Connection,
        at: Endpoint,
        request: HttpRequest,
    ) -> Result<TokenAnswer, ProviderFailure> {
        let authority = token_authority(connection);
        let response = send(http, request, &TOKEN_LIMITS, at, &authority).await?;
        self.note_skew(&response);
        oauth::token_answer(connection, &response).map_err(|error| {
            ProviderFailure::answer(at, authority, connection.registration.auth, &error)
        })
    }

    /// Stores the tokens durably, then looks at the identity token that came with them.
    async fn store(
        &self,
        connection: &Connection,
        http: &Http,
        nonce: Option<&Secret>,
        answer: TokenAnswer,
        sent_at: UnixTime,
    ) -> Result<GrantId, Trouble> {
        let TokenAnswer {
            access_token,
            lifetime,
            refresh_token,
            scope,
            id_token,
            grant_ends_in,
            ..
        } = answer;
        let candidate = Candidate {
            grant_id: new_grant_id().map_err(|_| Trouble::Internal)?,
            access_token,
            granted: match scope {
                StatedScope::Stated(set) if refresh_token.is_some() => {
                    Some(request::with_offline_access(connection, &set))
                }
                StatedScope::Stated(set) => Some(set),
                StatedScope::Empty => Some(ScopeSet::default()),
                StatedScope::NotStated => None,
            },
            refresh_token,
            expiry: expiry(lifetime, sent_at),
            issued_at: sent_at,
            ends_at: grant_ends_in
                .or(connection.provider.grant_lasts())
                .map(|span| sent_at.plus(span)),
            account: None,
        };
        let secret = self.vault(|vault| vault.client_secret(connection))?;
        self.give_leftover_back(connection, http, secret.as_ref())
            .await?;
        self.durably(|vault| vault.store_candidate(connection, &candidate, self.clock.now()))
            .await?;
        let grant = candidate.grant_id;
        let Some(id_token) = id_token else {
            return Ok(grant);
        };
        match self
            .identity(connection, http, nonce, &id_token, &candidate.access_token)
            .await
        {
            Ok(Some(account)) => self.vault(|vault| {
                let now = self.clock.now();
                vault.set_candidate_account(&connection.id, &grant, &account, now)
            })?,
            Ok(None) => {}
            Err(trouble) => {
                // Somebody else's identity: these tokens must not become the grant.
                give_back(
                    http,
                    connection,
                    secret.as_ref(),
                    candidate.refresh_token.as_ref(),
                    &candidate.access_token,
                )
                .await;
                self.vault(|vault| {
                    vault.discard_candidate(&connection.id, &grant, self.clock.now())
                })?;
                return Err(trouble);
            }
        }
        Ok(grant)
    }

    /// A sign-in that was broken off after its tokens were stored, or that another process runs at
    /// the same time: the latest one wins, and the other's tokens do not stay alive unseen.
    async fn give_leftover_back(
        &self,
        connection: &Connection,
        http: &Http,
        client_secret: Option<&Secret>,
    ) -> Result<(), Trouble> {
        let Some(leftover) = self.vault(|vault| vault.candidate(&connection.id))? else {
            return Ok(());
        };
        let tokens = self.vault(|vault| vault.candidate_tokens(connection, &leftover.id))?;
        if let Some((access, refresh)) = tokens {
            give_back(http, connection, client_secret, refresh.as_ref(), &access).await;
        }
        let now = self.clock.now();
        self.vault(|vault| vault.discard_candidate(&connection.id, &leftover.id, now))
    }
}

pub(super) async fn send(
    http: &Http,
    request: HttpRequest,
    limits: &Limits,
    at: Endpoint,
    authority: &str,
) -> Result<HttpResponse, ProviderFailure> {
    http.send(request, limits)
        .await
        .map_err(|error| ProviderFailure::http(at, authority.to_owned(), &error))
}

fn token_authority(connection: &Connection) -> String {
    connection
        .provider
        .endpoints
        .token
        .as_ref()
        .map(|url| url.authority())
        .unwrap_or_default()
}

/// Counted from the moment the request was sent (I-04).
pub(super) fn expiry(lifetime: Lifetime, sent_at: UnixTime) -> Expiry {
    match lifetime {
        Lifetime::Seconds(span) => Expiry::At(sent_at.plus(span)),
        Lifetime::Never => Expiry::Never,
        Lifetime::NotStated => Expiry::NotStated,
    }
}
