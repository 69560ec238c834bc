//! Loss of power at every sync of a refresh, a new key and a first start (FT-12).
//!
//! Each story runs once under strace in a process of its own. Then every beginning of it that ends
//! before a sync is replayed, with what was not synced lost, kept, or kept in part: what is left
//! opens, and is the state before or after, never another. `VALETKEY_SEEDS=from..to` asks for more
//! parts than the usual few.

use std::cell::{Cell, RefCell};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use valetkey::host::OsKeychain;
use valetkey::model::{NextTry, Problem, ProblemKind, Untrusted};
use valetkey::vault::{Rekey, Unlock, Untold, Vault, VaultError, VaultKey};

use crate::replay::{Disk, Reaches};
use crate::trace::{Op, record};
use crate::vault_home::{
    FIRST, NOW, PASSPHRASE, SECOND, create, home, made, open, refreshed, secret,
};
use crate::vault_home::{secrets, stored};

/// The root of the home, in the process that is traced.
fn traced() -> Option<PathBuf> {
    std::env::var_os("VALETKEY_FAULTS_ROOT").map(PathBuf::from)
}

/// Says on the disk itself that something is done: what comes before must be safe by now.
fn mark(root: &Path, name: &str) {
    fs::write(root.join(name), "done").expect("marked");
}

/// Makes the note outside the vault name the file that the replay has written.
fn fit_inode(root: &Path) {
    let note = root.join("state/seen");
    let text = fs::read_to_string(&note).expect("the note is there before the vault is");
    let mut seen: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let file = fs::metadata(root.join("data/vault.db")).expect("the vault");
    seen["inode"] = file.ino().into();
    fs::write(&note, seen.to_string()).expect("written");
}

fn seeds() -> std::ops::Range<u64> {
    let asked = std::env::var("VALETKEY_SEEDS").unwrap_or_else(|_| "0..6".to_owned());
    let (from, to) = asked.split_once("..").expect("VALETKEY_SEEDS=from..to");
    from.parse().expect("a number")..to.parse().expect("a number")
}

/// Records `story` over a home that `prepare` makes, and looks at whatever a loss of power leaves.
/// `judge` gets the root of what is left and whether a mark was made by then.
fn lose_power(
    story: &str,
    prepare: impl Fn(&Path),
    judge: impl Fn(&Path, &dyn Fn(&str) -> bool, &str),
) {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("home");
    fs::create_dir(&root).expect("made");
    prepare(&root);
    let mut disk = Disk::of(&root);
    let this = std::env::current_exe().expect("a path");
    let name = format!("power_loss::{story}");
    let command = [this.as_os_str(), "--exact".as_ref(), name.as_ref()];
    let ops = record(&root, &command, story);
    let syncs = ops.iter().filter(|op| matches!(op, Op::Sync(_))).count();
    assert!(syncs >= 3, "{story}: {ops:?}");

    let left = folder.path().join("left");
    let mut marks: Vec<String> = Vec::new();
    let mut judged = 0;
    for (number, op) in ops.iter().map(Some).chain([None]).enumerate() {
        if matches!(op, Some(Op::Sync(_)) | None) {
            let some = seeds().map(|seed| Reaches::Some(seed * 1000 + number as u64));
            for reaches in [Reaches::Nothing, Reaches::Everything]
                .into_iter()
                .chain(some)
            {
                disk.leave(reaches, &root, &left);
                let marked = |name: &str| marks.iter().any(|mark| mark == name);
                judge(
                    &left,
                    &marked,
                    &format!("before change {number}, {reaches:?}"),
                );
                judged += 1;
            }
        }
        let Some(op) = op else { break };
        if let Op::Write { path, .. } = op
            && path.parent() == Some(&root)
        {
            let name = path.file_name().expect("a name").to_string_lossy();
            marks.push(name.into_owned());
        }
        disk.apply(op);
    }
    assert!(judged > syncs * 3);
}

