//! A vault whose key lies in the keychain of the desk, opened from afar.

use std::sync::Mutex;

use serde_json::Value;
use valetkey::model::{Secret, UnixTime};
use valetkey::vault::{Home, Keychain, KeychainError, NewSlot, Unlock, Vault};

use crate::lab::{ADA, Lab, NAME, PASSPHRASE};
use crate::lines;

/// Who runs this test.
const ROOT: u32 = 0;
const NOW: UnixTime = UnixTime(1_700_000_000);

/// The keychain that only a session at the desk reaches.
#[derive(Default)]
struct Desk(Mutex<Option<(String, Secret)>>);

impl Keychain for Desk {
    fn read(&self, account: &str) -> Result<Secret, KeychainError> {
        let kept = self.0.lock().expect("no panic");
        kept.as_ref()
            .filter(|(name, _)| name == account)
            .map(|(_, secret)| secret.duplicate())
            .ok_or(KeychainError::NoEntry)
    }

    fn write(&self, account: &str, secret: &Secret) -> Result<(), KeychainError> {
        *self.0.lock().expect("no panic") = Some((account.to_owned(), secret.duplicate()));
        Ok(())
    }

    fn delete(&self, _: &str) -> Result<(), KeychainError> {
        Ok(())
    }

    fn name(&self) -> String {
        "the desk's keychain".to_owned()
    }
}

#[test]
fn t_04_from_afar_a_passphrase_slot_stands_in_for_the_keychain_and_an_agent_keeps_it_open() {
    let lab = Lab::set();
    let desk = lab.home().join("desk");
    let home = Home::Disk {
        data: desk.join("data"),
        state: desk.join("state"),
    };
    let keychain = Desk::default();
    let mut vault = Vault::create(&home, NewSlot::Keychain(&keychain), NOW).expect("a vault");
    Lab::give(&desk, ADA);
    let there = format!("VALETKEY_HOME={}", desk.display());
    let brought = |line: &str| format!("env {there} {line}");
    let valetkey = |line: &str| format!("env -u VALETKEY_PASSPHRASE_FILE {there} valetkey {line}");

    // The keychain alone: no passphrase would open it, so none is asked for.
    let mut terminal = lab.terminal(&valetkey("agent start"));
    terminal.until_shows("There is no keychain here.");
    terminal.until_shows("valetkey vault slot add passphrase");
    assert_eq!(terminal.end(), 6);
    assert!(!terminal.shows("Passphrase"), "{}", terminal.text());

    // At the desk, where the keychain answers.
    Lab::give(&desk, ROOT);
    vault.unlock(Unlock::Keychain(&keychain)).expect("opens");
    let passphrase = Secret::new(PASSPHRASE.to_owned());
    let slot = NewSlot::Passphrase(&passphrase);
    vault.add_slot(slot, NOW).expect("added");
    drop(vault);
    Lab::give(&desk, ADA);
    lab.run(&brought(&lab.definition(&[])));
    lines::sign_in_by_code(&lab, &brought(&format!("valetkey login {NAME} --device")));

    // From afar it is asked for, once.
    let token = valetkey(&format!("token {NAME}"));
    assert_eq!(lab.output(&token).status.code(), Some(6));
    let mut terminal = lab.terminal(&valetkey("agent start"));
    terminal.until_shows("There is no keychain here; a passphrase is needed.");
    terminal.until_shows("Passphrase of the vault:");
    terminal.press(&format!("{PASSPHRASE}\r"));
    terminal.until_shows("It holds the vault open");
    assert_eq!(terminal.end(), 0);
    assert!(!terminal.written().contains(PASSPHRASE), "never echoed");

    // Every session after that one has it, as long as the agent runs.
    for _ in 0..2 {
        let given = lab.run(&token);
        assert!(lab.provider.accepts_access(given.trim_end()));
    }
    let status: Value =
        serde_json::from_str(&lab.run(&valetkey("agent status --json"))).expect("JSON");
    assert_eq!(status["unlocked"], true, "{status}");
    lab.run(&valetkey("agent stop"));
    assert_eq!(lab.output(&token).status.code(), Some(6));
}
