//! From a draft to the definition that is stored.

use super::check::extra;
use super::draft::{Draft, FieldId};
use crate::engine::NewConnection;
use crate::model::{
    ClientAuth, ConnectionName, EndpointUrl, Endpoints, ExtraParams, IssPolicy, Issuer, Provider,
    ProviderKind, RedirectUri, RevokeRule, ScopeSet, TestRead,
};
use crate::oauth::check_test_address;

/// The provider as it stands in the fields. `None` while a field has a problem.
pub(super) fn provider(draft: &Draft) -> Option<Provider> {
    let mut provider = match draft.preset_provider() {
        Some(built) => built.ok()?,
        None => own(draft)?,
    };
    for id in FieldId::ENDPOINTS {
        if !draft.is_edited(id) {
            continue;
        }
        let text = draft.text(id);
        let url = if text.is_empty() {
            None
        } else {
            Some(EndpointUrl::parse(text, draft.dev_http()).ok()?)
        };
        if let Some(slot) = id.slot(&mut provider.endpoints)
            && *slot != url
        {
            // It is no longer what the preset's authors checked.
            provider.kind = ProviderKind::Custom;
            *slot = url;
        }
    }
    if !draft.text(FieldId::Issuer).is_empty() {
        provider.issuer = Some(Issuer::typed(draft.text(FieldId::Issuer), draft.dev_http()).ok()?);
    }
    if !draft.text(FieldId::TestRead).is_empty() {
        let url = EndpointUrl::parse(draft.text(FieldId::TestRead), draft.dev_http()).ok()?;
        check_test_address(&url).ok()?;
        provider.test = Some(TestRead::at(url));
    }
    provider
        .extra
        .authorize
        .extend(extra(draft.text(FieldId::Extra)).ok()?);
    Some(provider)
}

/// The whole definition. `None` while a field has a problem.
pub(super) fn connection(draft: &Draft) -> Option<NewConnection> {
    if draft.lacks_authority() {
        return None;
    }
    let name = match draft.text(FieldId::Name) {
        "" => None,
        text => Some(ConnectionName::parse(text).ok()?),
    };
    let client_secret =
        (draft.wants_secret() && !draft.secret.is_empty()).then(|| draft.secret.secret());
    let resources = match draft.text(FieldId::Resource) {
        "" => Vec::new(),
        text => vec![EndpointUrl::parse(text, draft.dev_http()).ok()?.to_string()],
    };
    Some(NewConnection {
        name,
        provider: provider(draft)?,
        reuse: None,
        client_id: draft.text(FieldId::ClientId).to_owned(),
        auth: auth(draft, client_secret.is_some()),
        client_secret,
        redirect: RedirectUri::parse(draft.text(FieldId::Redirect)).ok()?,
        scopes: ScopeSet::typed(draft.text(FieldId::Scopes), draft.commas()).ok()?,
        resources,
        dev_http: draft.dev_http(),
        ca_pem: draft.ca_pem().map(str::to_owned),
    })
}

/// How the client identifies itself: exactly one method, none without a secret.
pub(super) fn auth(draft: &Draft, has_secret: bool) -> ClientAuth {
    if has_secret {
        draft.auth.unwrap_or(draft.chosen_way().auth)
    } else {
        ClientAuth::None
    }
}

fn own(draft: &Draft) -> Option<Provider> {
    let host = draft.own_host()?;
    let revokes = !draft.text(FieldId::Revocation).is_empty();
    Some(Provider {
        id: host.clone(),
        name: host,
        kind: ProviderKind::Custom,
        issuer: None,
        endpoints: Endpoints::default(),
        iss: IssPolicy::NotAdvertised,
        extra: ExtraParams::default(),
        quirks: std::collections::BTreeSet::new(),
        test: None,
        revoke: if revokes {
            RevokeRule::Standard
        } else {
            RevokeRule::None
        },
        manage_url: None,
        api_hosts: Vec::new(),
    })
}
