//! Candidates, acceptance, end, problems.

use super::*;
use crate::model::{EndReason, Problem, ProblemKind, Seconds};

#[test]
fn t_05_a_candidate_changes_nothing_before_it_is_accepted() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    vault
        .store_candidate(
            &connection,
            &candidate("new-access", Some("new-refresh")),
            T1,
        )
        .expect("stored");
    drop(vault);

    // As after a kill: another process finds the old grant whole and the candidate beside it.
    let mut vault = place.again();
    let found = reload(&vault, &connection);
    assert_eq!(found, connection);
    assert_eq!(access_of(&vault, &found).as_deref(), Some(ACCESS));
    assert_eq!(refresh_of(&vault, &found).as_deref(), Some(REFRESH));
    let (access, refresh) = vault
        .candidate_tokens(&found, &waiting_id())
        .expect("opens")
        .expect("waiting");
    assert_eq!(access.reveal(), "new-access");
    let waiting = vault.candidate(&found.id).expect("reads");
    assert_eq!(waiting.expect("waiting").account, Some(account("ada")));
    assert_eq!(refresh.expect("there").reveal(), "new-refresh");

    let grant = vault
        .accept_candidate(&found.id, &waiting_id(), T1)
        .expect("accepted");
    assert_eq!(grant.generation, 2);
    let now = reload(&vault, &connection);
    assert_eq!(now.grant, Some(grant));
    assert_eq!(access_of(&vault, &now).as_deref(), Some("new-access"));
    assert_eq!(refresh_of(&vault, &now).as_deref(), Some("new-refresh"));
    assert!(
        vault
            .candidate_tokens(&now, &waiting_id())
            .expect("reads")
            .is_none()
    );
    assert_eq!(
        refused(vault.accept_candidate(&now.id, &waiting_id(), T1)),
        VaultError::NoCandidate
    );
}

#[test]
fn a_discarded_candidate_leaves_the_grant() {
    let mut vault = Vault::memory(T0).expect("made");
    let connection = signed_in(&mut vault, "github", 1);
    vault
        .store_candidate(&connection, &candidate("c", Some("d")), T1)
        .expect("stored");
    vault
        .discard_candidate(&connection.id, &waiting_id(), T1)
        .expect("discarded");
    assert!(
        vault
            .candidate_tokens(&connection, &waiting_id())
            .expect("reads")
            .is_none()
    );
    assert_eq!(access_of(&vault, &connection).as_deref(), Some(ACCESS));
    assert_eq!(
        refused(vault.set_candidate_account(&connection.id, &waiting_id(), &account("x"), T1)),
        VaultError::NoCandidate
    );
}

#[test]
fn a_refresh_between_candidate_and_acceptance_does_no_harm() {
    let mut vault = Vault::memory(T0).expect("made");
    let connection = signed_in(&mut vault, "github", 1);
    vault
        .store_candidate(&connection, &candidate("c", Some("d")), T1)
        .expect("stored");
    let intent = vault.begin_refresh(&connection, T1).expect("begun");
    vault
        .commit_refresh(&connection, &intent, &refreshed("a2", Some("r2")), T1)
        .expect("committed");
    let grant = vault
        .accept_candidate(&connection.id, &waiting_id(), T1)
        .expect("accepted");
    assert_eq!(grant.generation, 3);
    let now = reload(&vault, &connection);
    assert_eq!(access_of(&vault, &now).as_deref(), Some("c"));
    assert_eq!(refresh_of(&vault, &now).as_deref(), Some("d"));
}

#[test]
fn acceptance_clears_end_problem_and_intent_and_keeps_no_old_token() {
    let mut vault = Vault::memory(T0).expect("made");
    let connection = signed_in(&mut vault, "github", 1);
    vault.begin_refresh(&connection, T1).expect("begun");
    let problem = Problem {
        kind: ProblemKind::Configuration,
        detail: Untrusted::new("invalid_client"),
        at: T1,
    };
    vault
        .set_problem(&connection, Some(&problem), T1)
        .expect("set");
    assert_eq!(reload(&vault, &connection).problem, Some(problem));
    vault
        .store_candidate(&connection, &candidate("c", None), T1)
        .expect("stored");
    vault
        .set_candidate_account(&connection.id, &waiting_id(), &account("grace"), T1)
        .expect("set");
    let grant = vault
        .accept_candidate(&connection.id, &waiting_id(), T1)
        .expect("accepted");
    assert_eq!(grant.account, Some(account("grace")));
    assert_eq!(grant.signed_in_at, T1);
    assert!(!grant.has_refresh_token);
    let now = reload(&vault, &connection);
    assert_eq!((now.problem.as_ref(), now.ended), (None, None));
    assert_eq!(vault.pending_intent(&now.id), Ok(None));
    assert_eq!(refresh_of(&vault, &now), None);
}

