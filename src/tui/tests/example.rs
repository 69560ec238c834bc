//! A small set of connections and presets.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::actions::Keymap;
use crate::engine::{
    Class, Detail, Endpoint, Error, FailureKind, Fate, Happened, Happening, History,
    ProviderFailure, Row, TestReport, Way,
};
use crate::host::{ForwardLines, Multiplexer};
use crate::model::{
    Account, AccountSource, AttemptId, Caller, ClientAuth, Connection, ConnectionId,
    ConnectionName, EndReason, EndpointUrl, Endpoints, Expiry, ExtraParams, Grant, GrantId,
    IssPolicy, Provider, ProviderKind, Quirk, RedirectUri, Registration, RegistrationId,
    RevokeRule, ScopeSet, Seconds, Summary, UnixTime, Untrusted, Verdict,
};
use crate::provider::{Place, ScopeHelp};
use crate::settings::{Base, Theme};
use crate::tui::{
    Copies, Look, PresetChoice, PresetWay, RegisterStep, ScopeChoice, SecretNeed, Setup, Variable,
};
use crate::vault::{Outcome, Via};

/// 2026-11-23 14:28:00 UTC.
pub(super) const NOW: UnixTime = UnixTime(1_795_444_080);

pub(super) const COLOURLESS: Look = Look {
    colour: false,
    ascii: false,
    links: false,
    theme: Theme::of(Base::Default),
};

pub(super) fn scopes(text: &str) -> ScopeSet {
    ScopeSet::parse(text).expect("scopes")
}

pub(super) fn name(text: &str) -> ConnectionName {
    ConnectionName::parse(text).expect("name")
}

