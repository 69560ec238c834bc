//! What people type by hand and what files bring along (bad inputs 2.F), each with its one outcome. Every
//! door by which it comes in goes through this table in a test of its own: the command line, the wizard,
//! the edit screen and `edit`, and imported files.

/// The field it is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Issuer,
    ClientId,
    /// Of an authorization request, written `name=value`.
    Extra,
    Redirect,
    Scopes,
    TestRead,
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Stored as this.
    Kept(String),
    /// Not stored: words of the sentence that says why.
    Refused(&'static str),
    /// Stored as it is once a person says so: words of the question.
    Asked(&'static str),
}

pub(crate) struct Case {
    pub(crate) row: &'static str,
    pub(crate) field: Field,
    pub(crate) input: String,
    pub(crate) outcome: Outcome,
}

/// Puts every case through a door; all that come to something else are told at once.
#[track_caller]
pub(crate) fn every_case(door: impl Fn(&Case) -> Option<Outcome>) {
    let wrong: Vec<String> = cases()
        .iter()
        .filter_map(|case| case.differs(&door(case)?))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

impl Case {
    /// `None` when it came to this: the very text that is kept, or words of the sentence.
    fn differs(&self, found: &Outcome) -> Option<String> {
        let same = match (&self.outcome, found) {
            (Outcome::Kept(wanted), Outcome::Kept(found)) => wanted == found,
            (Outcome::Refused(wanted), Outcome::Refused(found))
            | (Outcome::Asked(wanted), Outcome::Asked(found)) => {
                found.to_lowercase().contains(&wanted.to_lowercase())
            }
            _ => false,
        };
        let start: String = self.input.chars().take(60).collect();
        let (row, wanted) = (self.row, &self.outcome);
        (!same).then(|| format!("{row} {start:?}: {found:?}, not {wanted:?}"))
    }
}

/// A provider at home at `id.example`.
fn cases() -> Vec<Case> {
    use Field::*;
    let mut all = Vec::new();
    let mut case = |row, field, input: &str, outcome| {
        let input = input.to_owned();
        all.push(Case {
            row,
            field,
            input,
            outcome,
        });
    };
    let kept = |text: &str| Outcome::Kept(text.to_owned());
    let refused = Outcome::Refused;
    let asked = Outcome::Asked;

    case(
        "F2",
        Issuer,
        "https://id.example",
        kept("https://id.example"),
    );
    case(
        "F2",
        Issuer,
        "HTTPS://Id.Example/Tenant/",
        kept("https://id.example/Tenant/"),
    );
    case(
        "F2",
        Issuer,
        "https://id.example:443/a",
        kept("https://id.example:443/a"),
    );
    case(
        "F2",
        Issuer,
        "https://192.0.2.7/a",
        kept("https://192.0.2.7/a"),
    );
    case(
        "F2",
        Issuer,
        "https://[2001:db8::7]",
        kept("https://[2001:db8::7]"),
    );
    case(
        "F2",
        Issuer,
        "https://id .example",
        refused("a character that is not allowed"),
    );
    case("F2", Issuer, "id.example", refused("not a web address"));
    case("F2", Issuer, "id.example:443", refused("only https"));
    case(
        "F2",
        Issuer,
        "https://b\u{fc}cher.example",
        refused("xn--bcher-kva.example"),
    );
    case("F2", Issuer, "https://3221225991/", refused("192.0.2.7"));
    case("F2", Issuer, "https://0xC0.0.2.7", refused("192.0.2.7"));
    case(
        "F2",
        Issuer,
        "https://%69d.example",
        refused("as it is asked for: id.example"),
    );
    case("F2", Issuer, "https://id.example:0", refused("port"));
    case("F2", Issuer, "https://id.example:70000", refused("port"));
    case("F2", Issuer, "https://id.example/?a", refused("`?`"));
    case("F2", Issuer, "https://id.example/#a", refused("`#`"));
    case("F2", Issuer, "http://id.example", refused("use https"));

    case("F4", ClientId, "a:b", kept("a:b"));
    case("F4", ClientId, "a%20b%", kept("a%20b%"));
    case(
        "F4",
        ClientId,
        "z\u{fc}ri\u{2713}",
        kept("z\u{fc}ri\u{2713}"),
    );
    case("F4", ClientId, " abc", asked("has a blank"));
    case("F4", ClientId, "abc ", asked("has a blank"));
    case("F4", ClientId, "my app", asked("has a blank"));
    case("F4", ClientId, "abc\u{a0}", asked("has a blank"));

    for name in [
        "state",
        "STATE",
        "%73tate",
        "%2573tate",
        "client_secret",
        "redirect_uri",
        "request_uri",
    ] {
        case(
            "F6",
            Extra,
            &format!("{name}=x"),
            refused("set by the program"),
        );
    }
    case("F6", Extra, "prompt=consent", kept("prompt=consent"));

    case(
        "F7",
        Redirect,
        "http://0.0.0.0:8765/callback",
        refused("must name 127.0.0.1"),
    );
    case(
        "F7",
        Redirect,
        "http://192.168.1.20:8765/callback",
        refused("must name 127.0.0.1"),
    );
    case(
        "F7",
        Redirect,
        "http://127.0.0.2:8765/callback",
        refused("must name 127.0.0.1"),
    );
    case(
        "F7",
        Redirect,
        "http://app.example/callback",
        refused("must name 127.0.0.1"),
    );
    case(
        "F7",
        Redirect,
        "https://127.0.0.1:8765/callback",
        refused("starts with http://"),
    );
    case(
        "F7",
        Redirect,
        "http://127.0.0.1:8765/callback#a",
        refused("`#`"),
    );
    case(
        "F7",
        Redirect,
        "https://relay.example/callback#a",
        refused("`#`"),
    );
    case(
        "F7",
        Redirect,
        "http://127.0.0.1:*/callback",
        refused("`*`"),
    );
    case("F7", Redirect, "http://127.0.0.1:8765/*", refused("`*`"));
    case("F7", Redirect, "https://*.example/callback", refused("`*`"));
    // A public https address is where a relay page stands (docs/RELAY.md).
    case(
        "F7",
        Redirect,
        "https://relay.example/callback",
        kept("https://relay.example/callback"),
    );

    case(
        "F8",
        Redirect,
        "http://127.0.0.1:80/callback",
        kept("http://127.0.0.1:80/callback"),
    );
    case(
        "F8",
        Redirect,
        "http://127.0.0.1:0/callback",
        kept("http://127.0.0.1/callback"),
    );
    case(
        "F8",
        Redirect,
        "http://127.0.0.1:65536/callback",
        refused("not a web address"),
    );

    case("F9", Scopes, "read,write", refused("not commas"));
    case("F9", Scopes, "\"read\"", refused("U+0022"));
    case("F9", Scopes, "re\\ad", refused("U+005C"));
    case("F9", Scopes, "\u{201c}read\u{201d}", refused("U+201C"));
    case("F9", Scopes, "read write read", kept("read write"));
    let many: Vec<String> = (0..10_000).map(|n| format!("s{n}")).collect();
    case("F9", Scopes, &many.join(" "), refused("too many"));
    case(
        "F9",
        Scopes,
        "read ".repeat(10_000).trim_end(),
        kept("read"),
    );

    case(
        "F19",
        TestRead,
        "https://id.example/me",
        kept("https://id.example/me"),
    );
    case(
        "F19",
        TestRead,
        "https://api.example/me",
        asked("api.example"),
    );
    case(
        "F19",
        TestRead,
        "https://id.example:8443/me",
        asked("id.example:8443"),
    );
    case(
        "F19",
        TestRead,
        "https://id.example/me?access_token=fake",
        refused("`access_token`"),
    );
    case(
        "F19",
        TestRead,
        "https://id.example/me?%74oken=fake",
        refused("`token`"),
    );
    case(
        "F19",
        TestRead,
        "https://id.example/me?key=ghp_fake",
        refused("`key`"),
    );
    case(
        "F19",
        TestRead,
        "http://id.example/me",
        refused("use https"),
    );
    all
}
