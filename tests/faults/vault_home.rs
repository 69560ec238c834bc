//! A home made by the library, with one connection that is signed in.

use std::path::Path;

use valetkey::model::{
    ClientAuth, Connection, ConnectionId, ConnectionName, EndpointUrl, Endpoints, Expiry,
    ExtraParams, GrantId, IssPolicy, Provider, ProviderKind, RedirectUri, Registration,
    RegistrationId, RevokeRule, ScopeSet, Seconds, Secret, UnixTime,
};
use valetkey::vault::{Candidate, Home, Refreshed, Unlock, Vault};

pub(crate) const PASSPHRASE: &str = "a passphrase of the fault tests";
pub(crate) const NOW: UnixTime = UnixTime(1_700_000_000);
/// Access and refresh token, client secret.
pub(crate) const FIRST: [&str; 3] = ["access-1", "refresh-1", "client-secret"];
pub(crate) const SECOND: [&str; 3] = ["access-2", "refresh-2", "client-secret"];

pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

pub(crate) fn home(root: &Path) -> Home {
    Home::Disk {
        data: root.join("data"),
        state: root.join("state"),
    }
}

pub(crate) fn create(root: &Path) -> Vault {
    Vault::create_for_tests(&home(root), &secret(PASSPHRASE), NOW).expect("a vault")
}

/// A closed vault with one connection that holds [`FIRST`].
pub(crate) fn made(root: &Path) {
    let mut vault = create(root);
    let connection = connection();
    vault
        .add(&connection, Some(&secret(FIRST[2])), NOW)
        .expect("added");
    let grant_id = GrantId::from_random([9; 16]);
    let candidate = Candidate {
        access_token: secret(FIRST[0]),
        refresh_token: Some(secret(FIRST[1])),
        granted: None,
        expiry: Expiry::At(NOW.plus(Seconds(3600))),
        issued_at: NOW,
        ends_at: None,
        account: None,
        grant_id: grant_id.clone(),
    };
    vault
        .store_candidate(&connection, &candidate, NOW)
        .expect("stored");
    vault
        .accept_candidate(&connection.id, &grant_id, NOW)
        .expect("accepted");
}

/// Opens and unlocks the vault; `None` when none was made.
pub(crate) fn open(root: &Path) -> Option<Vault> {
    let mut vault = Vault::open(&home(root)).expect("opens")?;
    vault
        .unlock(Unlock::Passphrase(&secret(PASSPHRASE)))
        .expect("unlocked");
    vault.check().expect("whole");
    Some(vault)
}

/// The one connection as it is stored.
pub(crate) fn stored(vault: &Vault) -> Connection {
    vault
        .connection("one")
        .expect("reads")
        .expect("the connection")
}

/// What [`FIRST`] and [`SECOND`] list.
pub(crate) fn secrets(vault: &Vault) -> [String; 3] {
    let connection = stored(vault);
    [
        vault.access_token(&connection),
        vault.refresh_token(&connection),
        vault.client_secret(&connection),
    ]
    .map(|secret| secret.expect("opens").expect("there").reveal().to_owned())
}

pub(crate) fn refreshed() -> Refreshed {
    Refreshed {
        access_token: secret(SECOND[0]),
        refresh_token: Some(secret(SECOND[1])),
        in_use: None,
        expiry: Expiry::At(NOW.plus(Seconds(7200))),
        issued_at: NOW,
        ends_at: None,
        remark: None,
    }
}

fn connection() -> Connection {
    let url = |text: &str| EndpointUrl::parse(text, false).expect("an address");
    Connection {
        id: ConnectionId::from_random([1; 16]),
        name: ConnectionName::parse("one").expect("a name"),
        provider: Provider {
            id: "acme".to_owned(),
            name: "Acme".to_owned(),
            kind: ProviderKind::Custom,
            issuer: None,
            endpoints: Endpoints {
                authorization: Some(url("https://acme.example/authorize")),
                token: Some(url("https://acme.example/token")),
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
        registration: Registration {
            id: RegistrationId::from_random([1; 16]),
            client_id: "client".to_owned(),
            auth: ClientAuth::Basic,
            redirect: RedirectUri::any_port(),
            has_secret: false,
        },
        requested: ScopeSet::parse("read").expect("scopes"),
        resources: Vec::new(),
        dev_http: false,
        ca_pem: None,
        grant: None,
        serving: valetkey::model::Serving::default(),
        ended: None,
        problem: None,
    }
}
