//! Connections and registrations.

use super::*;
use crate::model::{EndReason, ScopeSet, Summary};

#[test]
fn b_01_everything_of_a_connection_reads_back() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = Connection {
        ca_pem: Some("-----BEGIN CERTIFICATE-----".to_owned()),
        dev_http: true,
        ..sample("github", 1)
    };
    vault.add(&connection, None, T0).expect("added");
    assert_eq!(reload(&vault, &connection), connection);
    assert_eq!(vault.connection("GITHUB"), Ok(Some(connection.clone())));
    assert_eq!(vault.connection("other"), Ok(None));

    // Requested, granted and in-use scopes are three separate sets.
    sign_in(&mut vault, &connection, ACCESS, Some(REFRESH));
    let signed_in = reload(&vault, &connection);
    let intent = vault.begin_refresh(&signed_in, T1).expect("begun");
    let narrower = Refreshed {
        in_use: Some(ScopeSet::default()),
        ..refreshed("a2", None)
    };
    vault
        .commit_refresh(&signed_in, &intent, &narrower, T1)
        .expect("committed");
    let seen = reload(&place.locked(), &connection);
    assert_eq!(
        seen.requested,
        ScopeSet::parse("read write").expect("scopes")
    );
    let grant = seen.grant.expect("signed in");
    assert_eq!(
        grant.granted,
        Some(ScopeSet::parse("read").expect("scopes"))
    );
    assert_eq!(grant.in_use, Some(ScopeSet::default()));
}

#[test]
fn the_table_shows_the_same_as_the_connections_sorted_by_name() {
    let place = Place::new();
    let mut vault = place.vault();
    for (number, name) in [(1, "zeta"), (2, "Alpha"), (3, "beta")] {
        vault.add(&sample(name, number), None, T0).expect("added");
    }
    let ended = sample("ended", 4);
    signed_in(&mut vault, "ended", 4);
    vault
        .end_grant(&ended, EndReason::RevokedByYou, T1)
        .expect("ended");
    let summaries = vault.summaries().expect("reads");
    let names: Vec<_> = summaries.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["Alpha", "beta", "ended", "zeta"]);
    for row in summaries {
        let connection = vault
            .connection(row.name.as_str())
            .expect("reads")
            .expect("is there");
        let expected = Summary {
            id: connection.id,
            name: connection.name,
            provider_id: connection.provider.id,
            provider_name: connection.provider.name,
            client_id: connection.registration.client_id,
            requested: connection.requested,
            dev_http: connection.dev_http,
            unasked: ScopeSet::default(),
            untestable: connection.provider.test.is_none()
                && (connection.grant.as_ref()).is_some_and(|grant| grant.proved_at.is_none()),
            grant: connection.grant,
            ended: connection.ended,
            problem: connection.problem,
        };
        assert_eq!(row, expected);
    }
}

#[test]
fn names_are_unique_without_case() {
    let mut vault = Vault::memory(T0).expect("made");
    let (one, two) = (sample("Zoë", 1), sample("two", 2));
    vault.add(&one, None, T0).expect("added");
    vault.add(&two, None, T0).expect("added");
    let name = |text| ConnectionName::parse(text).expect("valid");
    assert_eq!(
        refused(vault.add(&sample("zoË", 3), None, T0)),
        VaultError::NameTaken
    );
    assert_eq!(
        refused(vault.rename(&two.id, &name("ZOË"), T1)),
        VaultError::NameTaken
    );
    let clash = Connection {
        name: name("zoë"),
        ..two.clone()
    };
    assert_eq!(refused(vault.edit(&clash, None, T1)), VaultError::NameTaken);
    vault
        .rename(&one.id, &name("zoë"), T1)
        .expect("its own name");
    vault.rename(&two.id, &name("three"), T1).expect("renamed");
    assert_eq!(vault.connection("two"), Ok(None));
    assert_eq!(
        refused(vault.rename(&sample("x", 9).id, &name("nine"), T1)),
        VaultError::UnknownConnection
    );
}

