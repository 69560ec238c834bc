//! A real keychain that fails at the worst moments (conformance FT-14): seven faults at four points.
//!
//! What holds in each: tokens never lie in clear, none is spent without a place to put it, a process
//! asks its person at most once, and each fault has a sentence of its own.

use valetkey::sandbox::Sandbox;

use crate::home::in_time;
use crate::keychain::{good, practice, signed_in_desk};
use crate::keyring::{Desk, Keyring, Prompts};

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

/// Each fault and what a command says that meets it.
const FAULTS: [(Fault, &str); 7] = [
    (Fault::Locked, "The keychain is locked."),
    (Fault::Missing, "There is no keychain here."),
    (Fault::Denies, "The keychain refused: "),
    (Fault::Hangs, "The keychain does not answer."),
    (
        Fault::LosesTheKey,
        "The vault key is gone from the keychain.",
    ),
    (
        Fault::OtherBytes,
        "The keychain's entry is not a vault key.",
    ),
    (Fault::Killed, "The keychain is not running here."),
];

impl Fault {
    async fn strike(self, desk: &mut Desk) {
        match self {
            Self::Locked => desk.restart(Keyring::Locked).await,
            // For everything started from now on, as in a session without a desktop.
            Self::Missing => desk.home.set("DBUS_SESSION_BUS_ADDRESS", ""),
            Self::Denies => desk.deny().await,
            Self::Hangs => desk.freeze(),
            Self::LosesTheKey => desk.lose_the_key().await,
            Self::OtherBytes => desk.put_other_bytes().await,
            Self::Killed => desk.stop().await,
        }
    }
}

/// Holds the next answer of the token endpoint, strikes, and lets it go.
async fn strike_amid(sandbox: &Sandbox, desk: &mut Desk, fault: Fault) {
    in_time("a held answer", sandbox.until_held(1)).await;
    fault.strike(desk).await;
    sandbox.release(1);
}

fn nothing_in_clear(sandbox: &Sandbox, desk: &Desk, fault: Fault) {
    let mut secrets = sandbox.secrets_issued();
    secrets.retain(|secret| secret.len() >= 8);
    assert!(secrets.len() >= 3, "nothing to search for");
    let found = desk.home.files_with(&secrets);
    assert!(found.is_empty(), "{fault:?}: in clear: {found:?}");
}

/// Runs a command that must end with these words, having asked its person at most once.
async fn refused(desk: &mut Desk, arguments: &[&str], fault: Fault, words: &str) {
    // Without a bus there is nobody to ask by, and nothing to listen on.
    let mut prompts = match fault {
        Fault::Missing => None,
        _ => Some(Prompts::watch(desk).await),
    };
    let ran = desk.home.run(arguments).await.ends(6, words);
    assert_eq!(ran.out, "", "{fault:?}");
    if let Some(prompts) = &mut prompts {
        let asked = prompts.so_far(desk).await;
        assert!(asked <= 1, "{fault:?}: {arguments:?} asked {asked} times");
        assert!(
            fault != Fault::Locked || asked == 1,
            "the monitor hears what it should"
        );
    }
}

#[tokio::test]
async fn ft_14_a_failing_keychain_stops_a_sign_in_before_the_browser() {
    for (fault, words) in FAULTS {
        let sandbox = practice().await;
        let mut desk = signed_in_desk(&sandbox).await;
        // From the second hand-out on there is a shorter way, which asks the keychain itself.
        desk.run(&["token", "practice"]).await.ok();
        sandbox.clear_requests();
        fault.strike(&mut desk).await;
        refused(
            &mut desk,
            &["login", "practice", "--no-browser"],
            fault,
            words,
        )
        .await;
        refused(&mut desk, &["token", "practice"], fault, words).await;
        assert!(sandbox.requests().is_empty(), "{fault:?}");
        nothing_in_clear(&sandbox, &desk, fault);
    }
}

