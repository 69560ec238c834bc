//! Giving tokens back that will not be kept.

use crate::host::{Http, TOKEN_LIMITS};
use crate::model::{Connection, Secret};
use crate::oauth::{RevocationOutcome, request, revocation_answer};

/// Revokes tokens of a sign-in that is not accepted, as well as the provider lets us. Whether it
/// surely did.
///
/// Where revoking one token ends everything the account ever allowed this app, a sign-in that is
/// still in use would go with it: then nothing is sent.
pub(super) async fn give_back(
    http: &Http,
    connection: &Connection,
    client_secret: Option<&Secret>,
    refresh_token: Option<&Secret>,
    access_token: &Secret,
) -> bool {
    let in_use = connection.grant.is_some() && connection.ended.is_none();
    if in_use && connection.provider.revoke.ends_everything() {
        return false;
    }
    let requests =
        request::revocations(connection, client_secret, refresh_token, Some(access_token));
    let requests = requests.unwrap_or_default();
    let mut given_back = !requests.is_empty();
    for revocation in requests {
        let answer = http.send(revocation.request, &TOKEN_LIMITS).await;
        let outcome = answer.map(|answer| revocation_answer(&connection.provider, &answer));
        given_back &= matches!(
            outcome,
            Ok(RevocationOutcome::Revoked | RevocationOutcome::AlreadyInvalid)
        );
    }
    given_back
}
