//! Work that spends a refresh token or a code: intent first, durable before anyone hears of it.
//!
//! A job runs in a worker process that outlives its caller (DESIGN section 4, conformance J-08),
//! or in this process for a memory vault: the same code both times.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::failure::{Class, Endpoint, ProviderFailure, VaultTrouble};
use super::{Error, hold, new_grant_id};
use crate::host::{
    self, Clock, Http, Limits, METADATA_LIMITS, SystemClock, TOKEN_LIMITS, defer_signals,
};
use crate::model::{
    Account, AccountSource, AttemptId, Connection, ConnectionId, EndReason, Expiry, Problem, Quirk,
    Scope, Seconds, Secret, UnixTime,
};
use crate::oauth::{
    self, Flow, HttpRequest, HttpResponse, Lifetime, PollVerdict, StatedScope, TokenAnswer,
    id_token::{self, IdTokenProblem},
    request,
};
use crate::vault::{Candidate, Home, Intent, Refreshed, Unlock, Vault, VaultError, VaultKey};

/// A second presentation of the same refresh token happens at most this long after the first (J-05).
const RETRY_WITHIN: Seconds = Seconds(10);

/// What is to be done.
#[derive(Serialize, Deserialize)]
pub enum Job {
    /// Renew the access token. The caller holds the grant's lock.
    Refresh {
        connection: ConnectionId,
        /// A person asked for it: an interrupted refresh may be tried once more.
        forced: bool,
    },
    /// Swap a code for tokens and store them as a candidate.
    Exchange {
        connection: ConnectionId,
        identity: [u8; 32],
        attempt: AttemptId,
        redirect_uri: String,
        #[serde(with = "secret")]
        code: Secret,
        #[serde(with = "secret")]
        verifier: Secret,
        #[serde(with = "opt_secret")]
        nonce: Option<Secret>,
    },
    /// Ask once whether a device code was approved; store the tokens as a candidate if so.
    DevicePoll {
        connection: ConnectionId,
        identity: [u8; 32],
        #[serde(with = "secret")]
        device_code: Secret,
    },
}

/// How it went. Tokens never travel back: they are in the vault.
#[derive(Debug, Serialize, Deserialize)]
pub enum Report {
    Refreshed,
    /// A candidate is stored.
    Stored,
    Pending,
    SlowDown,
    Denied,
    DeviceCodeExpired,
    Failed(Trouble),
}

/// [`Error`] as far as it travels between processes.
#[derive(Debug, Serialize, Deserialize)]
pub enum Trouble {
    Provider(ProviderFailure),
    Vault(VaultTrouble),
    /// What is wrong with the identity token, in words of our own.
    IdToken(String),
    NeedsSignIn(Option<EndReason>),
    RefreshInterrupted,
    NoRefreshToken,
    EditedMeanwhile,
    Internal,
}

impl Trouble {
    /// Back to the engine's own error, for the connection of that name.
    pub(super) fn into_error(self, name: &str) -> Error {
        match self {
            Self::Provider(failure) => failure.into(),
            Self::Vault(trouble) => VaultError::from(trouble).into(),
            Self::IdToken(problem) => Error::IdToken(problem),
            Self::NeedsSignIn(reason) => Error::NeedsSignIn {
                name: name.to_owned(),
                reason,
                message: None,
            },
            Self::RefreshInterrupted => Error::RefreshInterrupted {
                name: name.to_owned(),
            },
            Self::NoRefreshToken => Error::NoRefreshToken {
                name: name.to_owned(),
            },
            Self::EditedMeanwhile => Error::EditedMeanwhile,
            Self::Internal => Error::Internal("the worker met an unexpected state"),
        }
    }
}

impl From<VaultError> for Trouble {
    fn from(error: VaultError) -> Self {
        Self::Vault(error.into())
    }
}

impl From<ProviderFailure> for Trouble {
    fn from(failure: ProviderFailure) -> Self {
        Self::Provider(failure)
    }
}

/// The frame that a worker process is started with.
#[derive(Serialize, Deserialize)]
struct Order {
    data: PathBuf,
    state: PathBuf,
    #[serde(with = "secret")]
    key: Secret,
    job: Job,
}

/// Packs an order for a worker process; `None` for a memory vault.
pub(super) fn pack(home: &Home, key: &VaultKey, job: Job) -> Option<Zeroizing<Vec<u8>>> {
    let Home::Disk { data, state } = home else {
        return None;
    };
    let order = Order {
        data: data.clone(),
        state: state.clone(),
        key: Secret::new(BASE64.encode(key.as_bytes())),
        job,
    };
    serde_json::to_vec(&order).ok().map(Zeroizing::new)
}

