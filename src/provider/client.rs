//! The client that a service wants registered.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::model::ClientAuth;

/// What kind of client is registered there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Ways to sign in that the service offers, preferred first.
    #[serde(default)]
    pub ways: Vec<Way>,
    pub secret: SecretNeed,
    /// How a secret is sent, where there is one.
    #[serde(default = "post")]
    pub auth: ClientAuth,
    /// Which kind of client needs no secret, in the words of the service's form.
    #[serde(default)]
    pub public: Option<String>,
    /// The app of a user's or a team's own file; built-in presets have none.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The service registers no apps and takes any client ID: then a built-in preset has one too.
    #[serde(default)]
    pub unregistered: bool,
    /// There to be refused with words: these files are shared (conformance T-12).
    #[serde(default, rename = "client_secret")]
    _client_secret: Option<NoSecret>,
}

/// No value of it exists.
#[derive(Clone, Copy, Debug)]
enum NoSecret {}

impl<'de> Deserialize<'de> for NoSecret {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom(
            "a client secret does not belong in this file; take it out and give it to the vault: \
             valetkey add … --client-secret-file -",
        ))
    }
}

fn post() -> ClientAuth {
    ClientAuth::Post
}

impl Client {
    /// How a client authenticates that has, or has not, a secret.
    pub fn auth_with(&self, has_secret: bool) -> ClientAuth {
        if has_secret && self.secret != SecretNeed::Never {
            self.auth
        } else {
            ClientAuth::None
        }
    }

    /// Whether this way needs a secret.
    pub fn needs_secret(&self, way: Way) -> bool {
        match self.secret {
            SecretNeed::Never | SecretNeed::Optional => false,
            SecretNeed::Browser => way == Way::Browser,
            SecretNeed::Always => true,
        }
    }

    /// Whether nobody signs in without one, whatever the way.
    pub fn always_needs_secret(&self) -> bool {
        self.needs_secret(Way::Browser) && !self.ways.contains(&Way::Device)
    }
}

/// A way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    Browser,
    Device,
}

/// When the service wants a client secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretNeed {
    /// Public client; a secret must not be sent.
    Never,
    /// Depends on how the app was registered.
    Optional,
    /// For the browser way only.
    Browser,
    Always,
}