#[tokio::test]
async fn ft_14_a_keychain_that_fails_between_callback_and_store_leaves_a_sealed_sign_in() {
    for (fault, words) in FAULTS {
        let sandbox = practice().await;
        let mut desk = signed_in_desk(&sandbox).await;
        let mut login = desk.home.login(&["practice", "--no-browser"]);
        let way = login.way("open").await;
        let address = way["url"].as_str().expect("an address").to_owned();
        sandbox
            .once("/token", &["token_hold=on"])
            .expect("a switch");
        let mut browser = sandbox.browser();
        let (visit, (), ()) = tokio::join!(
            browser.visit(&address),
            login.done(),
            strike_amid(&sandbox, &mut desk, fault)
        );
        let visit = visit.expect("a visit");
        assert!(
            visit.body.contains("Connected to"),
            "{fault:?}: {}",
            visit.body
        );
        nothing_in_clear(&sandbox, &desk, fault);
        refused(&mut desk, &["token", "practice"], fault, words).await;
    }
}

#[tokio::test]
async fn ft_14_a_failing_keychain_stops_a_refresh_before_the_token_is_spent() {
    for (fault, words) in FAULTS {
        let sandbox = practice().await;
        let mut desk = signed_in_desk(&sandbox).await;
        sandbox.clear_requests();
        fault.strike(&mut desk).await;
        refused(&mut desk, &["refresh", "practice"], fault, words).await;
        assert!(sandbox.requests().is_empty(), "{fault:?}");
        assert_eq!(sandbox.live_refresh_tokens().len(), 1, "{fault:?}");
        nothing_in_clear(&sandbox, &desk, fault);
    }
}

#[tokio::test]
async fn ft_14_a_keychain_that_fails_during_a_refresh_costs_nothing() {
    for (fault, words) in FAULTS {
        let sandbox = practice().await;
        let mut desk = signed_in_desk(&sandbox).await;
        let bus = desk.bus_address();
        sandbox
            .once("/token", &["token_hold=on"])
            .expect("a switch");
        let refresh = desk.home.start(&["refresh", "practice"]);
        let (ended, ()) = tokio::join!(
            in_time("a refresh", refresh.wait_with_output()),
            strike_amid(&sandbox, &mut desk, fault)
        );
        let ended = ended.expect("an end");
        assert!(ended.status.success(), "{fault:?}: {ended:?}");
        nothing_in_clear(&sandbox, &desk, fault);
        refused(&mut desk, &["token", "practice"], fault, words).await;
        assert_eq!(sandbox.live_refresh_tokens().len(), 1, "{fault:?}");
        assert!(sandbox.reuse_events().is_empty(), "{fault:?}");
        // Where the key is still there, so is the sign-in.
        match fault {
            Fault::Locked => desk.restart(Keyring::Unlocked).await,
            Fault::Hangs => desk.thaw(),
            Fault::Killed => desk.start(Keyring::Unlocked).await,
            Fault::Missing => desk.home.set("DBUS_SESSION_BUS_ADDRESS", bus),
            Fault::Denies | Fault::LosesTheKey | Fault::OtherBytes => continue,
        }
        let token = desk.run(&["token", "practice"]).await.ok().line();
        good(&sandbox, &token);
    }
}

#[tokio::test]
async fn t_04_the_doctor_tells_each_state_of_the_keychain_apart() {
    for (fault, words) in FAULTS {
        let words = match fault {
            Fault::Hangs => "The keychain did not answer in 3 s.",
            Fault::OtherBytes => "The keychain's entry is not the key of this vault.",
            _ => words,
        };
        let sandbox = practice().await;
        let mut desk = signed_in_desk(&sandbox).await;
        let before = desk.run(&["doctor"]).await.ok();
        assert!(before.out.contains("it holds the vault key"), "{before:?}");
        let mut prompts = Prompts::watch(&desk).await;
        fault.strike(&mut desk).await;
        let told = desk.home.run(&["doctor"]).await;
        assert_eq!(told.code, Some(1), "{told:?}");
        let line = told
            .out
            .lines()
            .find(|line| line.starts_with("fix   keychain"));
        let line = line.unwrap_or_else(|| panic!("{fault:?}: {told:?}"));
        assert!(line.contains(words), "{fault:?}: {line}");
        if fault != Fault::Missing {
            let asked = prompts.so_far(&desk).await;
            assert!(asked <= 1, "{fault:?}: asked {asked} times");
        }
    }
}