/// Reads what a worker sent back.
pub(super) fn unpack(frame: &[u8]) -> Report {
    serde_json::from_slice(frame).unwrap_or(Report::Failed(Trouble::Internal))
}

/// The whole life of a worker process: one order in, one report out. Returns the exit code.
pub fn worker_main() -> u8 {
    let Ok(channel) = host::attach() else {
        return 1;
    };
    let Ok(frame) = channel.receive() else {
        return 1;
    };
    let report = work(&frame);
    drop(frame);
    // The caller may be gone: what matters is in the vault already.
    let told = serde_json::to_vec(&report).is_ok_and(|bytes| channel.answer(&bytes).is_ok());
    u8::from(!told)
}

fn work(frame: &[u8]) -> Report {
    let Ok(order) = serde_json::from_slice::<Order>(frame) else {
        return Report::Failed(Trouble::Internal);
    };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return Report::Failed(Trouble::Internal);
    };
    let vault = match open(&order) {
        Ok(vault) => Mutex::new(Some(vault)),
        Err(trouble) => return Report::Failed(trouble),
    };
    runtime.block_on(async {
        let _deferred = defer_signals();
        run(&vault, &SystemClock, order.job).await
    })
}

fn open(order: &Order) -> Result<Vault, Trouble> {
    let home = Home::Disk {
        data: order.data.clone(),
        state: order.state.clone(),
    };
    let mut vault = Vault::open(&home)?.ok_or(Trouble::Internal)?;
    let mut key = Zeroizing::new([0; 32]);
    let length = BASE64
        .decode_slice(order.key.reveal(), key.as_mut())
        .map_err(|_| Trouble::Internal)?;
    if length != key.len() {
        return Err(Trouble::Internal);
    }
    vault.unlock(Unlock::Key(VaultKey::from_bytes(*key)))?;
    Ok(vault)
}

/// Runs a job on an open vault.
pub(super) async fn run(vault: &Mutex<Option<Vault>>, clock: &dyn Clock, job: Job) -> Report {
    let desk = Desk { vault, clock };
    let result = match job {
        Job::Refresh { connection, forced } => desk.refresh(&connection, forced).await,
        Job::Exchange {
            connection,
            identity,
            attempt,
            redirect_uri,
            code,
            verifier,
            nonce,
        } => {
            match desk.unedited(&connection, identity) {
                Ok(connection) => {
                    let flow = Flow {
                        attempt,
                        identity,
                        redirect_uri,
                        // The state was proved when the code came in; it plays no part any more.
                        state: Secret::new(String::new()),
                        verifier,
                        nonce,
                        expires_at: UnixTime(i64::MAX),
                        connection,
                    };
                    desk.exchange(&flow, &code).await
                }
                Err(trouble) => Err(trouble),
            }
        }
        Job::DevicePoll {
            connection,
            identity,
            device_code,
        } => match desk.unedited(&connection, identity) {
            Ok(connection) => desk.device_poll(&connection, &device_code).await,
            Err(trouble) => Err(trouble),
        },
    };
    result.unwrap_or_else(Report::Failed)
}

struct Desk<'a> {
    vault: &'a Mutex<Option<Vault>>,
    clock: &'a dyn Clock,
}

