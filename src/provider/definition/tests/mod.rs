//! What is written reads back the same; what is hostile is told with its place.

mod anything;
mod by_hand;

use std::collections::BTreeMap;

use super::*;
use crate::model::{
    EndpointUrl, Endpoints, ExtraParams, IssPolicy, Issuer, Policy, Quirk, RevokeRule, Seconds,
};

/// An authority's certificate with lines around it that TOML would read as its own.
fn pem() -> String {
    static AUTHORITY: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.self_signed(&key).expect("signed").pem()
    });
    format!("# ours\r\n\t'''\n\"\"\"\n{}\n", *AUTHORITY)
}

fn built_in() -> &'static Catalogue {
    Catalogue::built_in()
}

fn url(text: &str) -> EndpointUrl {
    EndpointUrl::parse(text, false).expect(text)
}

/// Somebody's own provider, with something in every field that may be somebody's own.
fn own() -> Definition {
    Definition {
        name: ConnectionName::parse("Zoë").expect("a name"),
        provider: Provider {
            id: "id.acme.example".to_owned(),
            name: "Acme \"=[\\u{202e}'".to_owned(),
            kind: ProviderKind::Custom,
            issuer: Issuer::parse("https://id.acme.example/a", false).ok(),
            endpoints: Endpoints {
                authorization: Some(url("https://id.acme.example/authorize?x=y")),
                token: Some(url("https://id.acme.example/token")),
                refresh: Some(url("https://id.acme.example/refresh")),
                device: Some(url("https://id.acme.example/device")),
                revocation: Some(url("https://id.acme.example/revoke")),
                introspection: Some(url("https://id.acme.example/introspect")),
                userinfo: Some(url("https://id.acme.example/userinfo")),
                jwks: Some(url("https://id.acme.example/keys")),
                registration: Some(url("https://id.acme.example/register")),
            },
            iss: IssPolicy::Advertised,
            extra: ExtraParams {
                authorize: vec![
                    ("prompt".to_owned(), "consent".to_owned()),
                    ("a=b".to_owned(), String::new()),
                    ("prompt".to_owned(), "twice".to_owned()),
                ],
                token: vec![("audience".to_owned(), "https://api/".to_owned())],
                refresh: vec![("x".to_owned(), "#".to_owned())],
                headers: vec![("X-Version".to_owned(), "2 \"".to_owned())],
            },
            quirks: [Quirk::CommaScopes, Quirk::NestedToken("user".to_owned())].into(),
            test: Some(TestRead {
                headers: vec![("X-Version".to_owned(), "1".to_owned())],
                ..TestRead::at(url("https://api.acme.example/me"))
            }),
            revoke: RevokeRule::TokenOnly,
            manage_url: Some(url("https://acme.example/apps")),
            api_hosts: vec![
                "api.acme.example".to_owned(),
                "api.acme.example:8443".to_owned(),
            ],
        },
        client_id: "a:b%20\u{e9}".to_owned(),
        auth: ClientAuth::Basic,
        redirect: RedirectUri::parse("http://[::1]:8765").expect("a redirect"),
        scopes: ScopeSet::parse("z a #x").expect("scopes"),
        resources: vec!["https://api.acme.example/".to_owned(), "urn:x:y".to_owned()],
        dev_http: true,
        ca_pem: Some(pem()),
        serving: Serving {
            policy: Policy::ConfirmSession,
            lifetime: Some(Seconds(28_800)),
            ahead: true,
        },
    }
}

fn of_preset(id: &str, variables: &[(&str, &str)]) -> Definition {
    let preset = built_in().find(id).expect(id);
    let variables: BTreeMap<String, String> = variables
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let client_id = "client id/1".to_owned();
    Definition {
        name: ConnectionName::parse(id).expect("a name"),
        provider: preset.provider(&variables, &client_id).expect("a provider"),
        auth: preset.client.auth_with(true),
        client_id,
        redirect: preset.default_redirect(),
        scopes: preset.default_scopes(),
        resources: Vec::new(),
        dev_http: false,
        ca_pem: None,
        serving: Serving::default(),
    }
}

#[track_caller]
fn read(text: &str) -> Vec<Definition> {
    let read = read_definitions(text, built_in());
    let mut read = read.unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"));
    // A blank in a client ID is kept, and told.
    read.warnings
        .retain(|told| !told.what.contains("client_id: it has a blank"));
    assert_eq!(read.warnings, []);
    read.definitions
}

