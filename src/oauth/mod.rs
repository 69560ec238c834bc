//! The OAuth protocol as pure functions: build a request, check a callback, read an answer,
//! validate metadata and identity tokens. Values in, values out.
//!
//! May use: `model`. No clock, no I/O, no async, no randomness: callers pass `now` and random
//! bytes, send the requests built here, and hand the answers back.

mod account;
mod answer;
mod callback;
mod capture;
mod challenge;
mod client_auth;
mod device;
mod dialect;
mod errors;
mod flow;
pub mod id_token;
mod introspect;
pub mod metadata;
mod normalise;
mod parameters;
mod paste;
mod pkce;
mod probe;
pub mod request;
mod revoke;
pub mod sight;
mod skew;
mod strict_form;
mod strict_json;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

pub use account::{AccountProblem, account_from_userinfo};
pub use answer::{Lifetime, Note, StatedScope, TokenAnswer, token_answer};
pub use callback::{
    Approval, AuthorizationError, AuthorizationErrorCode, CallbackVerdict, IgnoreReason,
};
pub use challenge::missing_scope;
pub use device::{DeviceAnswer, PollVerdict, device_answer, poll_verdict};
pub use errors::{AnswerError, BuildProblem, ErrorClass, MemberProblem, ProviderError};
pub use flow::Flow;
pub use introspect::{Introspection, introspection_answer};
pub use parameters::{RESERVED_PARAMETERS, check_extra_parameter, check_test_address};
pub use paste::PasteVerdict;
pub use probe::{TestVerdict, account_from_test};
pub use revoke::{Revocation, RevocationOutcome, TokenKind, revocation_answer, revocation_outcome};
pub use skew::{Skew, skew_of};
pub use strict_json::JsonProblem;

/// A request to send exactly as it is.
pub type HttpRequest = http::Request<Vec<u8>>;
/// An answer as it came, already decompressed, its size bounded by the sender.
pub type HttpResponse = http::Response<Vec<u8>>;
