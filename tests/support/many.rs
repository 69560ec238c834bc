//! A home with many connections, of which some are due. Each of those has tokens that the provider gave.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use url::Url;
use valetkey::host::{Clock as _, SystemClock};
use valetkey::model::{
    ClientAuth, Connection, ConnectionId, ConnectionName, EndpointUrl, Endpoints, Expiry,
    ExtraParams, GrantId, IssPolicy, Provider, ProviderKind, RedirectUri, Registration,
    RegistrationId, RevokeRule, ScopeSet, Seconds, Secret, Serving, UnixTime,
};
use valetkey::sandbox::{Approval, Options, SandboxThread};
use valetkey::vault::{Candidate, Vault};

use crate::home::Home;
use crate::kept;

const CLIENT: &str = "valetkey-practice";
const SCOPES: &str = "profile items:read";
const CALLBACK: &str = "http://127.0.0.1:9/callback";
const VERIFIER: &str = "a-verifier-of-forty-three-characters-or-more";
const HOUR: u64 = 3600;

pub(crate) struct Many {
    pub(crate) home: Home,
    pub(crate) sandbox: kept::Provider,
}

impl Many {
    /// `connection-000` and so on, signed in an hour ago; the first `due` of them have an expired token.
    pub(crate) fn of(count: u32, due: u32) -> Self {
        let sandbox = SandboxThread::start(Options::default()).expect("a sandbox");
        for switch in ["rotation=on", "grace=0"] {
            sandbox.set(switch).expect("a switch");
        }
        let home = Home::new();
        let mut vault = home.opened();
        let now = SystemClock.now();
        for number in 0..count {
            let connection = connection(number, &sandbox);
            let tokens = (number < due).then(|| tokens(&sandbox));
            add(&mut vault, &connection, tokens, now);
        }
        sandbox.clear_requests();
        let sandbox = kept::Provider::of(sandbox);
        Self { home, sandbox }
    }
}

/// With these tokens, of which the first is over, else with some that are good for an hour.
fn add(vault: &mut Vault, connection: &Connection, due: Option<(String, String)>, now: UnixTime) {
    vault.add(connection, None, now).expect("added");
    let is_due = due.is_some();
    let (access, refresh) = due.unwrap_or_else(|| {
        let name = connection.name.as_str();
        (
            format!("fake-access-{name}"),
            format!("fake-refresh-{name}"),
        )
    });
    let issued_at = if is_due {
        UnixTime(now.0 - HOUR.cast_signed() - 60)
    } else {
        now
    };
    let grant = GrantId::from_random(bytes(connection.name.as_str()));
    let candidate = Candidate {
        grant_id: grant.clone(),
        access_token: Secret::new(access),
        refresh_token: Some(Secret::new(refresh)),
        granted: Some(connection.requested.clone()),
        expiry: Expiry::At(issued_at.plus(Seconds(HOUR))),
        issued_at,
        ends_at: None,
        account: None,
    };
    let stored = vault.store_candidate(connection, &candidate, now);
    stored.expect("stored");
    let grant = vault.accept_candidate(&connection.id, &grant, now);
    let grant = grant.expect("accepted");
    if !is_due {
        vault.note_issued(&grant, now, SystemClock.uptime().as_ref());
    }
}

fn bytes(text: &str) -> [u8; 16] {
    let digest = Sha256::digest(text);
    digest[..16].try_into().expect("16 bytes")
}

fn connection(number: u32, sandbox: &SandboxThread) -> Connection {
    let name = format!("connection-{number:03}");
    let url = |path: &str| Some(EndpointUrl::parse(&sandbox.at(path), true).expect("valid"));
    Connection {
        id: ConnectionId::from_random(bytes(&format!("{name} itself"))),
        registration: Registration {
            id: RegistrationId::from_random(bytes(&format!("{name} app"))),
            client_id: CLIENT.to_owned(),
            auth: ClientAuth::None,
            redirect: RedirectUri::any_port(),
            has_secret: false,
        },
        name: ConnectionName::parse(&name).expect("a name"),
        provider: Provider {
            id: "acme".to_owned(),
            name: "Acme".to_owned(),
            kind: ProviderKind::Custom,
            issuer: None,
            endpoints: Endpoints {
                authorization: url("/authorize"),
                token: url("/token"),
                ..Endpoints::default()
            },
            iss: IssPolicy::default(),
            extra: ExtraParams::default(),
            quirks: std::iter::empty().collect(),
            test: None,
            revoke: RevokeRule::default(),
            manage_url: None,
            api_hosts: Vec::new(),
        },
        requested: ScopeSet::parse(SCOPES).expect("scopes"),
        resources: Vec::new(),
        dev_http: true,
        ca_pem: None,
        serving: Serving::default(),
        grant: None,
        ended: None,
        problem: None,
    }
}

/// An access token and a refresh token, as the provider gives them for a code.
fn tokens(sandbox: &SandboxThread) -> (String, String) {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let mut page = Url::parse(&sandbox.at("/authorize")).expect("an address");
    page.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", CLIENT)
        .append_pair("redirect_uri", CALLBACK)
        .append_pair("scope", SCOPES)
        .append_pair("state", "a-state-that-nobody-checks")
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    let answer = sandbox.approve(page.as_str(), &Approval::default());
    let answer = Url::parse(&answer.expect("approved")).expect("an address");
    let mut pairs = answer.query_pairs();
    let (_, code) = pairs.find(|(name, _)| name == "code").expect("a code");
    let mut form = Url::parse("http://form.example").expect("an address");
    form.query_pairs_mut()
        .append_pair("grant_type", "authorization_code")
        .append_pair("client_id", CLIENT)
        .append_pair("redirect_uri", CALLBACK)
        .append_pair("code_verifier", VERIFIER)
        .append_pair("code", &code);
    let body = posted(sandbox, form.query().unwrap_or_default());
    let told: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    let token = |name: &str| told[name].as_str().expect(name).to_owned();
    (token("access_token"), token("refresh_token"))
}

/// The body of the answer to a form at the token endpoint.
fn posted(sandbox: &SandboxThread, form: &str) -> String {
    let at = Url::parse(&sandbox.at("/token")).expect("an address");
    let address = at.socket_addrs(|| None).expect("an address");
    let mut stream = TcpStream::connect(&*address).expect("the provider");
    let length = form.len();
    write!(
        stream,
        "POST /token HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}",
        address[0]
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    body.to_owned()
}
