//! Staying signed in: the scope without which some providers give no refresh token (OpenID Connect Core
//! section 11).

use super::preset::ScopeHelp;
use crate::model::ScopeSet;

const OFFLINE: &str = "offline_access";

/// Whether a sign-in with these scopes ends with its access token: the provider lists `offline_access` as
/// what keeps people signed in, and it is not asked for. One that is marked broad does more than that and is
/// recommended to nobody; a provider that does not list it is asked for none (conformance B-10).
pub fn ends_with_its_token<'a>(
    known: impl IntoIterator<Item = &'a ScopeHelp>,
    scopes: &ScopeSet,
) -> bool {
    let listed = known
        .into_iter()
        .any(|help| help.name == OFFLINE && !help.broad);
    listed && !scopes.iter().any(|scope| scope.as_str() == OFFLINE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Catalogue;

    #[test]
    fn b_10_staying_signed_in_is_offered_only_where_the_provider_lists_it() {
        let ends = |preset: &str, scopes: &str| {
            let preset = Catalogue::built_in().find(preset).expect(preset);
            let scopes = ScopeSet::parse(scopes).expect("scopes");
            ends_with_its_token(preset.known_scopes(), &scopes)
        };
        assert!(ends("atlassian", "read:me"));
        assert!(!ends("atlassian", "read:me offline_access"));
        // It lists no such scope.
        assert!(!ends("github", "read:user"));
        // There it outlives the session at the server, which nobody needs for a refresh token.
        assert!(!ends("keycloak", "openid"));
    }
}