#[test]
fn ft_12_a_refresh_leaves_generation_n_or_the_next() {
    if let Some(root) = traced() {
        let mut vault = open(&root).expect("made");
        let connection = stored(&vault);
        let intent = vault.begin_refresh(&connection, NOW).expect("begun");
        mark(&root, "begun");
        vault
            .commit_refresh(&connection, &intent, &refreshed(), NOW)
            .expect("committed");
        return mark(&root, "committed");
    }
    lose_power(
        "ft_12_a_refresh_leaves_generation_n_or_the_next",
        made,
        |left, marked, when| {
            let vault = open(left).expect(when);
            let secrets = secrets(&vault);
            let connection = stored(&vault);
            let intent = vault.pending_intent(&connection.id).expect(when);
            let generation = connection.grant.expect("signed in").generation;
            if secrets == SECOND {
                assert_eq!(generation, 2, "{when}");
                assert!(intent.is_none(), "{when}");
                assert!(marked("begun"), "{when}");
            } else {
                assert_eq!(secrets, FIRST, "{when}");
                assert_eq!(generation, 1, "{when}");
                // A token that may be spent has its intent on the disk.
                assert!(intent.is_some() || !marked("begun"), "{when}");
                assert!(!marked("committed"), "{when}: the new token was lost");
            }
        },
    );
}

/// The first revocation that waits also raises the vault to the format that holds it (FT-40).
#[test]
fn ft_12_ft_40_l_04_a_revocation_put_off_leaves_the_sign_in_or_the_queue_and_one_format() {
    let problem = Problem {
        kind: ProblemKind::Transport,
        detail: Untrusted::new("status 503"),
        at: NOW,
    };
    if let Some(root) = traced() {
        let mut vault = open(&root).expect("made");
        let connection = stored(&vault);
        let untold = Untold {
            refresh_token: vault.refresh_token(&connection).expect("opens"),
            access_token: vault.access_token(&connection).expect("opens"),
            client_secret: vault.client_secret(&connection).expect("opens"),
        };
        let next = NextTry::after(1, None, NOW);
        vault
            .put_off(&connection, &untold, next, &problem, NOW)
            .expect("put off");
        return mark(&root, "done");
    }
    let raised = Cell::new(0_u32);
    lose_power(
        "ft_12_ft_40_l_04_a_revocation_put_off_leaves_the_sign_in_or_the_queue_and_one_format",
        made,
        |left, marked, when| {
            let vault = open(left).expect(when);
            let format = vault.status().expect(when).format;
            let waiting = vault.waiting().expect(when);
            let connection = stored(&vault);
            let Some(waits) = waiting.first() else {
                assert!(!marked("done"), "{when}: dropped");
                assert_eq!(
                    (format, secrets(&vault)),
                    (1, FIRST.map(str::to_owned)),
                    "{when}"
                );
                return;
            };
            raised.set(raised.get() + 1);
            assert_eq!((format, waiting.len()), (2, 1), "{when}");
            assert!(connection.ended.is_some(), "{when}: at two places");
            let untold = vault.untold(waits).expect(when);
            let kept = [
                untold.access_token,
                untold.refresh_token,
                untold.client_secret,
            ];
            let kept = kept.map(|secret| secret.expect(when).reveal().to_owned());
            assert_eq!(kept, FIRST, "{when}");
        },
    );
    assert!(raised.get() > 0);
}