/// Every problem as `line:column what`.
#[track_caller]
fn problems(text: &str) -> Vec<String> {
    let problems = read_definitions(text, built_in()).expect_err(text);
    let told = problems.iter();
    told.map(|found| format!("{}:{} {}", found.line, found.column, found.what))
        .collect()
}

#[track_caller]
fn goes_round(definitions: &[Definition]) {
    let text = write_definitions(definitions);
    let back = read(&text);
    assert_eq!(back, definitions, "{text}");
    assert_eq!(write_definitions(&back), text);
}

#[test]
fn x_06_every_built_in_preset_reads_back_byte_for_byte() {
    let all: Vec<Definition> = built_in()
        .presets()
        .iter()
        .filter(|preset| preset.refused.is_none())
        .map(|preset| {
            let asked = preset.variables.iter().filter(|v| v.default.is_none());
            let values: Vec<_> = asked.map(|v| (&*v.key, &*v.example)).collect();
            of_preset(&preset.id, &values)
        })
        .collect();
    assert!(all.len() > 20);
    goes_round(&all);
    for definition in &all {
        assert_eq!(
            definition.origin(built_in()),
            Origin::Shipped,
            "{}",
            definition.name
        );
    }
    let gitlab = of_preset("gitlab", &[("host", "git.acme.example:8443")]);
    assert_eq!(gitlab.origin(built_in()), Origin::Shipped);
    goes_round(&[gitlab, own()]);
    goes_round(&[]);
}

#[test]
fn x_05_a_definition_is_written_as_people_would_write_it() {
    let mut github = of_preset("github", &[]);
    github.client_id = "Iv1.abc".to_owned();
    github.provider = built_in()
        .find("github")
        .and_then(|preset| preset.provider(&BTreeMap::new(), "Iv1.abc").ok())
        .expect("a provider");
    let expected = r#"# Connections of Valetkey: definitions only, no secret and no token.
# To take them over: valetkey import FILE
version = 1

[[connection]]
name = "github"
client_id = "Iv1.abc"
auth = "post"
needs_client_secret = true
redirect_uri = "http://127.0.0.1/callback"
scopes = ["read:user"]

[connection.provider]
id = "github"
name = "GitHub"
kind = "preset"
issuer = "https://github.com/login/oauth"
quirks = ["comma-scopes-in-answer", "secret-required", "never-expires"]
api_hosts = ["api.github.com"]
manage_url = "https://github.com/settings/connections/applications/Iv1.abc"

[connection.provider.endpoints]
authorization = "https://github.com/login/oauth/authorize"
token = "https://github.com/login/oauth/access_token"
device = "https://github.com/login/device/code"

[connection.provider.test]
url = "https://api.github.com/user"
headers = [["X-GitHub-Api-Version", "2022-11-28"]]
account_label = ["/login"]
account_id = "/id"

[connection.provider.revoke]
way = "github-delete"
url = "https://api.github.com/applications/Iv1.abc/grant"
"#;
    assert_eq!(write_definitions(&[github]), expected);
}

#[test]
fn x_06_what_a_person_writes_by_hand_needs_little() {
    let text = r#"version = 1
[[connection]]
name = "acme"
client_id = "app"
provider.id = "acme"
provider.endpoints.authorization = "https://acme.example/a"
provider.endpoints.token = "https://acme.example/t"
"#;
    let [acme] = read(text).try_into().expect("one");
    assert_eq!(acme.auth, ClientAuth::None);
    assert_eq!(acme.redirect, RedirectUri::any_port());
    assert_eq!(
        (acme.provider.name.as_str(), acme.provider.kind),
        ("acme", ProviderKind::Custom)
    );
    assert_eq!(acme.provider.revoke, RevokeRule::Standard);
}

