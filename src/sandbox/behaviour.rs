//! Misbehaviour as data: a set of `key=value` switches.
//!
//! A new switch is one line in [`SWITCHES`] and one `behaviour.get("…")` where it matters. Two
//! families need no line at all: faults of an endpoint (`token_drop=headers`, [`FAULTS`]) and
//! overridden members of an answer (`metadata.issuer=absent`, [`MEMBERS`]).

use std::collections::BTreeMap;

/// What values a switch takes.
#[derive(Clone, Copy, Debug)]
enum Takes {
    OneOf(&'static [&'static str]),
    /// A whole number.
    Number,
    /// Any text; the words say what is meant.
    Text(&'static str),
}

const ON_OFF: Takes = Takes::OneOf(&["on", "off"]);

/// Key, values, meaning.
const SWITCHES: &[(&str, Takes, &str)] = &[
    (
        "subject",
        Takes::Text("ACCOUNT|SUB"),
        "from now on every answer names this account",
    ),
    (
        "client_name",
        Takes::Text("TEXT"),
        "the name on the consent page",
    ),
    // Authorization.
    (
        "authorize_error",
        Takes::Text("CODE"),
        "answer the authorization request with this error",
    ),
    (
        "callback_duplicate",
        Takes::Text("PARAM"),
        "send this callback parameter twice",
    ),
    (
        "callback_fragment",
        ON_OFF,
        "put the answer in the fragment instead of the query",
    ),
    (
        "code_prefix",
        Takes::Text("TEXT"),
        "codes begin with this text, e.g. `a b+`",
    ),
    ("code_lifetime", Takes::Number, "seconds a code lives (60)"),
    (
        "iss_advertised",
        ON_OFF,
        "whether metadata promises `iss` (RFC 9207)",
    ),
    (
        "pkce",
        Takes::OneOf(&["required", "ignored", "rejected"]),
        "PKCE S256 (required)",
    ),
    (
        "csp",
        Takes::OneOf(&["ok", "self", "none"]),
        "form-action of the consent page",
    ),
    (
        "default_scope",
        Takes::Text("SCOPES"),
        "granted where none is asked for (profile)",
    ),
    (
        "granted_scope",
        Takes::Text("SCOPES"),
        "granted whatever was asked and ticked",
    ),
    // Tokens.
    (
        "auth",
        Takes::OneOf(&["none", "basic", "post"]),
        "the only client authentication accepted",
    ),
    (
        "rotation",
        ON_OFF,
        "a refresh answers with a new refresh token (on)",
    ),
    (
        "grace",
        Takes::Number,
        "seconds a spent refresh token still works (0)",
    ),
    (
        "reuse",
        Takes::OneOf(&["revoke", "refuse"]),
        "a spent refresh token ends the family, or not",
    ),
    (
        "token_error",
        Takes::Text("CODE"),
        "answer with this error (400; 401 for invalid_client)",
    ),
    (
        "token_error_in_200",
        Takes::Text("CODE"),
        "answer with this error under status 200",
    ),
    (
        "token_duplicate",
        Takes::Text("MEMBER"),
        "write this member twice with different values",
    ),
    (
        "token_nest",
        Takes::Text("MEMBER"),
        "put the token members under this one",
    ),
    (
        "token_shape",
        Takes::OneOf(&["json", "form", "ok_false"]),
        "form: form-encoded answer; ok_false: 200 with {\"ok\":false,\"error\":…}",
    ),
    (
        "scope_form",
        Takes::OneOf(&["space", "comma", "array"]),
        "how granted scopes are written",
    ),
    // Device.
    (
        "device_script",
        Takes::Text("pending,slow_down,ok,…"),
        "one answer per poll: pending, slow_down, ok, denied, expired or any error code",
    ),
    // The rest.
    (
        "revocation",
        Takes::Text("on|off|STATUS|CODE"),
        "off: no endpoint; a status; or an error code such as unsupported_token_type",
    ),
    ("introspection", ON_OFF, "off: no endpoint"),
    (
        "registration",
        Takes::Text("on|off|CODE"),
        "off: no endpoint; or an error code",
    ),
    ("device_flow", ON_OFF, "off: no endpoint"),
    (
        "wellknown",
        Takes::OneOf(&["both", "oidc", "oauth", "none"]),
        "which metadata documents exist",
    ),
    (
        "id_token",
        Takes::OneOf(&[
            "ok",
            "absent",
            "wrong_iss",
            "wrong_aud",
            "extra_aud",
            "bad_sig",
            "alg_none",
            "hs256",
            "rs384",
            "expired",
            "no_nonce",
            "wrong_nonce",
            "missing_sub",
            "wrong_at_hash",
            "no_kid",
            "unasked",
        ]),
        "one fault of the identity token (finer: id_token.CLAIM=…, id_token_header.NAME=…)",
    ),
    (
        "key",
        Takes::OneOf(&["first", "second"]),
        "which key signs identity tokens",
    ),
    (
        "jwks",
        Takes::OneOf(&[
            "ok", "both", "stale", "no_kid", "same_kid", "empty", "missing",
        ]),
        "ok: the signing key; both: two; stale: only the one that does not sign; …",
    ),
    (
        "challenge",
        Takes::Text("TEXT"),
        "WWW-Authenticate of the protected reads",
    ),
    (
        "retry_after",
        Takes::Text("TEXT"),
        "Retry-After on every answer of 400 and above",
    ),
    (
        "date_skew",
        Takes::Text("SECONDS"),
        "the Date header is off by this much, e.g. -600",
    ),
];

