//! An OAuth error as an endpoint gives it.

use super::behaviour::Behaviour;
use super::http::Response;
use super::json::Object;

/// An error answer in the form of RFC 6749 section 5.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) error: String,
    pub(super) description: String,
}

impl Refusal {
    pub(super) fn new(status: u16, error: &str, description: &str) -> Self {
        Self {
            status,
            error: error.to_owned(),
            description: description.to_owned(),
        }
    }

    /// `invalid_request`.
    pub(super) fn request(description: &str) -> Self {
        Self::new(400, "invalid_request", description)
    }

    /// `invalid_grant`.
    pub(super) fn grant(description: &str) -> Self {
        Self::new(400, "invalid_grant", description)
    }

    /// The JSON answer; members can be overridden by `error.<member>` switches.
    pub(super) fn answer(&self, behaviour: &Behaviour) -> Response {
        let body = Object::new()
            .with("error", self.error.as_str())
            .with("error_description", self.description.as_str())
            .overridden(behaviour, "error");
        let answer = Response::json(self.status, &body);
        if self.error == "invalid_client" {
            return answer.with_header("WWW-Authenticate", "Basic realm=\"practice\"");
        }
        answer
    }
}