impl Desk<'_> {
    fn vault<T>(&self, f: impl FnOnce(&mut Vault) -> Result<T, VaultError>) -> Result<T, Trouble> {
        match hold(self.vault).as_mut() {
            Some(vault) => Ok(f(vault)?),
            None => Err(Trouble::Internal),
        }
    }

    fn connection(&self, id: &ConnectionId) -> Result<Connection, Trouble> {
        self.vault(|vault| vault.connection_by_id(id))?
            .ok_or(Trouble::EditedMeanwhile)
    }

    /// The connection, provided that its addresses are those the attempt began with (G-01, G-06).
    fn unedited(&self, id: &ConnectionId, identity: [u8; 32]) -> Result<Connection, Trouble> {
        let connection = self.connection(id)?;
        if connection.endpoint_identity() == identity {
            Ok(connection)
        } else {
            Err(Trouble::EditedMeanwhile)
        }
    }

    async fn refresh(&self, id: &ConnectionId, forced: bool) -> Result<Report, Trouble> {
        let connection = self.connection(id)?;
        // Opening the records first proves that nobody moved them to other addresses (G-07).
        let refresh_token = self
            .vault(|vault| vault.refresh_token(&connection))?
            .ok_or(Trouble::NoRefreshToken)?;
        let client_secret = self.vault(|vault| vault.client_secret(&connection))?;
        let granted = connection
            .grant
            .as_ref()
            .and_then(|grant| grant.granted.clone());
        let interrupted = self.vault(|vault| vault.pending_intent(id))?;
        let resumed = interrupted.is_some();
        let mut intent = match interrupted {
            None => self.vault(|vault| vault.begin_refresh(&connection, self.clock.now()))?,
            Some(intent) if intent.tries >= 2 && !forced => {
                return Err(Trouble::RefreshInterrupted);
            }
            Some(intent) => {
                self.vault(|vault| vault.note_retry(&connection, &intent, self.clock.now()))?
            }
        };
        let http = Http::new(connection.ca_pem.as_deref());
        let began = self.clock.now();
        let mut again = !resumed;
        let mut spent_twice = resumed;
        loop {
            let sent_at = self.clock.now();
            let request = request::refresh(
                &connection,
                client_secret.as_ref(),
                &refresh_token,
                granted.as_ref(),
            )
            .map_err(|_| Trouble::Internal)?;
            match self
                .ask(&http, &connection, Endpoint::Refresh, request)
                .await
            {
                Ok(mut answer) => {
                    let id_token = answer.id_token.take();
                    let refreshed = refreshed(&connection, answer, sent_at);
                    self.vault(|vault| {
                        vault.commit_refresh(&connection, &intent, &refreshed, self.clock.now())
                    })?;
                    // Durable first (J-03), then looked at, and all of it before a hand-out.
                    if let Some(id_token) = id_token {
                        self.same_identity(&connection, &http, &id_token, &refreshed)
                            .await?;
                    }
                    return Ok(Report::Refreshed);
                }
                Err(failure) => {
                    let in_time = self.clock.now().since(began) < RETRY_WITHIN;
                    if failure.outcome_unknown() && again && in_time {
                        again = false;
                        spent_twice = true;
                        intent = self.vault(|vault| {
                            vault.note_retry(&connection, &intent, self.clock.now())
                        })?;
                        continue;
                    }
                    return Err(self.refresh_failed(&connection, &intent, failure, spent_twice)?);
                }
            }
        }
    }

    /// Writes down what a failed refresh means for the grant (I-08, J-05, J-07).
    fn refresh_failed(
        &self,
        connection: &Connection,
        intent: &Intent,
        failure: ProviderFailure,
        spent_twice: bool,
    ) -> Result<Trouble, Trouble> {
        let now = self.clock.now();
        if failure.class() == Class::Permanent {
            let reason = if spent_twice {
                EndReason::RefreshInterrupted
            } else {
                EndReason::EndedByProvider
            };
            self.vault(|vault| vault.end_grant(&connection.id, reason, now))?;
            return Ok(Trouble::NeedsSignIn(Some(reason)));
        }
        // An unknown outcome keeps its intent: the next start resolves it (J-09).
        if !failure.outcome_unknown() && intent.tries <= 1 {
            self.vault(|vault| vault.clear_intent(&connection.id, now))?;
        }
        let problem = Problem {
            kind: failure.problem_kind(),
            detail: failure.short(),
            at: now,
        };
        self.vault(|vault| vault.set_problem(&connection.id, Some(&problem), now))?;
        Ok(failure.into())
    }

    async fn exchange(&self, flow: &Flow, code: &Secret) -> Result<Report, Trouble> {
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
                Ok(answer) => {
                    self.store(connection, &http, flow.nonce.as_ref(), answer, sent_at)
                        .await?;
                    return Ok(Report::Stored);
                }
                // One repeat, and only when no byte of the first reached the provider.
                Err(ProviderFailure {
                    kind:
                        super::FailureKind::Offline {
                            nothing_sent: true, ..
                        },
                    ..
                }) if first => first = false,
                Err(failure) => return Err(failure.into()),
            }
        }
    }

    async fn device_poll(
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
        match oauth::poll_verdict(connection, &response) {
            PollVerdict::Granted(answer) => {
                self.store(connection, &http, None, answer, sent_at).await?;
                Ok(Report::Stored)
            }
            PollVerdict::Pending => Ok(Report::Pending),
            PollVerdict::SlowDown => Ok(Report::SlowDown),
            PollVerdict::Denied => Ok(Report::Denied),
            PollVerdict::Expired => Ok(Report::DeviceCodeExpired),
            PollVerdict::Failed(error) => {
                Err(ProviderFailure::answer(Endpoint::Token, authority, &error).into())
            }
        }
    }

    /// Sends a token request and reads the answer strictly.
    async fn ask(
        &self,
        http: &Http,
        connection: &Connection,
        at: Endpoint,
        request: HttpRequest,
    ) -> Result<TokenAnswer, ProviderFailure> {
        let authority = token_authority(connection);
        let response = send(http, request, &TOKEN_LIMITS, at, &authority).await?;
        oauth::token_answer(connection, &response)
            .map_err(|error| ProviderFailure::answer(at, authority, &error))
    }

    /// Stores the tokens durably, then looks at the identity token that came with them.
    async fn store(
        &self,
        connection: &Connection,
        http: &Http,
        nonce: Option<&Secret>,
        answer: TokenAnswer,
        sent_at: UnixTime,
    ) -> Result<(), Trouble> {
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
            refresh_token,
            granted: match scope {
                StatedScope::Stated(set) => Some(set),
                StatedScope::Empty => Some(crate::model::ScopeSet::default()),
                StatedScope::NotStated => None,
            },
            expiry: expiry(connection, lifetime, sent_at),
            issued_at: sent_at,
            ends_at: grant_ends_in.map(|span| sent_at.plus(span)),
            account: None,
        };
        self.vault(|vault| vault.store_candidate(connection, &candidate, self.clock.now()))?;
        let Some(id_token) = id_token.filter(|_| asks_for_identity(connection)) else {
            return Ok(());
        };
        match self
            .identity(connection, http, nonce, &id_token, &candidate.access_token)
            .await
        {
            Ok(Some(account)) => self.vault(|vault| {
                vault.set_candidate_account(&connection.id, &account, self.clock.now())
            }),
            Ok(None) => Ok(()),
            Err(trouble) => {
                // Somebody else's identity: these tokens must not become the grant.
                self.give_back(
                    connection,
                    http,
                    candidate.refresh_token.as_ref(),
                    &candidate.access_token,
                )
                .await;
                self.vault(|vault| vault.discard_candidate(&connection.id, self.clock.now()))?;
                Err(trouble)
            }
        }
    }

    /// Who signed in, by a verified identity token (R-01…R-06). Without known keys it is ignored,
    /// never half-trusted.
    async fn identity(
        &self,
        connection: &Connection,
        http: &Http,
        nonce: Option<&Secret>,
        token: &Secret,
        access_token: &Secret,
    ) -> Result<Option<Account>, Trouble> {
        let expected = Wanted {
            nonce,
            subject: None,
            access_token,
        };
        let Some(verified) = self.verified(connection, http, token, &expected).await? else {
            return Ok(None);
        };
        let claims = verified.map_err(|problem| Trouble::IdToken(problem.to_string()))?;
        let label = claims
            .preferred_username
            .or(claims.email)
            .or(claims.name)
            .unwrap_or_else(|| claims.subject.clone());
        Ok(Some(Account {
            label,
            id: Some(claims.subject),
            source: AccountSource::IdToken,
        }))
    }

    /// An identity token that comes with a refresh must be of the same issuer, client and user
    /// (OpenID Connect Core section 12.2, J-15). Otherwise the grant ends and what came is given
    /// back. Other faults of it, or keys out of reach, decide nothing: nobody reads it then.
    async fn same_identity(
        &self,
        connection: &Connection,
        http: &Http,
        token: &Secret,
        refreshed: &Refreshed,
    ) -> Result<(), Trouble> {
        let account = connection
            .grant
            .as_ref()
            .and_then(|grant| grant.account.as_ref())
            .filter(|account| account.source != AccountSource::TestRead);
        let Some(subject) = account.and_then(|account| account.id.as_ref()) else {
            return Ok(());
        };
        let expected = Wanted {
            nonce: None,
            subject: Some(subject.raw()),
            access_token: &refreshed.access_token,
        };
        let Ok(Some(Err(problem))) = self.verified(connection, http, token, &expected).await else {
            return Ok(());
        };
        if !matches!(
            problem,
            IdTokenProblem::OtherSubject
                | IdTokenProblem::Issuer
                | IdTokenProblem::Audience
                | IdTokenProblem::AuthorizedParty
        ) {
            return Ok(());
        }
        self.give_back(
            connection,
            http,
            refreshed.refresh_token.as_ref(),
            &refreshed.access_token,
        )
        .await;
        self.vault(|vault| {
            let reason = EndReason::EndedByProvider;
            vault.end_grant(&connection.id, reason, self.clock.now())
        })?;
        Err(Trouble::IdToken(problem.to_string()))
    }

    /// Verifies an identity token with the provider's keys; `None` where none are known.
    async fn verified(
        &self,
        connection: &Connection,
        http: &Http,
        token: &Secret,
        wanted: &Wanted<'_>,
    ) -> Result<Option<Result<id_token::Claims, IdTokenProblem>>, ProviderFailure> {
        let (Some(issuer), Some(request), Some(again)) = (
            connection.provider.issuer.as_ref(),
            request::jwks(connection),
            request::jwks(connection),
        ) else {
            return Ok(None);
        };
        let authority = request.uri().authority().map(ToString::to_string);
        let authority = authority.unwrap_or_default();
        let fetch = |request| send(http, request, &METADATA_LIMITS, Endpoint::Keys, &authority);
        let expected = id_token::Expected {
            issuer,
            client_id: &connection.registration.client_id,
            nonce: wanted.nonce,
            access_token: Some(wanted.access_token),
            now: self.clock.now(),
            subject: wanted.subject,
        };
        let keys = fetch(request).await?;
        match id_token::verify(token, keys.body(), &expected) {
            // The keys may have been rotated just now: fetched once more.
            Err(IdTokenProblem::UnknownKey) => {
                let keys = fetch(again).await?;
                Ok(Some(id_token::verify(token, keys.body(), &expected)))
            }
            result => Ok(Some(result)),
        }
    }

    /// Revokes tokens that will not be kept; best effort, because they are not ours to show.
    async fn give_back(
        &self,
        connection: &Connection,
        http: &Http,
        refresh_token: Option<&Secret>,
        access_token: &Secret,
    ) {
        let secret = self
            .vault(|vault| vault.client_secret(connection))
            .ok()
            .flatten();
        let revocations = request::revocations(
            connection,
            secret.as_ref(),
            refresh_token,
            Some(access_token),
        );
        for revocation in revocations.unwrap_or_default() {
            let _ = http.send(revocation.request, &TOKEN_LIMITS).await;
        }
    }
}

