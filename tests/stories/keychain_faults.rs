//! A keychain that fails at the worst moments: nothing in clear, no token without a place, and the
//! person is asked at most once by each process (conformance FT-14).

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use valetkey::advice::advise;
use valetkey::engine::{Access, Error};
use valetkey::model::{Secret, Untrusted};
use valetkey::vault::{Keychain, KeychainError};

use crate::stage::{NAME, Stage, off};

/// How often each, where nothing is stored and where it is.
const BEFORE: u32 = 50;
const AMID: u32 = 5;
const HOUR: u32 = 3600;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Locked,
    Missing,
    Denies,
    Hangs,
    LosesTheKey,
    OtherBytes,
    Killed,
}

const FAULTS: [Fault; 7] = [
    Fault::Locked,
    Fault::Missing,
    Fault::Denies,
    Fault::Hangs,
    Fault::LosesTheKey,
    Fault::OtherBytes,
    Fault::Killed,
];

#[derive(Default)]
struct Faulty {
    entries: Mutex<HashMap<String, Secret>>,
    fault: Mutex<Option<Fault>>,
    /// How often the person would have been asked.
    prompts: AtomicUsize,
}

impl Faulty {
    fn set(&self, fault: Option<Fault>) {
        *self.fault.lock().expect("free") = fault;
    }

    /// How often the person was asked since the last call.
    fn prompts(&self) -> usize {
        self.prompts.swap(0, Ordering::SeqCst)
    }

    /// What every call meets first.
    fn meet(&self) -> Result<Option<Fault>, KeychainError> {
        let fault = *self.fault.lock().expect("free");
        match fault {
            Some(Fault::Locked) => {
                self.prompts.fetch_add(1, Ordering::SeqCst);
                Err(KeychainError::Locked)
            }
            Some(Fault::Denies) => {
                self.prompts.fetch_add(1, Ordering::SeqCst);
                Err(KeychainError::Refused(Untrusted::new("not you")))
            }
            Some(Fault::Hangs) => {
                // A dialog that nobody sees looks the same from here.
                self.prompts.fetch_add(1, Ordering::SeqCst);
                Err(KeychainError::Unresponsive)
            }
            Some(Fault::Missing) => Err(KeychainError::Absent),
            Some(Fault::Killed) => Err(KeychainError::NotRunning),
            other => Ok(other),
        }
    }
}

impl Keychain for Faulty {
    fn read(&self, account: &str) -> Result<Secret, KeychainError> {
        match self.meet()? {
            Some(Fault::LosesTheKey) => Err(KeychainError::NoEntry),
            Some(Fault::OtherBytes) => Ok(Secret::new("not a key".to_owned())),
            _ => {
                let entries = self.entries.lock().expect("free");
                let entry = entries.get(account).ok_or(KeychainError::NoEntry)?;
                Ok(entry.duplicate())
            }
        }
    }

    fn write(&self, account: &str, secret: &Secret) -> Result<(), KeychainError> {
        self.meet()?;
        let mut entries = self.entries.lock().expect("free");
        entries.insert(account.to_owned(), secret.duplicate());
        Ok(())
    }

    fn delete(&self, account: &str) -> Result<(), KeychainError> {
        self.meet()?;
        let mut entries = self.entries.lock().expect("free");
        entries
            .remove(account)
            .map(|_| ())
            .ok_or(KeychainError::NoEntry)
    }

    fn name(&self) -> String {
        "a faulty keychain".to_owned()
    }
}

/// What a process does first, as the commands do it.
fn open(stage: &Stage, signs_in: bool) -> Result<(), Error> {
    stage.engine.open_vault(&Access::default())?;
    if signs_in {
        stage.engine.prove_keychain()?;
    }
    Ok(())
}

async fn on_keychain() -> (Stage, Arc<Faulty>) {
    let keychain = Arc::new(Faulty::default());
    let stage = Stage::on_keychain(keychain.clone()).await;
    stage.sign_in().await.expect("signed in");
    stage.token().await.expect("a token");
    stage.sandbox.clear_requests();
    assert_eq!(keychain.prompts(), 0);
    (stage, keychain)
}

/// No token, code or client secret lies anywhere in the home.
fn nothing_in_clear(stage: &Stage, what: Fault) {
    let secrets = stage.sandbox.secrets_issued();
    assert!(secrets.len() >= 3, "nothing to search for");
    search(stage.folder(), &secrets, what);
}

fn search(folder: &Path, secrets: &[String], what: Fault) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            search(&path, secrets, what);
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            for secret in secrets.iter().filter(|secret| secret.len() >= 8) {
                let found = bytes
                    .windows(secret.len())
                    .any(|at| at == secret.as_bytes());
                assert!(!found, "{what:?}: in clear in {}", path.display());
            }
        }
    }
}