/// Faults any endpoint can have: `<endpoint>_<fault>=<value>`.
const FAULTS: &[(&str, Takes, &str)] = &[
    (
        "status",
        Takes::Number,
        "the right answer under this status",
    ),
    (
        "unavailable",
        Takes::Number,
        "this status with an HTML page; nothing is done",
    ),
    (
        "body",
        Takes::Text("TEXT|base64:…"),
        "this body; nothing is done",
    ),
    ("content_type", Takes::Text("TEXT"), "this content type"),
    ("header", Takes::Text("NAME: VALUE"), "one more header line"),
    (
        "redirect",
        Takes::Text("STATUS:URL"),
        "a redirect; nothing is done",
    ),
    (
        "drop",
        Takes::OneOf(&["undone", "before", "headers", "mid-body"]),
        "cut the connection: with nothing done; or done, but before, after headers, in mid-body",
    ),
    (
        "hold",
        Takes::OneOf(&["on", "before"]),
        "wait for release(): once done, or before",
    ),
    (
        "big",
        Takes::Number,
        "this many bytes of padding (a member in JSON, else spaces)",
    ),
    (
        "length",
        Takes::Text("+N|-N"),
        "Content-Length lies by this much",
    ),
    ("trickle", ON_OFF, "one byte every five seconds"),
];

/// Endpoints that can have [`FAULTS`]. `metadata` is both well-known documents.
const ENDPOINTS: &[&str] = &[
    "authorize",
    "consent",
    "token",
    "device",
    "revoke",
    "introspect",
    "userinfo",
    "jwks",
    "metadata",
    "resource",
    "register",
    "me",
    "items",
];

/// What can be overridden member by member: `<prefix>.<member>=<JSON | text | absent>`, with
/// `raw:…` for text that is not JSON and `text:…` for a string that looks like JSON.
const MEMBERS: &[&str] = &[
    "token",
    "error",
    "device",
    "introspect",
    "userinfo",
    "metadata",
    "resource",
    "register",
    "me",
    "id_token",
    "id_token_header",
    "callback",
];

/// Short names.
const ALIASES: &[(&str, &str)] = &[
    ("expires_in", "token.expires_in"),
    ("token_type", "token.token_type"),
    ("scope", "token.scope"),
    ("refresh_token", "token.refresh_token"),
    ("state", "callback.state"),
    ("iss", "callback.iss"),
    ("device_interval", "device.interval"),
    ("device_expires_in", "device.expires_in"),
];

/// Why a switch was not understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BehaviourError {
    /// No `=` in it.
    #[error("`{0}` is not of the form key=value")]
    NotAPair(String),
    /// No such key.
    #[error("unknown switch `{key}`; known are:\n{known}")]
    UnknownKey {
        /// What was given.
        key: String,
        /// All switches, one a line.
        known: String,
    },
    /// The key takes other values.
    #[error("`{key}` takes {takes}, not `{value}`")]
    BadValue {
        /// The switch.
        key: String,
        /// What was given.
        value: String,
        /// What it takes.
        takes: String,
    },
}

/// A set of switches. The default set is a correct provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behaviour(BTreeMap<String, String>);

