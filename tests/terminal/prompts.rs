//! Questions on an ordinary screen: secrets are not echoed, and the echo always comes back.

use rustix::process::Signal;

use crate::home::{Home, PASSPHRASE, answer_to, sandbox};
use crate::term::{CTRL_C, ENTER, Term};

#[test]
fn login_takes_a_pasted_address_without_showing_it() {
    let sandbox = sandbox();
    let (home, pages) = Home::new().with_browser();
    home.add(&sandbox, "notes");
    let mut term = home.start(&["login", "notes"]);
    term.until_shows("Waiting for your approval.");
    assert!(!term.echoes(), "what is pasted now is a secret");
    let address = answer_to(&sandbox, &pages.next());
    term.press(&format!("{address}{ENTER}"));
    term.until_shows("Signed in to notes as Ada Practice.");
    assert_eq!(term.end(), 0);
    let code = address.split("code=").nth(1).expect("a code");
    let code = code.split('&').next().expect("a code");
    assert!(!term.written().contains(code), "it was never shown");
}

#[test]
fn k_04_a_code_is_drawn_for_a_phone_on_request_and_shown_for_comparison() {
    let sandbox = sandbox();
    let home = Home::new().with_idle_browser();
    home.add(&sandbox, "notes");
    for (columns, drawn) in [(80, true), (40, true), (32, false)] {
        let command = home.command(&["login", "notes", "--device", "--qr"]);
        let mut term = Term::start(command, (columns, 40));
        term.until_shows("Check that the page shows");
        assert_eq!(term.shows("██ ▄▄▄▄▄ █"), drawn, "{}", term.text());
        assert_eq!(term.shows("does not fit"), !drawn, "{}", term.text());
        let line = term.line_with("  type  ");
        let code = line.trim().trim_start_matches("type  ");
        assert!(term.shows(&format!("{code}.")), "{}", term.text());
        term.press(CTRL_C);
        assert_eq!(term.end(), 130);
    }
    // Not asked for, not drawn.
    let mut term = home.start(&["login", "notes", "--device"]);
    term.until_shows("  type  ");
    term.until_shows("Waiting for your approval.");
    assert!(!term.shows("█"), "{}", term.text());
    term.press(CTRL_C);
    assert_eq!(term.end(), 130);
}

#[test]
fn login_takes_an_address_longer_than_a_line_of_the_terminal() {
    let sandbox = sandbox();
    let (home, pages) = Home::new().with_browser();
    home.add(&sandbox, "notes");
    let mut term = home.start(&["login", "notes"]);
    term.until_shows("Waiting for your approval.");
    let address = answer_to(&sandbox, &pages.next());
    // In its line mode a terminal keeps 4095 bytes and drops the rest without a word.
    let (place, answer) = address.split_once('?').expect("an answer");
    let long = format!("{place}?padding={}&{answer}", "x".repeat(5000));
    term.press(&format!("{long}{ENTER}"));
    term.until_shows("Signed in to notes as Ada Practice.");
    assert_eq!(term.end(), 0);
}

#[test]
fn login_brings_the_echo_back_after_an_interrupt() {
    let sandbox = sandbox();
    let home = Home::new().with_idle_browser();
    home.add(&sandbox, "notes");
    for signal in [None, Some(Signal::TERM), Some(Signal::HUP)] {
        let mut term = home.start(&["login", "notes"]);
        term.until_shows("Waiting for your approval.");
        assert!(!term.echoes());
        match signal {
            None => term.press(CTRL_C),
            Some(signal) => term.signal(signal),
        }
        // `end` compares the modes.
        assert_eq!(term.end(), 130);
        assert!(
            term.shows("Stopped. Nothing was changed."),
            "{}",
            term.text()
        );
    }
}

#[test]
fn y_10_token_refuses_a_terminal_unless_it_is_told_to_show() {
    let sandbox = sandbox();
    let (home, pages) = Home::new().with_browser();
    home.add(&sandbox, "notes");
    let mut term = home.start(&["login", "notes"]);
    let visit = sandbox.visit(&mut sandbox.browser(), &pages.next());
    assert_eq!(visit.expect("visits").status, 200);
    assert_eq!(term.end(), 0);

    let (code, token, _) = home.run(&["token", "notes"]);
    let token = token.trim_end();
    assert_eq!(code, Some(0));
    assert!(sandbox.accepts_access(token));

    let mut term = home.start(&["token", "notes"]);
    assert_eq!(term.end(), 2);
    assert!(term.shows("--show") && !term.written().contains(token));
    let mut term = home.start(&["token", "notes", "--show"]);
    assert_eq!(term.end(), 0);
    assert_eq!(term.written().trim_end(), token);
    term.forget();
}

