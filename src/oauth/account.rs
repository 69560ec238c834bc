//! Who has signed in: from the userinfo endpoint.

use serde_json::Value;

use crate::model::{Account, AccountSource, Untrusted};

use super::normalise::outside;
use super::strict_json::Document;
use super::{HttpResponse, JsonProblem};

/// Why no account could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountProblem {
    /// Status other than 200.
    #[error("the profile was refused with status {0}")]
    Status(u16),
    #[error("the profile is malformed: {0}")]
    NotJson(JsonProblem),
    /// OpenID Connect Core section 5.3.2.
    #[error("the profile belongs to another user than the identity token")]
    OtherSubject,
}

/// Reads a profile (OpenID Connect Core section 5.3.2). `expected_sub` is the identity token's
/// `sub`, when there is a verified one; then the profile must be the same user's. `None` means
/// that the profile names nobody.
pub fn account_from_userinfo(
    response: &HttpResponse,
    expected_sub: Option<&str>,
) -> Result<Option<Account>, AccountProblem> {
    if response.status() != http::StatusCode::OK {
        return Err(AccountProblem::Status(response.status().as_u16()));
    }
    let document = Document::object(response.body()).map_err(AccountProblem::NotJson)?;
    let text = |name: &str| {
        document
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.trim().is_empty())
    };
    let subject = text("sub");
    if expected_sub.is_some() && subject != expected_sub {
        return Err(AccountProblem::OtherSubject);
    }
    let label = ["preferred_username", "email", "name", "sub"]
        .iter()
        .find_map(|name| text(name));
    Ok(label.map(|label| Account {
        label: outside(label),
        id: subject.map(Untrusted::new),
        source: AccountSource::Userinfo,
    }))
}
