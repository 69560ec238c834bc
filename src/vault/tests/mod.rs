//! What the tests of this room share: homes, sample values, a keychain with faults.

mod attempts;
mod carry;
mod damage;
mod definitions;
mod fixture;
mod grants;
mod history;
mod homes;
mod locks;
mod moved;
mod refresh;
mod rekey;
mod tampering;
mod unlocking;
mod waiting;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use tempfile::TempDir;

use super::passphrase::{Cost, Effort};
use super::*;
use crate::model::{
    Account, AccountSource, ClientAuth, Connection, ConnectionId, ConnectionName, EndpointUrl,
    Endpoints, Expiry, ExtraParams, Grant, GrantId, IssPolicy, Provider, ProviderKind, RedirectUri,
    Registration, RegistrationId, RevokeRule, ScopeSet, Secret, UnixTime, Untrusted,
};

const T0: UnixTime = UnixTime(1_000_000);
const T1: UnixTime = UnixTime(1_000_100);
const ACCESS: &str = "canary-access-one";
const REFRESH: &str = "canary-refresh-one";
const CLIENT_SECRET: &str = "canary-client-secret";
const PASSPHRASE: &str = "canary horse battery staple";

/// One guess costs next to nothing.
const CHEAP: Effort = Effort::Fixed(Cost::CHEAP);

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

/// A home of its own for each test.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn home(&self) -> Home {
        Home::Disk {
            data: self.data(),
            state: self.0.path().join("state/valetkey"),
        }
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("share/valetkey")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.data().join(name)
    }

    /// A new vault under [`PASSPHRASE`], unlocked.
    fn vault(&self) -> Vault {
        let passphrase = secret(PASSPHRASE);
        let slot = NewSlot::Passphrase(&passphrase);
        Vault::create_with(&self.home(), slot, CHEAP, T0).expect("created")
    }

    /// Another handle on the same vault, unlocked.
    fn again(&self) -> Vault {
        let mut vault = self.locked();
        vault
            .unlock(Unlock::Passphrase(&secret(PASSPHRASE)))
            .expect("unlocked");
        vault
    }

    fn locked(&self) -> Vault {
        Vault::open(&self.home()).expect("opens").expect("made")
    }

    /// What somebody with the file and its engine could do.
    fn sql(&self, statement: &str) {
        let sql = rusqlite::Connection::open(self.file("vault.db")).expect("opens");
        let changed = sql.execute(statement, []).expect(statement);
        let writes_rows = statement.starts_with("UPDATE") || statement.starts_with("DELETE");
        assert!(changed > 0 || !writes_rows, "{statement}");
    }
}

fn url(text: &str) -> EndpointUrl {
    EndpointUrl::parse(text, false).expect(text)
}

/// A connection whose ids derive from `number`; connections differ in everything but the provider.
fn sample(name: &str, number: u8) -> Connection {
    Connection {
        id: ConnectionId::from_random([number; 16]),
        name: ConnectionName::parse(name).expect(name),
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
            quirks: std::iter::once(crate::model::Quirk::CommaScopes).collect(),
            test: None,
            revoke: RevokeRule::default(),
            manage_url: None,
            api_hosts: vec!["api.acme.example".to_owned()],
        },
        registration: Registration {
            id: RegistrationId::from_random([number; 16]),
            client_id: format!("client-{number}"),
            auth: ClientAuth::Basic,
            redirect: RedirectUri::any_port(),
            has_secret: false,
        },
        requested: ScopeSet::parse("read write").expect("scopes"),
        resources: vec!["https://api.acme.example/".to_owned()],
        dev_http: false,
        ca_pem: None,
        grant: None,
        serving: crate::model::Serving::default(),
        ended: None,
        problem: None,
    }
}

fn account(label: &str) -> Account {
    Account {
        label: Untrusted::new(label),
        id: Some(Untrusted::new("42")),
        source: AccountSource::Userinfo,
    }
}

fn candidate(access: &str, refresh: Option<&str>) -> Candidate {
    Candidate {
        access_token: secret(access),
        refresh_token: refresh.map(secret),
        granted: Some(ScopeSet::parse("read").expect("scopes")),
        expiry: Expiry::At(T0.plus(crate::model::Seconds(3600))),
        issued_at: T0,
        ends_at: None,
        account: Some(account("ada")),
        grant_id: waiting_id(),
    }
}

fn refreshed(access: &str, refresh: Option<&str>) -> Refreshed {
    Refreshed {
        access_token: secret(access),
        refresh_token: refresh.map(secret),
        in_use: Some(ScopeSet::parse("read").expect("scopes")),
        expiry: Expiry::At(T1.plus(crate::model::Seconds(3600))),
        issued_at: T1,
        ends_at: None,
        remark: None,
    }
}

