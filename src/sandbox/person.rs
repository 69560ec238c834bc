//! The person in front of the consent page, played without a browser.

use url::Url;

use super::http::Request;
use super::{Browser, SCOPES, Sandbox, authorize, forms};

/// What the person at the consent page decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The login of one of [`ACCOUNTS`].
    pub account: String,
    /// The scopes left ticked; all of them where `None`.
    pub scopes: Option<Vec<String>>,
}

impl Approval {
    /// Everything that was asked, as this account.
    pub fn of(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            scopes: None,
        }
    }
}

impl Default for Approval {
    fn default() -> Self {
        Self::of("ada")
    }
}

/// What a consent page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Who asks.
    pub client: String,
    /// What for: scope and plain meaning.
    pub scopes: Vec<(String, &'static str)>,
}

/// Why an approval could not be given.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ApprovalError {
    /// The address is not the authorization endpoint of this sandbox.
    #[error("not an authorization address of this sandbox")]
    NotHere,
    /// The sandbox answered with an error page.
    #[error("the sandbox answered {0}")]
    Refused(u16),
    /// No device waits under this code.
    #[error("no device waits under this code")]
    NoSuchDevice,
}

/// The person, played.
impl Sandbox {
    /// Approves an authorization request as the browser would, and returns where the browser is
    /// sent next, without going there.
    pub fn approve(&self, address: &str, approval: &Approval) -> Result<String, ApprovalError> {
        self.decide(address, Some(approval))
    }

    /// Declines, likewise.
    pub fn deny(&self, address: &str) -> Result<String, ApprovalError> {
        self.decide(address, None)
    }

    /// What the consent page of an authorization request would show.
    pub fn consent(&self, address: &str) -> Result<Consent, ApprovalError> {
        let request = self.authorization_request(address)?;
        let behaviour = self.behaviour();
        let preview = self
            .shared
            .with_context(&behaviour, |cx| authorize::preview(cx, &request));
        let (client, scopes) = preview.ok_or(ApprovalError::Refused(400))?;
        let explained = |scope: String| {
            let meaning = SCOPES.iter().find(|(name, _)| *name == scope);
            (scope, meaning.map_or("", |(_, meaning)| meaning))
        };
        Ok(Consent {
            client,
            scopes: scopes.into_iter().map(explained).collect(),
        })
    }

    /// Approves all that a waiting device asked for.
    pub fn approve_device(&self, user_code: &str, account: &str) -> Result<(), ApprovalError> {
        self.decide_device(user_code, Some(&Approval::of(account)))
    }

    /// Declines a waiting device.
    pub fn deny_device(&self, user_code: &str) -> Result<(), ApprovalError> {
        self.decide_device(user_code, None)
    }

    fn authorization_request(&self, address: &str) -> Result<Request, ApprovalError> {
        let url = Url::parse(address).map_err(|_| ApprovalError::NotHere)?;
        let here = url.origin().ascii_serialization() == self.url() && url.path() == "/authorize";
        if !here {
            return Err(ApprovalError::NotHere);
        }
        let target = format!("/authorize?{}", url.query().unwrap_or_default());
        Ok(Request::new("GET", &target))
    }

    fn decide(&self, address: &str, approval: Option<&Approval>) -> Result<String, ApprovalError> {
        let page = self
            .shared
            .respond_directly(&self.authorization_request(address)?);
        if let Some(location) = page.header("location") {
            return Ok(location.to_owned());
        }
        let form = forms::read(&page.body).ok_or(ApprovalError::Refused(page.status))?;
        let mut request = Request::new("POST", &form.action);
        request.body = form.filled(approval).into_bytes();
        let answer = self.shared.respond_directly(&request);
        let location = answer.header("location").map(str::to_owned);
        location.ok_or(ApprovalError::Refused(answer.status))
    }

    fn decide_device(&self, code: &str, approval: Option<&Approval>) -> Result<(), ApprovalError> {
        let query: String = url::form_urlencoded::byte_serialize(code.as_bytes()).collect();
        let request = Request::new("GET", &format!("/device?user_code={query}"));
        let page = self.shared.respond_directly(&request);
        let form = forms::read(&page.body).ok_or(ApprovalError::NoSuchDevice)?;
        let mut request = Request::new("POST", &form.action);
        request.body = form.filled(approval).into_bytes();
        match self.shared.respond_directly(&request).status {
            200 => Ok(()),
            status => Err(ApprovalError::Refused(status)),
        }
    }

    /// A browser that trusts this sandbox, with a person who approves everything as ada.
    pub fn browser(&self) -> Browser {
        Browser::new(
            self.url(),
            self.identity.as_ref().map(|identity| identity.ca()),
        )
    }
}
