//! The lock of a grant, within one process and between several.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::Duration;

use super::*;

const NO_PATIENCE: Duration = Duration::ZERO;
/// Never waited out in full unless the test fails.
const LONG: Duration = Duration::from_secs(30);

#[test]
fn j_01_one_holder_at_a_time_and_other_grants_are_free() {
    let place = Place::new();
    for vault in [place.vault(), Vault::memory(T0).expect("made")] {
        let (one, two) = (sample("one", 1).id, sample("two", 2).id);
        let locks = vault.grant_locks();
        let held = vault.lock_grant(&one, NO_PATIENCE).expect("free");
        assert_eq!(
            refused(locks.try_lock(&one)),
            VaultError::Busy {
                holder: Some(std::process::id())
            }
        );
        locks.try_lock(&two).expect("another grant");
        drop(held);
        vault.lock_grant(&one, NO_PATIENCE).expect("free again");
    }
}

#[test]
fn j_01_who_waits_gets_the_lock_when_it_is_released() {
    let place = Place::new();
    let vault = place.vault();
    let id = sample("one", 1).id;
    let held = vault.lock_grant(&id, NO_PATIENCE).expect("free");
    let locks = vault.grant_locks();
    let (waits, waiting) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let first = locks.try_lock(&id).is_err();
            waits.send(()).expect("heard");
            first && locks.lock(&id, LONG).is_ok()
        });
        waiting.recv().expect("waits");
        drop(held);
        assert!(waiter.join().expect("no panic"));
    });
}

#[test]
fn u_04_the_kernel_releases_the_lock_of_a_killed_holder() {
    let id = sample("one", 1).id;
    if let Some(folder) = child_place() {
        let _held = GrantLocks::in_folder(folder)
            .lock(&id, NO_PATIENCE)
            .expect("free");
        let mut out = std::io::stdout();
        writeln!(out, "\nholding").expect("told");
        out.flush().expect("told");
        let mut end = String::new();
        // Until the parent kills this process.
        std::io::stdin().read_line(&mut end).expect("waits");
        return;
    }
    let place = Place::new();
    let folder = place.file("locks");
    let locks = GrantLocks::in_folder(folder.clone());
    let mut holder = child(
        "locks::u_04_the_kernel_releases_the_lock_of_a_killed_holder",
        "",
        &folder,
    )
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .spawn()
    .expect("started");
    let out = BufReader::new(holder.stdout.take().expect("piped"));
    let told = out
        .lines()
        .map_while(Result::ok)
        .any(|line| line == "holding");
    assert!(told);
    assert_eq!(
        refused(locks.lock(&id, NO_PATIENCE)),
        VaultError::Busy {
            holder: Some(holder.id())
        }
    );
    holder.kill().expect("killed");
    holder.wait().expect("gone");
    locks.lock(&id, NO_PATIENCE).expect("free at once");
    assert!(folder.join(id.as_str()).exists(), "never removed");
}

#[test]
fn u_04_a_worker_that_inherits_the_file_keeps_the_lock() {
    let place = Place::new();
    let vault = place.vault();
    let id = sample("one", 1).id;
    let held = vault.lock_grant(&id, NO_PATIENCE).expect("free");
    let file = held.file().expect("on disk").try_clone().expect("cloned");
    let mut worker = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(file)
        .spawn()
        .expect("started");
    drop(held);
    assert!(matches!(
        vault.lock_grant(&id, NO_PATIENCE),
        Err(VaultError::Busy { .. })
    ));
    drop(worker.stdin.take());
    worker.wait().expect("ended");
    vault.lock_grant(&id, LONG).expect("free");
}

#[test]
fn u_02_a_lock_file_that_is_a_link_is_refused() {
    let place = Place::new();
    let vault = place.vault();
    let id = sample("one", 1).id;
    home::private_folder(&place.file("locks")).expect("made");
    let target = place.file("target");
    std::os::unix::fs::symlink(&target, place.file("locks").join(id.as_str())).expect("linked");
    assert!(matches!(
        vault.lock_grant(&id, NO_PATIENCE),
        Err(VaultError::NotPrivate {
            problem: PrivacyProblem::Symlink,
            ..
        })
    ));
    assert!(!target.exists());
}