impl Behaviour {
    /// Parses `key=value` switches.
    pub fn parse<S: AsRef<str>>(
        switches: impl IntoIterator<Item = S>,
    ) -> Result<Self, BehaviourError> {
        let mut behaviour = Self::default();
        for switch in switches {
            behaviour.set(switch.as_ref())?;
        }
        Ok(behaviour)
    }

    /// Adds or replaces one switch.
    pub fn set(&mut self, switch: &str) -> Result<(), BehaviourError> {
        let (key, value) = switch
            .split_once('=')
            .ok_or_else(|| BehaviourError::NotAPair(switch.to_owned()))?;
        let takes = takes(key).ok_or_else(|| BehaviourError::UnknownKey {
            key: key.to_owned(),
            known: Self::known(),
        })?;
        let fits = match takes {
            Takes::OneOf(words) => words.contains(&value),
            Takes::Number => value.parse::<u32>().is_ok(),
            Takes::Text(_) => true,
        };
        if !fits {
            let takes = takes.words();
            return Err(BehaviourError::BadValue {
                key: key.into(),
                value: value.into(),
                takes,
            });
        }
        self.0.insert(canonical(key).to_owned(), value.to_owned());
        Ok(())
    }

    /// Takes one switch away.
    pub fn unset(&mut self, key: &str) {
        self.0.remove(canonical(key));
    }

    /// All switches with their values and meanings, one a line.
    pub fn known() -> String {
        let line = |key: &str, takes: Takes, meaning: &str| {
            format!("  {key}={}  {meaning}\n", takes.words())
        };
        let mut text = String::new();
        for (key, takes, meaning) in SWITCHES {
            text.push_str(&line(key, *takes, meaning));
        }
        for (short, long) in ALIASES {
            text.push_str(&format!("  {short}=VALUE  same as {long}\n"));
        }
        text.push_str(&format!(
            "Faults of an endpoint ({}):\n",
            ENDPOINTS.join(", ")
        ));
        for (fault, takes, meaning) in FAULTS {
            text.push_str(&line(&format!("ENDPOINT_{fault}"), *takes, meaning));
        }
        text.push_str("Members of an answer (absent, JSON, text, raw:TEXT, text:STRING):\n");
        for prefix in MEMBERS {
            text.push_str(&format!("  {prefix}.MEMBER=VALUE\n"));
        }
        text
    }

    /// The value of a switch.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    pub(super) fn is(&self, key: &str, value: &str) -> bool {
        self.get(key) == Some(value)
    }

    pub(super) fn number(&self, key: &str) -> Option<u32> {
        self.get(key)?.parse().ok()
    }

    /// A fault of an endpoint.
    pub(super) fn fault(&self, endpoint: &str, fault: &str) -> Option<&str> {
        self.get(&format!("{endpoint}_{fault}"))
    }

    /// The overridden members under a prefix.
    pub(super) fn members<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(key, value)| {
            let member = key.strip_prefix(prefix)?.strip_prefix('.')?;
            Some((member, value.as_str()))
        })
    }

    /// These switches with others on top.
    pub(super) fn with(&self, others: &Self) -> Self {
        let mut all = self.clone();
        all.0.extend(others.0.clone());
        all
    }

    /// A member stated as a whole number of seconds, where the switch says one.
    pub(super) fn stated_seconds(&self, member: &str) -> Option<i64> {
        self.get(member)?
            .trim_matches('"')
            .parse::<i64>()
            .ok()
            .filter(|seconds| *seconds >= 0)
    }
}

impl Takes {
    fn words(self) -> String {
        match self {
            Self::OneOf(words) => words.join("|"),
            Self::Number => "NUMBER".to_owned(),
            Self::Text(what) => what.to_owned(),
        }
    }
}

fn canonical(key: &str) -> &str {
    ALIASES
        .iter()
        .find(|(short, _)| *short == key)
        .map_or(key, |(_, long)| long)
}

fn takes(key: &str) -> Option<Takes> {
    if let Some((_, takes, _)) = SWITCHES.iter().find(|(known, ..)| *known == key) {
        return Some(*takes);
    }
    if let Some((prefix, member)) = canonical(key).split_once('.') {
        let known = MEMBERS.contains(&prefix) && !member.is_empty();
        return known.then_some(Takes::Text("VALUE"));
    }
    let (endpoint, fault) = key.split_once('_')?;
    let (_, takes, _) = FAULTS.iter().find(|(known, ..)| *known == fault)?;
    ENDPOINTS.contains(&endpoint).then_some(*takes)
}
