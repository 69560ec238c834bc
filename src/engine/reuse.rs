//! Finding the registration that a new connection can share (DESIGN section 4, "Accounts and apps").

use crate::model::{Provider, RedirectUri};
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
                && known.provider.revoke.url() == provider.revoke.url()
        })
        .max_by_key(|known| known.registration.has_secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        ClientAuth, EndpointUrl, Endpoints, ExtraParams, IssPolicy, ProviderKind, Registration,
        RegistrationId, RevokeRule,
    };

    fn provider(host: &str, revoke: RevokeRule) -> Provider {
        let at = |path: &str| EndpointUrl::parse(&format!("https://{host}/{path}"), false).ok();
        Provider {
            id: host.to_owned(),
            name: host.to_owned(),
            kind: ProviderKind::Custom,
            issuer: None,
            endpoints: Endpoints {
                authorization: at("authorize"),
                token: at("token"),
                ..Endpoints::default()
            },
            iss: IssPolicy::NotAdvertised,
            extra: ExtraParams::default(),
            quirks: std::collections::BTreeSet::new(),
            test: None,
            revoke,
            manage_url: None,
            api_hosts: Vec::new(),
        }
    }

    fn known(number: u8, redirect: &str, has_secret: bool) -> KnownRegistration {
        KnownRegistration {
            registration: Registration {
                id: RegistrationId::from_random([number; 16]),
                client_id: "app".to_owned(),
                auth: ClientAuth::None,
                redirect: RedirectUri::parse(redirect).expect("redirect"),
                has_secret,
            },
            provider: provider("a.example", RevokeRule::Standard),
            used_by: Vec::new(),
        }
    }

    #[test]
    fn an_app_is_shared_only_at_the_same_addresses() {
        let known = [
            known(1, "http://127.0.0.1/callback", false),
            known(2, "http://127.0.0.1:8765/callback", true),
        ];
        let found = |host: &str, client_id: &str, redirect: Option<&str>| {
            let redirect = redirect.map(|text| RedirectUri::parse(text).expect("redirect"));
            // A rule without an address of its own is no part of the identity.
            let provider = provider(host, RevokeRule::None);
            shared_registration(&known, &provider, client_id, redirect.as_ref())
                .map(|known| known.registration.id.clone())
        };
        let first = Some(RegistrationId::from_random([1; 16]));
        let second = Some(RegistrationId::from_random([2; 16]));
        assert_eq!(found("a.example", "app", None), second);
        let any_port = Some("http://127.0.0.1/callback");
        assert_eq!(found("a.example", "app", any_port), first);
        let elsewhere = Some("http://127.0.0.1:1/callback");
        assert_eq!(found("a.example", "app", elsewhere), None);
        assert_eq!(found("b.example", "app", None), None);
        assert_eq!(found("a.example", "other", None), None);
    }
}
