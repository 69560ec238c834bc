//! The practice provider as the engine meets it: its definition, and a browser that clicks.

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::engine::{Error, NewConnection};
use crate::host::{Browser, BrowserError, BrowserUrl, Opened};
use crate::model::{
    ClientAuth, EndpointUrl, Endpoints, ExtraParams, IssPolicy, Issuer, Provider, ProviderKind,
    RedirectUri, RevokeRule, ScopeSet, TestMethod, TestRead, Untrusted,
};
use crate::sandbox::Sandbox;

/// The public client that the sandbox knows from the start.
pub(super) const CLIENT_ID: &str = "valetkey-practice";

/// What the practice provider says of itself in the wizard's list.
pub const PRACTICE_HINT: &str = "a pretend service; nothing to register";

/// A connection to a running sandbox, ready to be added.
pub fn practice_definition(base: &str, ca_pem: Option<&str>) -> Result<NewConnection, Error> {
    let dev_http = base.starts_with("http://");
    let at = |path: &str| {
        EndpointUrl::parse(&format!("{base}{path}"), dev_http)
            .map_err(|_| Error::Internal("the sandbox has no usable address"))
    };
    let issuer = Issuer::parse(base, dev_http)
        .map_err(|_| Error::Internal("the sandbox has no usable address"))?;
    Ok(NewConnection {
        name: None,
        provider: Provider {
            id: "practice".to_owned(),
            name: "Practice".to_owned(),
            kind: ProviderKind::Practice,
            issuer: Some(issuer),
            endpoints: Endpoints {
                authorization: Some(at("/authorize")?),
                token: Some(at("/token")?),
                refresh: None,
                device: Some(at("/device_authorization")?),
                revocation: Some(at("/revoke")?),
                introspection: Some(at("/introspect")?),
                userinfo: Some(at("/userinfo")?),
                jwks: Some(at("/jwks")?),
                registration: Some(at("/register")?),
            },
            iss: IssPolicy::Advertised,
            extra: ExtraParams::default(),
            quirks: std::collections::BTreeSet::new(),
            test: Some(TestRead {
                method: TestMethod::Get,
                url: at("/me")?,
                headers: Vec::new(),
                account_label: vec![
                    "/preferred_username".to_owned(),
                    "/email".to_owned(),
                    "/name".to_owned(),
                    // Who lets no name be seen stays the same person.
                    "/sub".to_owned(),
                ],
                account_id: Some("/sub".to_owned()),
                success: None,
            }),
            revoke: RevokeRule::Standard,
            manage_url: None,
            api_hosts: Vec::new(),
        },
        reuse: None,
        client_id: CLIENT_ID.to_owned(),
        client_secret: None,
        auth: ClientAuth::None,
        redirect: RedirectUri::any_port(),
        scopes: ScopeSet::parse("profile items:read items:write")
            .map_err(|_| Error::Internal("the practice scopes"))?,
        resources: Vec::new(),
        dev_http,
        ca_pem: ca_pem.map(str::to_owned),
    })
}

/// A browser with a person who approves, played against the sandbox.
pub(super) struct PracticeBrowser {
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) runtime: Handle,
}

impl Browser for PracticeBrowser {
    fn open(&self, url: &BrowserUrl) -> Result<Opened, BrowserError> {
        let mut browser = self.sandbox.browser();
        let address = url.as_str().to_owned();
        self.runtime.spawn(async move {
            // How it went shows in the attempt; a failed visit ends as "nobody answered".
            let _ = browser.visit(&address).await;
        });
        Ok(Opened {
            program: Untrusted::new("practice browser"),
        })
    }
}