/// Whatever is stored is good at the provider, and nothing else is alive there.
async fn cured(stage: &mut Stage, keychain: &Faulty, what: Fault) {
    keychain.set(None);
    stage.restart_locked();
    open(stage, true).unwrap_or_else(|error| panic!("{what:?}: {error:?}"));
    let token = stage
        .token()
        .await
        .unwrap_or_else(|error| panic!("{what:?}: {error:?}"));
    assert!(stage.sandbox.accepts_access(&token), "{what:?}");
    assert_eq!(stage.sandbox.live_refresh_tokens().len(), 1, "{what:?}");
    assert!(stage.sandbox.reuse_events().is_empty(), "{what:?}");
}

#[tokio::test]
async fn ft_14_a_keychain_that_fails_before_a_sign_in_stops_it_before_the_browser() {
    let mut sentences = BTreeSet::new();
    for fault in FAULTS {
        let (mut stage, keychain) = on_keychain().await;
        while stage.browser_waits().await {
            stage.opened().await;
        }
        for _ in 0..BEFORE {
            keychain.set(Some(fault));
            stage.restart_locked();
            let error = open(&stage, true).expect_err("no place to put a token");
            sentences.insert(advise(&error).sentence);
            assert!(keychain.prompts() <= 1, "{fault:?}");
            assert!(!stage.browser_waits().await, "{fault:?}");
        }
        assert!(stage.sandbox.requests().is_empty(), "{fault:?}");
        nothing_in_clear(&stage, fault);
        cured(&mut stage, &keychain, fault).await;
    }
    assert_eq!(sentences.len(), FAULTS.len(), "{sentences:#?}");
}

#[tokio::test]
async fn ft_14_a_keychain_that_fails_between_callback_and_store_loses_nothing() {
    for fault in FAULTS {
        let (mut stage, keychain) = on_keychain().await;
        for _ in 0..AMID {
            keychain.set(None);
            stage.restart_locked();
            open(&stage, true).expect("before");
            let attempt = stage.begin();
            let approved = stage.approve().await;
            stage.once("/token", &["token_hold=on"]);
            let page = tokio::spawn(off(move || approved.deliver(&approved.callback)));
            stage.sandbox.until_held(1).await;
            keychain.set(Some(fault));
            stage.sandbox.release(1);
            attempt
                .outcome()
                .await
                .expect("stored under the key at hand");
            page.await.expect("a page");
            assert_eq!(keychain.prompts(), 0, "{fault:?}");
        }
        nothing_in_clear(&stage, fault);
        // The new sign-in replaced each one before it; only the last is used from here on.
        keychain.set(None);
        stage.restart_locked();
        open(&stage, false).expect("cured");
        let token = stage.token().await.expect("the last one");
        assert!(stage.sandbox.accepts_access(&token), "{fault:?}");
    }
}

#[tokio::test]
async fn ft_14_a_keychain_that_fails_before_a_refresh_spends_no_token() {
    let mut sentences = BTreeSet::new();
    for fault in FAULTS {
        let (mut stage, keychain) = on_keychain().await;
        stage.pass(2 * HOUR);
        for _ in 0..BEFORE {
            keychain.set(Some(fault));
            stage.restart_locked();
            let error = open(&stage, false).expect_err("locked");
            sentences.insert(advise(&error).sentence);
            assert!(keychain.prompts() <= 1, "{fault:?}");
            // Even one that goes on regardless.
            stage
                .engine
                .fresh_token(NAME, None)
                .await
                .map(|_| ())
                .expect_err("locked");
            assert_eq!(keychain.prompts(), 0, "{fault:?}");
        }
        assert!(stage.sandbox.requests().is_empty(), "{fault:?}");
        nothing_in_clear(&stage, fault);
        cured(&mut stage, &keychain, fault).await;
    }
    assert_eq!(sentences.len(), FAULTS.len(), "{sentences:#?}");
}

#[tokio::test]
async fn ft_14_a_keychain_that_fails_during_a_refresh_loses_nothing() {
    for fault in FAULTS {
        let (mut stage, keychain) = on_keychain().await;
        for _ in 0..AMID {
            keychain.set(None);
            stage.restart_locked();
            open(&stage, false).expect("before");
            stage.pass(2 * HOUR);
            stage.once("/token", &["token_hold=on"]);
            let engine = stage.engine.clone();
            let caller = tokio::spawn(async move { engine.fresh_token(NAME, None).await });
            stage.sandbox.until_held(1).await;
            keychain.set(Some(fault));
            stage.sandbox.release(1);
            let handout = caller
                .await
                .expect("done")
                .expect("stored under the key at hand");
            assert!(handout.refreshed, "{fault:?}");
            assert_eq!(keychain.prompts(), 0, "{fault:?}");
        }
        nothing_in_clear(&stage, fault);
        cured(&mut stage, &keychain, fault).await;
    }
}
