//! Seeing what other programs did to the vault: a script's refresh changes the row of an open table.

use std::sync::Arc;

use super::{Change, Engine, Inner, hold};
use crate::host::watch;
use crate::vault::{Home, Vault};

impl Engine {
    /// From now on tells [`Change::Connections`] when another program wrote the vault. Does nothing
    /// where there is no folder yet, or where folders cannot be watched.
    pub fn watch(&self) {
        let Home::Disk { data, .. } = &self.0.home else {
            return;
        };
        let inner = Arc::downgrade(&self.0);
        let mut seen = self.0.version();
        // Where it cannot be watched the table shows others' changes with its next own one.
        let _ = watch(data, move || {
            let Some(inner) = inner.upgrade() else {
                return false;
            };
            let version = inner.version();
            if version != seen {
                seen = version;
                Engine(inner).tell(&Change::Connections);
            }
            true
        });
    }
}

impl Inner {
    /// Changes with every write of another handle; `None` while there is no vault.
    fn version(&self) -> Option<u64> {
        let mut slot = hold(&self.vault);
        if slot.is_none() {
            // Another program may have made it.
            *slot = Vault::open(&self.home).ok().flatten();
        }
        slot.as_ref().and_then(|vault| vault.data_version().ok())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::{NewConnection, World};
    use crate::host::{Environment, ManualClock, OsKeychain, SystemBrowser};
    use crate::model::{
        ClientAuth, EndpointUrl, Endpoints, ExtraParams, IssPolicy, Provider, ProviderKind,
        RedirectUri, RevokeRule, ScopeSet, Secret, UnixTime,
    };
    use crate::vault::NewSlot;

    pub(in crate::engine) fn engine(home: &Home) -> Engine {
        let world = World {
            clock: Arc::new(ManualClock::at(UnixTime(1_000))),
            browser: Arc::new(SystemBrowser),
            keychain: Arc::new(OsKeychain::new(false)),
            environment: Environment::default(),
            jobs_here: true,
        };
        Engine::open(world, home.clone()).expect("opens")
    }

    pub(in crate::engine) fn definition() -> NewConnection {
        let token = EndpointUrl::parse("https://a.example/token", false).expect("valid");
        NewConnection {
            name: None,
            provider: Provider {
                id: "a.example".to_owned(),
                name: "A".to_owned(),
                kind: ProviderKind::Custom,
                issuer: None,
                endpoints: Endpoints {
                    token: Some(token),
                    ..Endpoints::default()
                },
                iss: IssPolicy::NotAdvertised,
                extra: ExtraParams::default(),
                quirks: std::collections::BTreeSet::new(),
                test: None,
                revoke: RevokeRule::None,
                manage_url: None,
                api_hosts: Vec::new(),
            },
            reuse: None,
            client_id: "id".to_owned(),
            client_secret: None,
            auth: ClientAuth::None,
            redirect: RedirectUri::any_port(),
            scopes: ScopeSet::default(),
            resources: Vec::new(),
            dev_http: false,
            ca_pem: None,
        }
    }

    #[test]
    fn design_4_a_change_by_another_program_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::Disk {
            data: folder.path().join("data"),
            state: folder.path().join("state"),
        };
        let passphrase = Secret::new("correct horse".to_owned());
        drop(Vault::create(&home, NewSlot::Passphrase(&passphrase), UnixTime(1)).expect("made"));
        let (looking, writing) = (engine(&home), engine(&home));
        let mut changes = looking.subscribe();
        looking.watch();
        writing.add(definition()).expect("added");
        assert!(matches!(changes.blocking_recv(), Some(Change::Connections)));
        assert_eq!(looking.rows().expect("rows").len(), 1);
    }
}
