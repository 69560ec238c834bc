//! Plain values: what the other rooms talk about. No I/O, no clock, no randomness.
//!
//! May use: nothing of the house. Two types matter most: [`Secret`] cannot be printed, and
//! [`Untrusted`] reaches a person only through its neutraliser.

#[cfg(test)]
pub(crate) mod by_hand;
mod caller;
mod client_id;
mod connection;
mod health;
mod id;
mod locked;
mod origin;
mod provider;
mod quirk;
mod redirect;
mod revoke;
mod scope;
mod secret;
mod secret_digest;
mod serving;
mod span;
pub mod strict_toml;
mod time;
mod untrusted;
mod url;
mod waiting;
mod words;
mod written_out;

pub use caller::Caller;
pub use client_id::has_blanks;
pub use connection::{
    Account, AccountSource, ClientAuth, Connection, ConnectionName, EndReason, Expiry, Grant,
    IssuerProof, NameProblem, Problem, ProblemKind, Registration, Summary,
};
pub use health::{Health, Verdict};
pub use id::{AttemptId, ConnectionId, GrantId, RegistrationId, WaitingId};
pub(crate) use locked::lock;
pub use locked::{MemoryLock, memory_lock};
pub use provider::{
    Endpoints, ExtraParams, IssPolicy, Provider, ProviderKind, TestMethod, TestRead,
};
pub use quirk::{Quirk, UnknownQuirk};
pub use redirect::{LoopbackHost, RedirectProblem, RedirectUri};
pub use revoke::{NoRevocation, RevokeAuth, RevokeMethod, RevokeRequest, RevokeRule};
pub use scope::{Scope, ScopeProblem, ScopeSet};
pub use secret::Secret;
pub use secret_digest::SecretDigest;
pub use serving::{Policy, Serving};
pub use span::span;
pub use time::{BootId, Seconds, UnixTime, Uptime};
pub use untrusted::{Shown, Untrusted};
pub use url::{EndpointUrl, Issuer, UrlProblem};
pub use waiting::{NextTry, Waiting};
pub use words::Words;
pub(crate) use written_out::{opt_secret_text, secret_text};