#[test]
fn x_06_everything_wrong_is_listed_at_once_with_its_place() {
    let text = r#"version = 1
[[connection]]
name = "../x"
client_id = " "
auth = "magic"
redirect_uri = "http://192.168.1.5/"
scopes = ["a b", 7]
resources = ["x#y"]
[connection.provider]
id = "a\u001bb"
issuer = "http://plain.example"
quirks = ["none-such"]
api_hosts = ["user@evil.example"]
[connection.provider.endpoints]
authorization = "http://plain.example/a"
token = "javascript:alert(1)"
[connection.provider.parameters]
authorize = [["STATE", "x"], ["lonely"]]
[connection.provider.test]
url = "https://a.example/me"
headers = [["Authorization", "x"], ["X-HTTP-Method-Override", "DELETE"], ["a b", "c"]]
account_id = "id"
[connection.provider.revoke]
way = "bearer-post"
"#;
    let told = problems(text);
    for (place, word) in [
        ("3:8", "name: "),
        ("4:13", "client_id: it is empty"),
        ("5:8", "auth: use none"),
        ("6:16", "redirect_uri: "),
        ("7:11", "scopes: "),
        ("7:18", "a text is needed, not integer"),
        ("8:14", "resources: "),
        ("10:6", "control characters"),
        ("11:10", "plain http"),
        ("12:11", "no such quirk"),
        ("13:14", "host or host:port"),
        ("15:17", "plain http"),
        ("16:9", "only https"),
        ("18:15", "STATE"),
        ("18:30", "pair is needed"),
        ("21:13", "not taken from a file"),
        ("21:37", "not taken from a file"),
        ("21:75", "no name of a header"),
        ("22:14", "begins with `/`"),
        ("23:1", "url: this is needed"),
    ] {
        let found = told.iter().any(|line| {
            line.starts_with(&format!("{place} "))
                && line.to_lowercase().contains(&word.to_lowercase())
        });
        assert!(found, "{place} {word}: {told:#?}");
    }
    assert_eq!(told.len(), 20, "{told:#?}");
}

#[test]
fn u_11_f10_broken_files_are_told_with_line_and_column() {
    for (text, expected) in [
        ("", "1:1 version: this is needed"),
        ("version = \"1\"", "1:11 version: 1 is needed"),
        ("version = 0", "1:11 version: 1 is needed"),
        (
            "\nversion = 2\nconnection = [7]",
            "2:11 version: 2 was written by a newer valetkey",
        ),
        (
            "version = 1\nconnection = 7",
            "2:14 connection: a list is needed, not integer",
        ),
        (
            "version = 1\nconnection = [7]",
            "2:15 connection: a table is needed, not integer",
        ),
        ("version = 1\n[[connection]", "2:"),
        ("version = 1\nx = \"\0\"", "2:"),
        ("version = 1\nversion = 1", "2:"),
    ] {
        let told = problems(text);
        assert!(
            told.len() == 1 && told[0].starts_with(expected),
            "{text:?}: {told:?}"
        );
    }
    let byte_order = read_definitions("\u{feff}version = 1\r\n", built_in());
    assert!(byte_order.expect("readable").definitions.is_empty());
}

#[test]
fn u_11_f15_a_file_is_bounded() {
    let large = format!("version = 1\n#{}", "x".repeat(1 << 20));
    assert_eq!(problems(&large), ["1:1 the file is larger than 1 MiB"]);
    let many: Vec<Definition> = (0..=MOST_DEFINITIONS)
        .map(|number| Definition {
            name: ConnectionName::parse(&format!("n{number}")).expect("a name"),
            ..of_preset("linear", &[])
        })
        .collect();
    let told = problems(&write_definitions(&many));
    assert!(told[0].contains("501 connections"), "{told:?}");
    goes_round(&many[..MOST_DEFINITIONS]);
    let deep = format!("version = 1\nx = {}", "[".repeat(100_000));
    problems(&deep);
}

#[test]
fn u_11_f14_what_is_unknown_is_told_and_never_done() {
    let text = "version = 1\ninclude = \"/etc/passwd\"\n[[connection]]\nname = \"a\"\nclient_id = \"$HOME\"\n\
                command = [\"rm\"]\n[connection.provider]\nid = \"a\"\n[connection.provider.endpoints]\n\
                device = \"https://a.example/d\"\ntoken = \"https://a.example/t\"\n";
    let read = read_definitions(text, built_in()).expect("readable");
    assert_eq!(read.definitions[0].client_id, "$HOME");
    let told: Vec<(usize, &str)> = read
        .warnings
        .iter()
        .map(|found| (found.line, found.what.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (2, "include: unknown here, passed over"),
            (6, "a: command: unknown here, passed over")
        ]
    );
}

#[test]
fn t_12_f5_a_secret_in_the_file_is_refused_with_words() {
    let text = write_definitions(&[own()]);
    for line in [
        "client_secret = \"hunter2\"",
        "refresh_token = \"x\"",
        "Password = \"x\"",
    ] {
        let with = text.replace("auth = ", &format!("{line}\nauth = "));
        let told = problems(&with);
        assert!(
            told[0].contains("a secret does not belong in this file"),
            "{told:?}"
        );
        assert!(!told[0].contains("hunter2"), "{told:?}");
    }
}