#[test]
fn g_07_an_edited_identity_parks_the_grant_and_erases_its_secrets() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    vault
        .store_candidate(&connection, &candidate("c", Some("d")), T1)
        .expect("stored");
    let mut changed = connection.clone();
    changed.provider.endpoints.token = Some(url("https://evil.example/token"));
    let edited = vault.edit(&changed, None, T1).expect("edited");
    assert!(edited.parked);
    assert_eq!(edited.registration, connection.registration.id);

    let stored = reload(&vault, &connection);
    assert_eq!(stored.ended, Some(EndReason::EndpointsChanged));
    assert!(!stored.registration.has_secret);
    assert_eq!(access_of(&vault, &stored), None);
    assert_eq!(refresh_of(&vault, &stored), None);
    assert!(vault.client_secret(&stored).expect("reads").is_none());
    assert!(
        vault
            .candidate_tokens(&stored, &waiting_id())
            .expect("reads")
            .is_none()
    );
    assert_eq!(
        refused(vault.begin_refresh(&stored, T1)),
        VaultError::NoRefreshToken
    );
    let left: i64 = vault
        .db
        .read()
        .query_row("SELECT count(*) FROM sealed", [], |row| row.get(0))
        .expect("counts");
    assert_eq!(left, 0);

    // Back to the old address: nothing comes back by itself.
    let edited = vault.edit(&connection, None, T1).expect("edited");
    assert!(!edited.parked);
    assert_eq!(
        reload(&vault, &connection).ended,
        Some(EndReason::EndpointsChanged)
    );
}

#[test]
fn g_07_an_edit_elsewhere_is_no_tampering_to_who_still_holds_the_old_values() {
    let place = Place::new();
    let mut vault = place.vault();
    let stale = signed_in(&mut vault, "github", 1);
    let mut changed = stale.clone();
    changed.registration.client_id = "another".to_owned();
    place
        .again()
        .edit(&changed, Some(Some(&secret("new"))), T1)
        .expect("edited");
    assert_eq!(refused(vault.access_token(&stale)), VaultError::Changed);
    assert_eq!(refused(vault.client_secret(&stale)), VaultError::Changed);
    assert_eq!(
        refused(vault.begin_refresh(&stale, T1)),
        VaultError::Changed
    );
    assert_eq!(
        refused(vault.store_candidate(&stale, &candidate("a", None), T1)),
        VaultError::Changed
    );
}

#[test]
fn g_07_an_edit_of_anything_else_keeps_tokens_and_secret() {
    let mut vault = Vault::memory(T0).expect("made");
    let connection = signed_in(&mut vault, "github", 1);
    let mut changed = connection.clone();
    changed.requested = ScopeSet::parse("read write admin").expect("scopes");
    changed.provider.name = "Acme Corp".to_owned();
    changed.registration.auth = ClientAuth::Post;
    let edited = vault.edit(&changed, None, T1).expect("edited");
    assert!(!edited.parked);
    let stored = reload(&vault, &connection);
    assert_eq!(stored, changed);
    assert_eq!(access_of(&vault, &stored).as_deref(), Some(ACCESS));
    let kept = vault.client_secret(&stored).expect("opens").expect("kept");
    assert_eq!(kept.reveal(), CLIENT_SECRET);

    vault.edit(&changed, Some(None), T1).expect("edited");
    let stored = reload(&vault, &connection);
    assert!(!stored.registration.has_secret);
    assert!(vault.client_secret(&stored).expect("reads").is_none());
}

#[test]
fn a_registration_is_shared_by_connections_with_the_same_endpoints_only() {
    let mut vault = Vault::memory(T0).expect("made");
    let one = signed_in(&mut vault, "one", 1);
    let two = Connection {
        registration: one.registration.clone(),
        ..sample("two", 2)
    };
    vault.add(&two, None, T0).expect("added");
    let stored = reload(&vault, &two);
    assert!(stored.registration.has_secret);
    let shared = vault
        .client_secret(&stored)
        .expect("opens")
        .expect("shared");
    assert_eq!(shared.reveal(), CLIENT_SECRET);
    assert_eq!(
        vault.connections_of(&one.registration.id),
        Ok(vec![one.name.clone(), two.name.clone()])
    );
    let known = vault.registrations().expect("reads");
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].registration, one.registration);
    assert_eq!(known[0].provider, one.provider);
    assert_eq!(known[0].used_by, [one.name.clone(), two.name.clone()]);

    let mut other = Connection {
        registration: one.registration.clone(),
        ..sample("other", 3)
    };
    other.provider.endpoints.token = Some(url("https://other.example/token"));
    assert_eq!(
        refused(vault.add(&other, None, T0)),
        VaultError::RegistrationDiffers
    );
}