#[test]
fn an_ended_grant_has_no_tokens_and_says_why() {
    for reason in [
        EndReason::EndedByProvider,
        EndReason::RevokedByYou,
        EndReason::VaultKeyGone,
        EndReason::RefreshInterrupted,
        EndReason::EndpointsChanged,
    ] {
        let place = Place::new();
        let mut vault = place.vault();
        let connection = signed_in(&mut vault, "github", 1);
        vault.begin_refresh(&connection, T1).expect("begun");
        vault.end_grant(&connection, reason, T1).expect("ended");
        assert_eq!(
            refused(vault.access_token(&connection)),
            VaultError::Changed
        );
        let now = reload(&place.locked(), &connection);
        assert_eq!(now.ended, Some(reason));
        assert_eq!(access_of(&vault, &now), None);
        assert_eq!(refresh_of(&vault, &now), None);
        assert_eq!(vault.pending_intent(&now.id), Ok(None));
        let grant = now.grant.expect("kept without its tokens");
        assert!(!grant.has_refresh_token);
        assert_eq!(grant.account, Some(account("ada")));
    }
}

#[test]
fn j_07_a_problem_keeps_the_grant() {
    let mut vault = Vault::memory(T0).expect("made");
    let connection = signed_in(&mut vault, "github", 1);
    let problem = Problem {
        kind: ProblemKind::Transport,
        detail: Untrusted::new("timed out"),
        at: T1,
    };
    vault
        .set_problem(&connection, Some(&problem), T1)
        .expect("set");
    let now = reload(&vault, &connection);
    assert_eq!(now.grant, connection.grant);
    assert_eq!(now.ended, None);
    assert_eq!(refresh_of(&vault, &now).as_deref(), Some(REFRESH));
    vault.set_problem(&connection, None, T1).expect("set");
    assert_eq!(reload(&vault, &connection), connection);
}

#[test]
fn a_test_read_proves_the_grant_and_names_the_account() {
    let mut vault = Vault::memory(T0).expect("made");
    let connection = signed_in(&mut vault, "github", 1);
    vault.mark_proved(&connection, T1).expect("marked");
    let grant = reload(&vault, &connection).grant.expect("signed in");
    assert_eq!((grant.proved_at, grant.tested_at), (Some(T1), None));
    let later = T1.plus(Seconds(5));
    vault
        .mark_tested(&connection, Some(&account("grace")), later)
        .expect("marked");
    let grant = reload(&vault, &connection).grant.expect("signed in");
    assert_eq!(
        (grant.proved_at, grant.tested_at),
        (Some(later), Some(later))
    );
    assert_eq!(grant.account, Some(account("grace")));
    assert_eq!(
        refused(vault.mark_proved(&sample("x", 9), T1)),
        VaultError::UnknownConnection
    );
}

#[test]
fn t_05_a_full_or_read_only_disk_is_told_before_and_after_and_old_tokens_stay() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    vault.prove_storage(T1).expect("writable");

    let sql = vault.db.read();
    let pages: i64 = sql
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .expect("counts");
    sql.pragma_update(None, "max_page_count", pages)
        .expect("limited");
    let long = "x".repeat(64 * 1024);
    assert_eq!(
        refused(vault.store_candidate(&connection, &candidate(&long, None), T1)),
        VaultError::Disk(DiskFault::Full)
    );

    vault
        .db
        .read()
        .pragma_update(None, "query_only", true)
        .expect("limited");
    let read_only = VaultError::Disk(DiskFault::ReadOnly);
    assert_eq!(refused(vault.prove_storage(T1)), read_only);
    assert_eq!(refused(vault.begin_refresh(&connection, T1)), read_only);
    assert_eq!(access_of(&vault, &connection).as_deref(), Some(ACCESS));
    assert_eq!(refresh_of(&vault, &connection).as_deref(), Some(REFRESH));
}