#[test]
fn x_06_a_name_stands_in_a_file_once_whatever_its_case() {
    let mut other = own();
    other.name = ConnectionName::parse("zoë").expect("a name");
    let told = problems(&write_definitions(&[own(), other]));
    assert!(told[0].contains("stands here twice"), "{told:?}");
}

/// Whoever hands a file around must not choose what is sent with somebody's token.
#[test]
fn c_09_x_06_a_post_and_a_way_to_revoke_are_only_a_presets_own() {
    let linear = write_definitions(&[of_preset("linear", &[])]);
    assert!(linear.contains("post = "));
    read(&linear);
    for (from, to) in [
        ("viewer", "viewer deleteAll"),
        (
            "https://api.linear.app/graphql",
            "https://api.linear.app/other",
        ),
        ("id = \"linear\"", "id = \"lineal\""),
    ] {
        assert!(linear.contains(from), "{linear}");
        let told = problems(&linear.replace(from, to));
        assert!(told[0].contains("a POST as test read"), "{told:?}");
    }
    let github = write_definitions(&[of_preset("github", &[])]);
    let told = problems(&github.replace("/grant\"", "/other\""));
    assert!(told[0].contains("to revoke"), "{told:?}");
    // What was changed beside it is the person's own business.
    let mut changed = of_preset("github", &[]);
    changed.provider.extra.authorize = vec![("prompt".to_owned(), "consent".to_owned())];
    assert_eq!(
        changed.origin(built_in()),
        Origin::Changed(vec!["parameters"])
    );
    goes_round(&[changed]);
}

#[test]
fn d_03_no_pkce_is_for_clients_with_a_secret() {
    let mut definition = own();
    definition.provider.quirks.insert(Quirk::NoPkce);
    goes_round(std::slice::from_ref(&definition));
    definition.auth = ClientAuth::None;
    let told = problems(&write_definitions(&[definition]));
    assert!(told[0].contains("no-pkce"), "{told:?}");
}

#[test]
fn g_09_f16_hosts_that_differ_are_marked_in_words() {
    let mut github = of_preset("github", &[]);
    assert!(
        hosts(&github, built_in())
            .iter()
            .all(|host| { host.away_from.is_none() && host.not_of_preset.is_none() })
    );
    github.provider.endpoints.token = Some(url("https://evil.example/token"));
    let marked = hosts(&github, built_in());
    let [evil] = marked
        .iter()
        .filter(|host| host.away_from.is_some() || host.not_of_preset.is_some())
        .collect::<Vec<_>>()
        .try_into()
        .expect("one");
    assert_eq!(
        (evil.host.as_str(), evil.uses.as_slice()),
        ("evil.example", ["token"].as_slice())
    );
    assert_eq!(evil.away_from.as_deref(), Some("github.com"));
    assert_eq!(evil.not_of_preset.as_deref(), Some("github"));
    assert_eq!(
        github.origin(built_in()),
        Origin::Changed(vec!["endpoints"])
    );
    // A preset with a variable is told where it lies elsewhere than usual.
    let gitlab = hosts(
        &of_preset("gitlab", &[("host", "git.acme.example")]),
        built_in(),
    );
    assert!(
        gitlab
            .iter()
            .all(|host| host.not_of_preset.as_deref() == Some("gitlab"))
    );
    let mut alien = own();
    alien.provider.kind = ProviderKind::Preset;
    assert_eq!(alien.origin(built_in()), Origin::Unknown);
    assert_eq!(own().origin(built_in()), Origin::Own);
}

#[test]
fn g_09_every_host_is_listed_with_what_it_is_asked_for() {
    let listed = hosts(&own(), built_in());
    let listed: Vec<(&str, String)> = listed
        .iter()
        .map(|host| (host.host.as_str(), host.uses.join(" ")))
        .collect();
    let endpoints = "authorization token refresh device revocation introspection userinfo keys registration issuer";
    assert_eq!(
        listed,
        [
            ("id.acme.example", endpoints.to_owned()),
            ("api.acme.example", "test read API".to_owned()),
            ("api.acme.example:8443", "API".to_owned()),
            ("acme.example", "manage page".to_owned()),
        ]
    );
    let all = own().provider.hosts();
    assert!(
        all.iter()
            .all(|host| listed.iter().any(|(known, _)| known == host))
    );
}

#[test]
fn differences_name_the_fields() {
    assert_eq!(own().differences(&own()), Vec::<&str>::new());
    let mut other = own();
    other.client_id.push('x');
    other.provider.test = None;
    other.scopes = ScopeSet::default();
    assert_eq!(
        own().differences(&other),
        ["test read", "client ID", "scopes"]
    );
}