#[test]
fn g_07_an_edit_never_moves_the_endpoints_of_a_sibling() {
    let mut vault = Vault::memory(T0).expect("made");
    let one = signed_in(&mut vault, "one", 1);
    let two = Connection {
        registration: one.registration.clone(),
        ..sample("two", 2)
    };
    vault.add(&two, None, T0).expect("added");
    let mut changed = reload(&vault, &two);
    changed.registration.client_id = "mine".to_owned();
    let edited = vault.edit(&changed, None, T1).expect("edited");
    assert_ne!(edited.registration, one.registration.id);

    let one = reload(&vault, &one);
    assert_eq!(one.registration.client_id, "client-1");
    assert_eq!(access_of(&vault, &one).as_deref(), Some(ACCESS));
    assert!(vault.client_secret(&one).expect("opens").is_some());
    let two = reload(&vault, &two);
    assert_eq!(two.registration.client_id, "mine");
    assert!(vault.client_secret(&two).expect("reads").is_none());
}

#[test]
fn removal_erases_the_tokens_and_the_registration_only_when_nobody_uses_it() {
    let place = Place::new();
    let mut vault = place.vault();
    let one = signed_in(&mut vault, "one", 1);
    let two = Connection {
        registration: one.registration.clone(),
        ..sample("two", 2)
    };
    vault.add(&two, None, T0).expect("added");
    let sealed = |vault: &Vault| -> i64 {
        vault
            .db
            .read()
            .query_row("SELECT count(*) FROM sealed", [], |row| row.get(0))
            .expect("counts")
    };
    vault.remove(&one.id, true, T1).expect("removed");
    assert_eq!(vault.connection("one"), Ok(None));
    assert_eq!(vault.registrations().expect("reads").len(), 1);
    assert_eq!(sealed(&vault), 1);
    vault.remove(&two.id, true, T1).expect("removed");
    assert!(vault.registrations().expect("reads").is_empty());
    assert_eq!(sealed(&vault), 0);
    assert_eq!(
        refused(vault.remove(&two.id, true, T1)),
        VaultError::UnknownConnection
    );

    let three = signed_in(&mut vault, "three", 3);
    vault.remove(&three.id, false, T1).expect("removed");
    let known = vault.registrations().expect("reads");
    assert_eq!(known.len(), 1);
    assert!(known[0].used_by.is_empty());
}

#[test]
fn other_programs_changes_are_seen() {
    let place = Place::new();
    let vault = place.vault();
    let before = vault.data_version().expect("reads");
    assert_eq!(vault.data_version(), Ok(before));
    place
        .again()
        .add(&sample("github", 1), None, T1)
        .expect("added");
    assert_ne!(vault.data_version(), Ok(before));
    assert_eq!(vault.status().expect("status").last_write, Some(T1));
}

#[test]
fn u_07_a_copy_is_kept_after_a_change_of_a_definition() {
    let place = Place::new();
    let mut vault = place.vault();
    vault.add(&sample("github", 1), None, T0).expect("added");
    let copy = Place::new();
    std::fs::create_dir_all(copy.data()).expect("made");
    home::private_folder(&copy.data().join("x")).expect("made");
    std::fs::set_permissions(
        copy.data(),
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .expect("mode");
    std::fs::copy(place.file("vault.db.bak"), copy.file("vault.db")).expect("copied");
    let names: Vec<_> = copy
        .locked()
        .summaries()
        .expect("reads")
        .into_iter()
        .map(|row| row.name.as_str().to_owned())
        .collect();
    assert_eq!(names, ["github"]);
}

#[test]
fn b_01_a_scope_added_after_the_sign_in_is_known_as_not_asked_for() {
    let mut vault = Vault::memory(T0).expect("made");
    let signed = signed_in(&mut vault, "github", 1);
    let unasked = |vault: &Vault| vault.summaries().expect("reads")[0].unasked.joined(" ");
    let edit = |vault: &mut Vault, more: &str| {
        let mut changed = reload(vault, &signed);
        let text = format!("{} {more}", signed.requested.joined(" "));
        changed.requested = ScopeSet::parse(&text).expect("scopes");
        vault.edit(&changed, None, T1).expect("edited");
    };
    assert_eq!(unasked(&vault), "");
    edit(&mut vault, "x:added y:added");
    assert_eq!(unasked(&vault), "x:added y:added");
    // Another edit keeps it, and taking one out again forgets that one.
    edit(&mut vault, "y:added");
    assert_eq!(unasked(&vault), "y:added");
    // The next sign-in asked for it.
    vault
        .store_candidate(&signed, &candidate("c", None), T1)
        .expect("stored");
    vault
        .accept_candidate(&signed.id, &waiting_id(), T1)
        .expect("accepted");
    assert_eq!(unasked(&vault), "");
}