pub(super) fn id(n: u32) -> ConnectionId {
    let mut bytes = [7; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    ConnectionId::from_random(bytes)
}

pub(super) fn attempt(n: u8) -> AttemptId {
    AttemptId::from_random([n; 16])
}

pub(super) fn grant(account: Option<&str>, granted: Option<&str>, expiry: Expiry) -> Grant {
    Grant {
        id: GrantId::from_random([3; 16]),
        granted: granted.map(scopes),
        account: account.map(|label| Account {
            label: Untrusted::new(label),
            id: None,
            source: AccountSource::TestRead,
        }),
        signed_in_at: UnixTime(NOW.0 - 7500),
        expiry,
        issued_at: UnixTime(NOW.0 - 1000),
        in_use: None,
        has_refresh_token: expiry != Expiry::Never,
        rotates: Some(true),
        ends_at: None,
        proved_at: Some(UnixTime(NOW.0 - 60)),
        tested_at: Some(UnixTime(NOW.0 - 360)),
        generation: 1,
    }
}

pub(super) fn row(
    n: u32,
    called: &str,
    provider: &str,
    requested: &str,
    grant: Option<Grant>,
    ended: Option<EndReason>,
) -> Row {
    let verdict = Verdict::of(grant.as_ref(), ended, None, false, NOW);
    Row {
        summary: Summary {
            id: id(n),
            name: name(called),
            provider_id: provider.to_lowercase(),
            provider_name: provider.to_owned(),
            client_id: "4f1c0a9a77".to_owned(),
            requested: scopes(requested),
            dev_http: false,
            grant,
            ended,
            problem: None,
            unasked: ScopeSet::default(),
            untestable: false,
        },
        verdict,
    }
}

/// The four rows of the storyboard.
pub(super) fn rows() -> Vec<Row> {
    let soon = Expiry::At(NOW.plus(Seconds(42 * 60 + 5)));
    let gone = Expiry::At(UnixTime(NOW.0 - 5));
    vec![
        row(
            1,
            "github",
            "GitHub",
            "repo read:user",
            Some(grant(Some("ada"), Some("repo read:user"), Expiry::Never)),
            None,
        ),
        row(
            2,
            "linear",
            "Linear",
            "read write",
            Some(grant(Some("ada@acme.io"), Some("read"), soon)),
            None,
        ),
        row(
            3,
            "acme-okta",
            "Okta",
            "openid email",
            Some(grant(Some("ada@acme.io"), Some("openid email"), gone)),
            Some(EndReason::EndedByProvider),
        ),
        row(
            4,
            "notes-mcp",
            "notes.dev",
            "notes:read",
            Some(grant(None, None, gone)),
            None,
        ),
    ]
}

pub(super) fn url(text: &str) -> EndpointUrl {
    EndpointUrl::parse(text, true).expect("url")
}

fn provider_at(id: &str, name: &str, host: &str) -> Provider {
    Provider {
        id: id.to_owned(),
        name: name.to_owned(),
        kind: ProviderKind::Preset,
        issuer: None,
        endpoints: Endpoints {
            authorization: Some(url(&format!("https://{host}/oauth/authorize"))),
            token: Some(url(&format!("https://{host}/oauth/token"))),
            device: Some(url(&format!("https://{host}/oauth/authorize_device"))),
            revocation: Some(url(&format!("https://{host}/oauth/revoke"))),
            ..Endpoints::default()
        },
        iss: IssPolicy::NotAdvertised,
        extra: ExtraParams::default(),
        quirks: BTreeSet::from([Quirk::CommaScopesInAnswer]),
        test: None,
        revoke: RevokeRule::Standard,
        manage_url: Some(url(&format!("https://{host}/settings/connections"))),
        api_hosts: Vec::new(),
    }
}

/// Two presets: one with a variable and no secret, one with two ways.
pub(super) fn presets() -> Vec<PresetChoice> {
    let gitlab = PresetChoice {
        id: "gitlab".to_owned(),
        name: "GitLab".to_owned(),
        hint: "register an app once, 2 minutes".to_owned(),
        remark: None,
        refused: None,
        places: vec![Place::Host("gitlab.com".to_owned())],
        variables: vec![Variable {
            key: "host".to_owned(),
            label: "Your GitLab host".to_owned(),
            default: Some("gitlab.com".to_owned()),
        }],
        ways: vec![PresetWay {
            label: String::new(),
            device: false,
            secret: SecretNeed::None,
            auth: ClientAuth::Post,
        }],
        client_id: None,
        redirect: RedirectUri::any_port(),
        redirect_at: Arc::new(|_| RedirectUri::any_port()),
        default_scopes: scopes("read_user"),
        scopes: [
            ("read_user", "who you are", false, None),
            ("read_api", "read everything you can read", true, None),
            ("api", "everything you can do", true, Some("read_api")),
        ]
        .into_iter()
        .filter_map(|(name, help, broad, narrower)| {
            ScopeChoice::of(ScopeHelp {
                name: name.to_owned(),
                help: help.to_owned(),
                broad,
                narrower: narrower.map(str::to_owned),
            })
        })
        .collect(),
        build: Arc::new(|values, _| {
            let host = values.get("host").map_or("", String::as_str);
            if host.is_empty()
                || host.contains(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-'))
            {
                return Err("A host name is needed, as in gitlab.com".to_owned());
            }
            Ok(provider_at("gitlab", "GitLab", host))
        }),
        steps: Arc::new(|values, redirect| {
            let host = values.get("host").map_or("", String::as_str);
            [
                (
                    "Open",
                    format!("https://{host}/-/user_settings/applications"),
                ),
                ("Name", "Valetkey".to_owned()),
                ("Redirect", redirect.to_string()),
                ("Untick", "Confidential; save".to_owned()),
            ]
            .into_iter()
            .map(|(action, value)| RegisterStep {
                action: action.to_owned(),
                page: action == "Open",
                copy: (action != "Untick").then(|| value.clone()),
                value,
            })
            .collect()
        }),
    };
    let way = |label: &str, device, secret| PresetWay {
        label: label.to_owned(),
        device,
        secret,
        auth: ClientAuth::Post,
    };
    let github = PresetChoice {
        id: "github".to_owned(),
        name: "GitHub".to_owned(),
        hint: "register an app once, 2 minutes".to_owned(),
        remark: None,
        refused: None,
        places: vec![Place::Host("github.com".to_owned())],
        variables: Vec::new(),
        ways: vec![
            way("a code on a web page, no secret", true, SecretNeed::None),
            way(
                "the browser, needs the client secret",
                false,
                SecretNeed::Required,
            ),
        ],
        default_scopes: ScopeSet::default(),
        build: Arc::new(|_, _| Ok(provider_at("github", "GitHub", "github.com"))),
        steps: Arc::new(|_, redirect| {
            vec![
                RegisterStep {
                    action: "Open".to_owned(),
                    value: "https://github.com/settings/developers".to_owned(),
                    page: true,
                    copy: Some("https://github.com/settings/developers".to_owned()),
                },
                RegisterStep {
                    action: "Redirect".to_owned(),
                    value: redirect.to_string(),
                    page: false,
                    copy: Some(redirect.to_string()),
                },
            ]
        }),
        ..gitlab.clone()
    };
    vec![github, gitlab]
}

pub(super) fn setup() -> Setup {
    Setup {
        look: COLOURLESS,
        mouse: true,
        keys: Keymap::default(),
        ssh: false,
        first_way: None,
        copies: Copies::Terminal,
        warning: None,
        practice: false,
        leads_back: false,
        greeting: None,
        key_place: "Sign-ins are stored encrypted. Your keychain holds the key.".to_owned(),
        presets: std::cell::LazyCell::new(Box::new(presets)),
        start_wizard: None,
        zone: TimeZone::UTC,
        interrupted: Vec::new(),
        inside: Multiplexer::None,
        elsewhere: None,
        shared: false,
    }
}

pub(super) fn report() -> TestReport {
    TestReport {
        status: 200,
        millis: 180,
        account: Some(Untrusted::new("ada").shown()),
        lines: vec![
            Untrusted::new("username: ada").shown(),
            Untrusted::new("state: active").shown(),
        ],
        authority: "gitlab.com".to_owned(),
    }
}

pub(super) fn detail_of(row: &Row) -> Detail {
    let id = row.summary.provider_id.as_str();
    let plain = id.bytes().all(|b| b.is_ascii_alphanumeric());
    let host = format!("{}.example", if plain { id } else { "service" });
    Detail {
        connection: Connection {
            id: row.summary.id.clone(),
            name: row.summary.name.clone(),
            provider: provider_at(&row.summary.provider_id, &row.summary.provider_name, &host),
            registration: Registration {
                id: RegistrationId::from_random([4; 16]),
                client_id: row.summary.client_id.clone(),
                auth: ClientAuth::None,
                redirect: RedirectUri::parse("http://localhost:8765/callback").expect("redirect"),
                has_secret: false,
            },
            requested: row.summary.requested.clone(),
            resources: Vec::new(),
            dev_http: false,
            ca_pem: None,
            grant: row.summary.grant.clone(),
            serving: crate::model::Serving::default(),
            ended: row.summary.ended,
            problem: None,
        },
        verdict: row.verdict.clone(),
        waiting: Vec::new(),
        history: history_of(row),
    }
}

/// A token was given to this process a minute ago.
pub(super) fn handed(connection: &Connection, pid: u32, name: &str) -> Happened {
    let at = UnixTime(NOW.0 - 60);
    Happened {
        at,
        connection: connection.id.clone(),
        name: connection.name.to_string(),
        what: given_to(pid, name, 1, at),
    }
}

fn given_to(pid: u32, name: &str, times: usize, since: UnixTime) -> Happening {
    Happening::Handed {
        outcome: Outcome::Given,
        via: Via::Command,
        caller: Some(Caller {
            pid,
            name: Untrusted::new(name),
        }),
        times,
        since,
    }
}

fn history_of(row: &Row) -> History {
    let line = |ago: i64, what| Happened {
        at: UnixTime(NOW.0 - ago),
        connection: row.summary.id.clone(),
        name: row.summary.name.to_string(),
        what,
    };
    let changed = |word: &str, detail: Option<&str>| Happening::Changed {
        word: word.to_owned(),
        detail: detail.map(Untrusted::new),
    };
    let handed =
        |pid, name: &str, times, since: i64| given_to(pid, name, times, UnixTime(NOW.0 - since));
    let mut lines = vec![
        line(360, changed("tested", None)),
        line(420, handed(8120, "bash", 1, 420)),
        line(600, handed(4711, "git", 37, 80_000)),
        line(85_000, handed(66, "e\u{1b}[2J\nvil", 1, 85_000)),
        line(90_000, changed("signed-in", Some("ada"))),
    ];
    lines.extend((1..=20).map(|day| line(90_000 + day * 86_400, changed("refreshed", None))));
    History {
        lines,
        more: true,
        unread: None,
    }
}

pub(super) fn device_way() -> Way {
    Way::Device {
        user_code: Untrusted::new("WDJB-MJHT").shown(),
        verification_uri: "https://gitlab.com/oauth/device".to_owned(),
        complete: None,
        expires_at: NOW.plus(Seconds(899)),
        foreign_host: false,
    }
}

const START_URL: &str = "http://127.0.0.1:41873/go/k3v9a0b1c2";

fn forward_lines(target: &str) -> ForwardLines {
    let tunnel = "-L 127.0.0.1:41873:127.0.0.1:41873";
    ForwardLines {
        command: format!("ssh -N {tunnel} {target}"),
        escape: tunnel.to_owned(),
        control: format!("ssh -O forward {tunnel} {target}"),
    }
}

pub(super) fn forward_way(target: &str) -> Way {
    Way::Forward {
        lines: forward_lines(target),
        target: Some(target.to_owned()),
        start_url: START_URL.to_owned(),
    }
}

pub(super) fn unnamed_forward_way() -> Way {
    Way::Forward {
        lines: forward_lines("USER@HOST"),
        target: None,
        start_url: START_URL.to_owned(),
    }
}

/// A failed sign-in by a short name.
pub(super) fn failure(name: &str) -> Error {
    match name {
        "timeout" => Error::NobodyAnswered {
            waited: Seconds(600),
        },
        // The provider asked for HTTP Basic, and the secret went in the body.
        "wants_basic" => refused("invalid_client", Some(crate::model::ClientAuth::Post)),
        code => refused(code, None),
    }
}

/// A test read that was refused for want of scopes.
pub(super) fn wants(scopes: &str) -> Error {
    let mut failure = ProviderFailure::status(Endpoint::Test, "gitlab.com".to_owned(), 403);
    failure.kind = FailureKind::MoreScope(Untrusted::new(scopes));
    failure.into()
}

fn refused(code: &str, basic_instead_of: Option<crate::model::ClientAuth>) -> Error {
    ProviderFailure {
        at: Endpoint::Token,
        authority: "gitlab.com".to_owned(),
        kind: FailureKind::Refused {
            code: code.to_owned(),
            description: None,
            page: None,
            basic_instead_of,
        },
        class: Class::Configuration,
        fate: Fate::Refused,
    }
    .into()
}

/// As over SSH.
pub(super) fn elsewhere() -> Option<String> {
    let ssh = crate::host::Ssh {
        user: Some("ada".to_owned()),
        port: 22,
    };
    crate::advice::browser_elsewhere(&crate::host::Environment {
        ssh: Some(ssh),
        ..crate::host::Environment::default()
    })
}
