//! Finding the registration that a new connection can share (DESIGN section 4, "Accounts and apps").

use crate::model::{EndpointUrl, Provider, RedirectUri, RevokeRule};
use crate::vault::KnownRegistration;

/// The registration of this client at exactly these endpoints; one with a secret first. Where no
/// `redirect` is asked for, the registration brings its own.
pub fn shared_registration<'a>(
    known: &'a [KnownRegistration],
    provider: &Provider,
    client_id: &str,
    redirect: Option<&RedirectUri>,
) -> Option<&'a KnownRegistration> {
    known
        .iter()
        .filter(|known| {
            let registration = &known.registration;
            // What `Connection::endpoint_identity` is made of: secrets are bound to it.
            registration.client_id == client_id
                && redirect.is_none_or(|redirect| registration.redirect == *redirect)
                && known.provider.issuer == provider.issuer
                && known.provider.endpoints == provider.endpoints
                && revocation_address(&known.provider) == revocation_address(provider)
        })
        .max_by_key(|known| known.registration.has_secret)
}

/// Where a provider's own way to revoke goes, if it has one.
fn revocation_address(provider: &Provider) -> Option<&EndpointUrl> {
    match &provider.revoke {
        RevokeRule::BearerPost { url, .. } | RevokeRule::GithubDelete { url } => Some(url),
        RevokeRule::Standard | RevokeRule::TokenOnly | RevokeRule::None => None,
    }
}