/// What an identity token must fit.
struct Wanted<'a> {
    nonce: Option<&'a Secret>,
    subject: Option<&'a str>,
    access_token: &'a Secret,
}

async fn send(
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

fn asks_for_identity(connection: &Connection) -> bool {
    Scope::parse("openid").is_ok_and(|openid| connection.requested.contains(&openid))
}

/// Counted from the moment the request was sent (I-04).
fn expiry(connection: &Connection, lifetime: Lifetime, sent_at: UnixTime) -> Expiry {
    match lifetime {
        Lifetime::Seconds(span) => Expiry::At(sent_at.plus(span)),
        Lifetime::Never => Expiry::Never,
        Lifetime::NotStated if connection.provider.has(&Quirk::NeverExpires) => Expiry::Never,
        Lifetime::NotStated => Expiry::NotStated,
    }
}

fn refreshed(connection: &Connection, answer: TokenAnswer, sent_at: UnixTime) -> Refreshed {
    Refreshed {
        expiry: expiry(connection, answer.lifetime, sent_at),
        access_token: answer.access_token,
        refresh_token: answer.refresh_token,
        in_use: match answer.scope {
            StatedScope::Stated(set) => Some(set),
            StatedScope::Empty => Some(crate::model::ScopeSet::default()),
            StatedScope::NotStated => None,
        },
        issued_at: sent_at,
        ends_at: answer.grant_ends_in.map(|span| sent_at.plus(span)),
    }
}

/// How long a caller waits for a worker before it says "busy" (conformance Y-13).
pub(super) const CALLER_WAITS: Duration = Duration::from_secs(45);

/// The one place where a secret is written out: into a frame for our own worker, wiped after use.
mod secret {
    use crate::model::Secret;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.reveal())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
        String::deserialize(from).map(Secret::new)
    }
}

mod opt_secret {
    use crate::model::Secret;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[allow(clippy::ref_option)] // the shape serde asks for
    pub(crate) fn serialize<S: Serializer>(
        secret: &Option<Secret>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        secret.as_ref().map(Secret::reveal).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Secret>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.map(Secret::new))
    }
}