#[test]
fn ft_12_t_11_a_new_key_leaves_the_old_vault_or_the_new_one() {
    const STORY: &str = "ft_12_t_11_a_new_key_leaves_the_old_vault_or_the_new_one";
    if let Some(root) = traced() {
        let mut vault = open(&root).expect("made");
        let passphrases = [secret(PASSPHRASE)];
        let with = Rekey {
            keychain: &OsKeychain::new(false),
            passphrases: &passphrases,
            dropped: &[],
        };
        vault
            .rekey(&with, Duration::from_secs(5), NOW)
            .expect("a new key");
        mark(&root, "done");
        // Beside the home, for the judge alone: a passphrase costs a second.
        let key = vault.key().expect("open").as_bytes();
        return fs::write(root.with_extension("key"), key).expect("written");
    }
    let old = Cell::new([0; 32]);
    let anew = Cell::new(0_u32);
    lose_power(
        STORY,
        |root| {
            made(root);
            let vault = open(root).expect("made");
            old.set(*vault.key().expect("open").as_bytes());
        },
        |left, marked, when| {
            let mut vault = Vault::open(&home(left)).expect(when).expect(when);
            match vault.unlock(Unlock::Key(VaultKey::from_bytes(old.get()))) {
                Ok(()) => {
                    assert!(!marked("done"), "{when}: the old key is back");
                    vault.check().expect(when);
                }
                Err(error) => {
                    assert_eq!(error, VaultError::Rekeyed, "{when}");
                    let key = fs::read(left.with_file_name("home.key")).expect(when);
                    let key = VaultKey::from_bytes(key.try_into().expect(when));
                    vault.unlock(Unlock::Key(key)).expect(when);
                    vault.check().expect(when);
                    anew.set(anew.get() + 1);
                    if anew.get() % 32 == 1 {
                        open(left).expect(when);
                    }
                }
            }
            assert_eq!(secrets(&vault), FIRST, "{when}");
        },
    );
}

#[test]
fn ft_12_a_first_start_leaves_no_vault_or_a_whole_one() {
    if let Some(root) = traced() {
        drop(create(&root));
        return mark(&root, "done");
    }
    lose_power(
        "ft_12_a_first_start_leaves_no_vault_or_a_whole_one",
        |_| {},
        |left, marked, when| {
            if Vault::open(&home(left)).expect(when).is_none() {
                assert!(!marked("done"), "{when}: the vault is gone");
                // The next start takes it up.
                drop(create(left));
                open(left).expect(when);
                return;
            }
            open(left).expect(when);
            // The replayed file is another one on this disk.
            fit_inode(left);
            let vault = open(left).expect(when);
            assert!(!vault.status().expect(when).moved, "{when}");
        },
    );
}

#[test]
fn ft_12_u_07_a_restore_leaves_the_damaged_vault_or_its_copy_and_loses_neither() {
    if let Some(root) = traced() {
        Vault::restore(&home(&root), Duration::from_secs(5), NOW).expect("restored");
        return mark(&root, "done");
    }
    let damaged = RefCell::new(Vec::new());
    lose_power(
        "ft_12_u_07_a_restore_leaves_the_damaged_vault_or_its_copy_and_loses_neither",
        |root| {
            made(root);
            let mut vault = open(root).expect("made");
            let connection = stored(&vault);
            // Renews the copy.
            vault
                .rename(&connection.id, &connection.name, NOW)
                .expect("renamed");
            drop(vault);
            let file = root.join("data/vault.db");
            let mut bytes = fs::read(&file).expect("reads");
            bytes[..16].fill(b'x');
            fs::write(&file, &bytes).expect("damaged");
            damaged.replace(bytes);
        },
        |left, marked, when| {
            let mut files = fs::read_dir(left.join("data")).expect(when);
            assert!(
                files.any(|file| fs::read(file.expect(when).path()).ok()
                    == Some(damaged.borrow().clone())),
                "{when}: the damaged file is gone"
            );
            match Vault::open(&home(left)) {
                Ok(Some(_)) => {}
                Err(VaultError::Damaged(_)) => {
                    assert!(!marked("done"), "{when}");
                    Vault::restore(&home(left), Duration::from_secs(5), NOW).expect(when);
                }
                other => panic!("{when}: {:?}", other.map(|_| ())),
            }
            let vault = open(left).expect(when);
            assert_eq!(secrets(&vault), FIRST, "{when}");
            assert!(vault.status().expect(when).moved, "{when}");
        },
    );
}