/// Adds [`sample`] with a client secret and signs it in with [`ACCESS`] and [`REFRESH`].
fn signed_in(vault: &mut Vault, name: &str, number: u8) -> Connection {
    let connection = sample(name, number);
    vault
        .add(&connection, Some(&secret(CLIENT_SECRET)), T0)
        .expect("added");
    sign_in(vault, &connection, ACCESS, Some(REFRESH));
    reload(vault, &connection)
}

/// The grant that [`candidate`] would become.
fn waiting_id() -> GrantId {
    GrantId::from_random([9; 16])
}

fn sign_in(
    vault: &mut Vault,
    connection: &Connection,
    access: &str,
    refresh: Option<&str>,
) -> Grant {
    vault
        .store_candidate(connection, &candidate(access, refresh), T0)
        .expect("stored");
    vault
        .accept_candidate(&connection.id, &waiting_id(), T0)
        .expect("accepted")
}

fn reload(vault: &Vault, connection: &Connection) -> Connection {
    vault
        .connection_by_id(&connection.id)
        .expect("reads")
        .expect("is there")
}

fn access_of(vault: &Vault, connection: &Connection) -> Option<String> {
    let token = vault.access_token(connection).expect("opens")?;
    Some(token.reveal().to_owned())
}

fn refresh_of(vault: &Vault, connection: &Connection) -> Option<String> {
    let token = vault.refresh_token(connection).expect("opens")?;
    Some(token.reveal().to_owned())
}

/// The error of a result whose value cannot be printed.
fn refused<T>(result: Result<T, VaultError>) -> VaultError {
    result.err().expect("refused")
}

/// Every byte below a folder.
fn all_bytes(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).expect("lists") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            bytes.extend(all_bytes(&path));
        } else {
            bytes.extend(std::fs::read(&path).expect("reads"));
        }
    }
    bytes
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

/// This test binary again, for one test, after `shell` has prepared the process. The test finds
/// `VALETKEY_TEST_CHILD` set to `place` and then plays the other part.
fn child(test: &str, shell: &str, place: &Path) -> Command {
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("{shell} exec \"$0\" --exact \"$1\" --nocapture"))
        .arg(std::env::current_exe().expect("a path"))
        .arg(format!("vault::tests::{test}"))
        .env("VALETKEY_TEST_CHILD", place);
    command
}

fn child_place() -> Option<PathBuf> {
    std::env::var_os("VALETKEY_TEST_CHILD").map(PathBuf::from)
}

/// What the fake keychain does wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    None,
    Every(KeychainError),
    /// Says yes and stores nothing.
    StoresNothing,
    /// Gives back other bytes.
    Garbles,
}

struct FakeKeychain {
    entries: Mutex<HashMap<String, Secret>>,
    fault: Mutex<Fault>,
}

impl FakeKeychain {
    fn new() -> Self {
        Self {
            entries: Mutex::default(),
            fault: Mutex::new(Fault::None),
        }
    }

    fn with(fault: Fault) -> Self {
        let keychain = Self::new();
        keychain.set(fault);
        keychain
    }

    fn set(&self, fault: Fault) {
        *self.fault.lock().expect("lock") = fault;
    }

    fn fault(&self) -> Fault {
        self.fault.lock().expect("lock").clone()
    }

    fn count(&self) -> usize {
        self.entries.lock().expect("lock").len()
    }

    fn empty(&self) {
        self.entries.lock().expect("lock").clear();
    }
}

impl Keychain for FakeKeychain {
    fn read(&self, account: &str) -> Result<Secret, KeychainError> {
        let entries = self.entries.lock().expect("lock");
        let entry = entries.get(account).ok_or(KeychainError::NoEntry);
        match self.fault() {
            Fault::Every(error) => Err(error),
            Fault::Garbles => Ok(secret("garbled")),
            Fault::None | Fault::StoresNothing => entry.map(Secret::duplicate),
        }
    }

    fn write(&self, account: &str, entry: &Secret) -> Result<(), KeychainError> {
        match self.fault() {
            Fault::Every(error) => return Err(error),
            Fault::StoresNothing => return Ok(()),
            Fault::None | Fault::Garbles => {}
        }
        let mut entries = self.entries.lock().expect("lock");
        entries.insert(account.to_owned(), entry.duplicate());
        Ok(())
    }

    fn delete(&self, account: &str) -> Result<(), KeychainError> {
        let mut entries = self.entries.lock().expect("lock");
        entries
            .remove(account)
            .map(drop)
            .ok_or(KeychainError::NoEntry)
    }

    fn name(&self) -> String {
        "Fake".to_owned()
    }
}

#[test]
fn a_vault_may_change_threads() {
    fn is_send<T: Send>() {}
    is_send::<Vault>();
    is_send::<GrantLock>();
}