#[test]
fn a_new_passphrase_is_typed_twice_and_never_shown() {
    let home = Home::without_passphrase();
    let mut term = home.start(&["vault", "init", "--passphrase"]);
    for question in ["Passphrase: ", "Once more: "] {
        term.until("a question without echo", |term| {
            term.text().ends_with(question.trim_end()) && !term.echoes()
        });
        // A slip of the finger is taken back.
        term.press(&format!("{PASSPHRASE}xy\x7f\x7f{ENTER}"));
    }
    term.until_shows("Made the vault.");
    assert_eq!(term.end(), 0);
    assert!(!term.written().contains(PASSPHRASE));

    // It opens with it, and with nothing else.
    let file = home.path("passphrase");
    let home = home.set("VALETKEY_PASSPHRASE_FILE", &file.to_string_lossy());
    let sandbox = sandbox();
    std::fs::write(&file, "something else").expect("writes");
    let secret = home.path("secret");
    std::fs::write(&secret, "practice-secret-not-real").expect("writes");
    let at = |path: &str| sandbox.at(path);
    let arguments = [
        "add",
        "--no-input",
        "--dev-http",
        "--token-url",
        &at("/token"),
        "--authorization-url",
        &at("/authorize"),
        "--client-id",
        "valetkey-confidential",
        "--client-secret-file",
        &secret.to_string_lossy(),
    ];
    let (code, _, told) = home.run(&arguments);
    assert_ne!(code, Some(0), "{told}");
    std::fs::write(&file, PASSPHRASE).expect("writes");
    home.add(&sandbox, "notes");
}

#[test]
fn two_different_passphrases_are_asked_for_again_and_never_shown() {
    let home = Home::without_passphrase();
    let mut term = home.start(&["vault", "init", "--passphrase"]);
    for (question, answer, told) in [
        ("Passphrase:", "one-of-them", "Once more:"),
        ("Once more:", "another", "The two differ."),
        ("Passphrase:", "", "It is empty."),
        ("Passphrase:", PASSPHRASE, "Once more:"),
    ] {
        term.until("a question without echo", |term| {
            term.text().ends_with(question) && !term.echoes()
        });
        term.press(&format!("{answer}{ENTER}"));
        term.until_shows(told);
    }
    assert!(!home.path("data").join("vault.db").exists());
    term.until("the last question", |term| {
        term.text().ends_with("Once more:") && !term.echoes()
    });
    term.press(&format!("{PASSPHRASE}{ENTER}"));
    assert_eq!(term.end(), 0);
    assert!(home.path("data").join("vault.db").exists());
    for typed in ["one-of-them", "another", PASSPHRASE] {
        assert!(!term.written().contains(typed), "{typed}");
    }
}

#[test]
fn an_interrupt_at_a_passphrase_brings_the_echo_back() {
    let home = Home::without_passphrase();
    let mut term = home.start(&["vault", "init", "--passphrase"]);
    term.until("a question without echo", |term| {
        term.shows("Passphrase:") && !term.echoes()
    });
    term.press(&format!("half{CTRL_C}"));
    assert_eq!(term.end(), 130);
    assert!(!home.path("data").join("vault.db").exists());
}

#[test]
fn t_07_a_wrong_passphrase_may_be_typed_again_after_a_while() {
    let home = Home::without_passphrase();
    let passphrase = valetkey::model::Secret::new(PASSPHRASE.to_owned());
    let place = valetkey::vault::Home::Disk {
        data: home.path("data"),
        state: home.path("state"),
    };
    let made = valetkey::model::UnixTime(1_700_000_000);
    valetkey::vault::Vault::create_for_tests(&place, &passphrase, made).expect("a vault");
    let mut term = home.start(&["vault", "rekey"]);
    for (asked, words) in ["a guess", PASSPHRASE].into_iter().enumerate() {
        term.until("a question without echo", |term| {
            let questions = term.text().matches("Passphrase of the vault:").count();
            questions == asked + 1 && !term.echoes()
        });
        term.press(&format!("{words}{ENTER}"));
        if asked == 0 {
            // While the guess is checked, and while it waits: neither shown nor taken for an answer.
            term.press("too-early");
            term.until_shows("Wrong passphrase");
            term.press(&format!("too-early{ENTER}"));
        }
    }
    // What was typed to open the vault opens its slot too.
    term.until_shows("The vault has a new key.");
    assert!(term.shows("Wrong passphrase (wait 1 s)."));
    assert_eq!(term.end(), 0);
    assert!(!term.written().contains(PASSPHRASE));
    assert!(!term.written().contains("too-early"), "{}", term.written());
}

#[test]
fn t_07_the_interrupt_key_ends_the_wait_after_a_wrong_passphrase() {
    let home = Home::new();
    let (code, _, told) = home.run(&["vault", "init", "--passphrase"]);
    assert_eq!(code, Some(0), "{told}");
    let home = home.set("VALETKEY_PASSPHRASE_FILE", "");
    let mut term = home.start(&["vault", "rekey"]);
    term.until("a question without echo", |term| {
        term.shows("Passphrase of the vault:") && !term.echoes()
    });
    term.press(&format!("a guess{ENTER}"));
    term.until_shows("Wrong passphrase");
    term.press(CTRL_C);
    assert_eq!(term.end(), 130);
}
