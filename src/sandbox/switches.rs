//! Which switches there are, what they take and what they mean.
//!
//! A new one is a line in [`SWITCHES`] and one `behaviour.get("…")` where it matters. Two families
//! need no line at all: faults of an endpoint (`token_drop=headers`, [`FAULTS`]) and overridden
//! members of an answer (`metadata.issuer=absent`, [`MEMBERS`]).

use std::fmt::Write as _;

/// What values a switch takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Takes {
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
    (
        "cut",
        Takes::Number,
        "cut the connection after this many bytes of the whole answer",
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

/// All switches with their values and meanings, one a line.
pub(super) fn listed() -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let mut line = |key: &str, takes: Takes, meaning: &str| {
        let _ = writeln!(text, "  {key}={}  {meaning}", takes.words());
    };
    for (key, takes, meaning) in SWITCHES {
        line(key, *takes, meaning);
    }
    for (short, long) in ALIASES {
        line(short, Takes::Text("VALUE"), &format!("same as {long}"));
    }
    for (fault, takes, meaning) in FAULTS {
        line(&format!("ENDPOINT_{fault}"), *takes, meaning);
    }
    let _ = writeln!(text, "ENDPOINT is one of {}.", ENDPOINTS.join(", "));
    for prefix in MEMBERS {
        let _ = writeln!(
            text,
            "  {prefix}.MEMBER=absent|JSON|TEXT|raw:TEXT|text:STRING"
        );
    }
    text
}

impl Takes {
    pub(super) fn words(self) -> String {
        match self {
            Self::OneOf(words) => words.join("|"),
            Self::Number => "NUMBER".to_owned(),
            Self::Text(what) => what.to_owned(),
        }
    }
}

/// The long name of a short one.
pub(super) fn canonical(key: &str) -> &str {
    ALIASES
        .iter()
        .find(|(short, _)| *short == key)
        .map_or(key, |(_, long)| long)
}

/// What a key takes; nothing if it is not known.
pub(super) fn takes(key: &str) -> Option<Takes> {
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
