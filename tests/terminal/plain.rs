//! The wizard line by line, for screen readers and simple terminals.

use rustix::process::Signal;

use valetkey::sandbox::{Options, SandboxThread, Tls};

use crate::home::{Home, PASSPHRASE, answer_to, sandbox};
use crate::kept::Provider;
use crate::key_scripts::thousand;
use crate::term::{CTRL_C, ENTER, Term};

/// The question below the list, and the one below a connection.
const LIST: &str = "Number, or a add";
const MENU: &str = "Number, or enter to go back:";
const FIELD: &str = "Number of the field";
const MORE: &str = "More addresses: device code, revocation, test read? [y/N]";

impl Term {
    /// In practice, in place of the pretend service.
    fn approve(&mut self) {
        self.until("approval", |term| {
            term.shows("Type approve or deny") && !term.echoes()
        });
        self.press(&format!("approve{ENTER}"));
        self.until("the next question", Self::echoes);
    }

    /// Waits until the last line is this question with nothing behind it yet.
    fn until_asked(&mut self, question: &str) {
        self.until(question, |term| {
            let text = term.text();
            let last = text.lines().last().unwrap_or_default();
            // In practice each says so.
            let last = last.strip_prefix("Practice. ").unwrap_or(last);
            last.starts_with(question) && last.ends_with([':', ']']) && term.echoes()
        });
    }

    /// Presses the interrupt key there, which tells how to leave, for the so manieth time.
    fn interrupted_at_the_list(&mut self, times: usize) {
        self.press(CTRL_C);
        self.until("how to leave", |term| {
            let told = "This is the list. q leaves, and so does Ctrl-C once more.";
            term.text().matches(told).count() == times
        });
    }

    /// Waits for an approval that is waited for, without an echo.
    fn until_waiting(&mut self) {
        self.until("a wait without echo", |term| {
            term.shows("Waiting for your approval.") && !term.echoes()
        });
    }

    fn answer(&mut self, question: &str, answer: &str) {
        self.until_asked(question);
        let asked = self.text();
        self.press(&format!("{answer}{ENTER}"));
        self.until("an echo", |term| term.text() != asked);
    }
}

#[test]
fn adding_and_signing_in_with_plain_questions() {
    let sandbox = sandbox();
    let (home, pages) = Home::without_passphrase().with_browser();
    let home = home.set("TERM", "dumb");
    let mut term = home.start(&[
        "add",
        "--plain",
        "--dev-http",
        "--sign-in",
        "--name",
        "notes",
    ]);
    for (question, answer) in [
        ("Service:", String::new()),
        // A mistake costs that answer and no other.
        ("Authorization URL:", "authorize".to_owned()),
        ("Once more:", sandbox.at("/authorize")),
        ("Token URL:", sandbox.at("/token")),
        ("More addresses:", String::new()),
        ("Client ID:", "valetkey-confidential".to_owned()),
        ("client secret? [y/N]", "y".to_owned()),
    ] {
        term.until_shows(question);
        term.press(&format!("{answer}{ENTER}"));
    }
    term.until("the secret's question", |term| {
        term.shows("Client secret") && !term.echoes()
    });
    // A question mark asks here too, and is not taken for the secret.
    term.press(&format!("?{ENTER}"));
    term.until_shows("The password of your app, not yours.");
    term.until("the secret's question again", |term| {
        term.text().trim_end().ends_with("enter for none:") && !term.echoes()
    });
    term.press(&format!("practice-secret-not-real{ENTER}"));
    term.until("the next question", |term| {
        term.text().ends_with("Scopes:") && term.echoes()
    });
    term.press(&format!("profile{ENTER}"));
    // The first thing to store makes the vault; there is no keychain here.
    for question in ["Passphrase:", "Once more:"] {
        term.until("a question without echo", |term| {
            term.shows(question) && !term.echoes()
        });
        term.press(&format!("{PASSPHRASE}{ENTER}"));
    }
    term.until_shows("Added notes.");
    let visit = sandbox.visit(&mut sandbox.browser(), &pages.next());
    assert_eq!(visit.expect("visits").status, 200);
    term.until_shows("Signed in to notes");
    assert_eq!(term.end(), 0);
    for step in [
        "Step 5 of 7: Review.",
        "  Asks for  profile",
        "Step 6 of 7: Authorize.",
        "Step 7 of 7: Test. No test read is known",
    ] {
        assert!(term.shows(step), "{}", term.text());
    }
    let written = term.written();
    assert!(!written.contains('\x1b'), "nothing is redrawn: {written:?}");
    for secret in sandbox.secrets_issued() {
        assert!(!written.contains(&secret), "a secret was written");
    }
    let (_, list, _) = home.run(&["list"]);
    assert!(list.contains("notes"), "{list}");
}

#[test]
fn w_10_the_whole_story_line_by_line_without_a_browser_or_a_drawn_screen() {
    let home = Home::without_passphrase()
        .set("TERM", "dumb")
        .set("BROWSER", "/nonexistent");
    let mut term = home.start(&["--plain"]);
    term.answer("a connect a service, p practise first", "p");
    term.until_shows("Practice. a connect the practice provider, ? more, q quit:");
    term.answer("a connect the practice provider", "a");
    term.answer("Scopes", "profile");
    // What is typed during a sign-in is not shown: it may be an address with a code in it.
    term.until("approval", |term| {
        term.shows("Type approve or deny") && !term.echoes()
    });
    term.press(&format!("approve{ENTER}"));
    term.until_shows("Granted: profile.");
    term.until_shows("Practice. Number, or a add");
    term.answer(LIST, "1");
    term.until_shows("Practice. Number, or enter to go back:");
    for (answer, told) in [
        ("1", "works"),
        ("2", "Refreshed practice."),
        ("10", "says: active, signed in as"),
        ("6", "Redirect URL"),
        ("7", "refreshed"),
    ] {
        term.answer(MENU, answer);
        term.until_shows(told);
    }
    term.answer(MENU, "8");
    term.answer("New name, enter keeps practice:", "pretend");
    term.answer(MENU, "5");
    term.answer("Number, enter keeps it:", "3");
    term.until_shows("Deleted pretend here.");
    term.answer("a connect the practice provider", "q");
    term.until_shows("Practice is over");
    term.answer("a connect a service", "q");
    assert_eq!(term.end(), 0);
    let written = term.written();
    assert!(!written.contains('\x1b'), "nothing is redrawn: {written:?}");
    assert!(
        !written.contains("http://127.0.0.1/callback?"),
        "no answer is shown"
    );
}

/// The practice service without a browser. The home lives as long as the program needs it.
fn practising() -> (Home, Term) {
    let home = Home::without_passphrase()
        .set("TERM", "dumb")
        .set("BROWSER", "/nonexistent");
    let term = home.start(&["demo", "--plain"]);
    (home, term)
}

#[test]
fn a_wider_wish_of_scopes_keeps_the_old_sign_in_until_the_new_one_is_there() {
    let (_home, mut term) = practising();
    term.answer("a connect the practice provider", "a");
    term.answer("Scopes", "profile");
    term.until("approval", |term| {
        term.shows("Type approve or deny") && !term.echoes()
    });
    term.press(&format!("approve{ENTER}"));
    term.answer(LIST, "1");
    term.answer(MENU, "4");
    term.answer("Scopes", "+email");
    term.answer("Sign in now? [Y/n]", "y");
    term.until("approval", |term| !term.echoes());
    term.press(&format!("deny{ENTER}"));
    term.until_shows("You declined.");
    term.answer(MENU, "1");
    term.until_shows("practice works");
    // A new sign-in is tested right away.
    term.answer(MENU, "3");
    term.until("approval", |term| !term.echoes());
    term.press(&format!("approve{ENTER}"));
    term.until("another test", |term| {
        term.text().matches("practice works").count() == 2
    });
    term.answer(MENU, "");
    term.answer(LIST, "q");
    assert_eq!(term.end(), 0);
}

#[test]
fn an_interrupt_goes_back_one_step_and_twice_at_the_list_it_leaves() {
    let (_home, mut term) = practising();
    term.answer("a connect the practice provider", "a");
    term.until_asked("Scopes");
    term.press(&format!("half an ans{CTRL_C}"));
    term.until_shows("Stopped. Nothing was changed.");
    term.answer("a connect the practice provider", "a");
    term.answer("Scopes", "");
    term.until("approval", |term| {
        term.shows("Type approve or deny") && !term.echoes()
    });
    term.press(CTRL_C);
    term.until_shows("practice stays in the list, not signed in.");
    // What comes now is read by the list and not by what listened before.
    term.answer(LIST, "/ prac");
    term.until_shows("1 of 1 match");
    let searching = "Only \"prac\" is listed";
    term.answer(searching, "t 9");
    term.until_shows("There is no 9 in the list.");
    // The end of the input goes back, too.
    term.answer(searching, "1");
    term.until_asked(MENU);
    term.press("\x04");
    term.until_shows("Left this question.");
    term.until_asked(searching);
    term.interrupted_at_the_list(1);
    // Only twice in a row: an answer between them begins anew.
    term.answer(searching, "/");
    term.until_asked(LIST);
    term.interrupted_at_the_list(2);
    term.until_asked(LIST);
    term.press(CTRL_C);
    assert_eq!(term.end(), 130);
}

#[test]
fn who_stops_one_of_several_stops_them_all() {
    let sandbox = sandbox();
    let home = Home::new()
        .set("TERM", "dumb")
        .set("BROWSER", "/nonexistent");
    for name in ["alpha", "beta", "gamma"] {
        home.add(&sandbox, name);
    }
    let mut term = home.start(&["--plain"]);
    term.answer(LIST, "u 1-3");
    term.until("approval", |term| {
        term.shows("Ctrl-C stops") && !term.echoes()
    });
    term.press(CTRL_C);
    term.until_shows("Stopped at 1 of 3; the rest was not touched.");
    term.until_asked(LIST);
    term.signal(Signal::HUP);
    assert_ne!(term.end(), 0);
}

#[test]
fn a_number_means_what_stood_beside_it_when_it_was_shown() {
    let sandbox = sandbox();
    let home = Home::new().set("TERM", "dumb");
    for name in ["alpha", "beta", "gamma"] {
        home.add(&sandbox, name);
    }
    let mut term = home.start(&["--plain"]);
    term.until_shows("3 gamma");
    let (code, _, told) = home.run(&["remove", "alpha", "--forget"]);
    assert_eq!(code, Some(0), "{told}");
    let (code, _, told) = home.run(&["rename", "beta", "delta"]);
    assert_eq!(code, Some(0), "{told}");
    term.answer(LIST, "x 2");
    term.until_shows("Delete the settings of delta?");
    term.answer("Nobody is signed in.", "n");
    term.until_shows("2 gamma");
    term.answer(LIST, "x 1 2");
    for name in ["delta", "gamma"] {
        term.until_shows(&format!("Delete the settings of {name}?"));
        term.answer("Nobody is signed in.", "y");
    }
    term.answer("a connect a service", "q");
    assert_eq!(term.end(), 0);
    let (_, list, _) = home.run(&["list", "--json"]);
    assert!(list.contains("\"connections\":[]"), "{list}");
}

#[test]
fn a_name_of_digits_that_is_a_number_too_is_asked_about() {
    let sandbox = sandbox();
    let home = Home::new().set("TERM", "dumb");
    for name in ["1", "3", "7", "alpha"] {
        home.add(&sandbox, name);
    }
    let mut term = home.start(&["--plain"]);
    // 1 stands at 1, and 7 at no number: neither is a question.
    for (typed, name) in [("x 1", "1"), ("x 7", "7"), ("x 4", "alpha")] {
        term.answer(LIST, typed);
        term.until_shows(&format!("Delete the settings of {name}?"));
        term.answer("Nobody is signed in.", "n");
    }
    for (answers, name) in [(&["y"][..], "7"), (&["n", "y"], "3")] {
        term.answer(LIST, "x 3");
        term.until_shows("3 is both: a place in the list, and the name of a connection.");
        let questions = [
            "Do you mean 7, at number 3?",
            "Do you mean the one named 3?",
        ];
        for (question, answer) in questions.into_iter().zip(answers) {
            term.answer(question, answer);
        }
        term.until_shows(&format!("Delete the settings of {name}?"));
        term.answer("Nobody is signed in.", "n");
    }
    term.answer(LIST, "3");
    term.answer("Do you mean 7", "");
    term.answer("Do you mean the one", "");
    term.until_shows("Stopped. Nothing was changed.");
    term.answer(LIST, "q");
    assert_eq!(term.end(), 0);
}

#[test]
fn a_search_is_named_as_long_as_it_is_on() {
    let sandbox = sandbox();
    let home = Home::new().set("TERM", "dumb");
    for name in ["alpha", "beta"] {
        home.add(&sandbox, name);
    }
    let mut term = home.start(&["--plain"]);
    let searching = "Only \"alp\" is listed, / lists all.";
    term.answer(LIST, "/ alp");
    term.answer(searching, "?");
    term.answer(searching, "x 1");
    term.answer("Nobody is signed in.", "y");
    term.until_shows("Nothing matches \"alp\" any more; the search is over.");
    term.answer(LIST, "/ nowhere");
    term.until_shows("Nothing matches \"nowhere\".");
    term.answer("Only \"nowhere\" is listed, / lists all.", "/");
    term.answer(LIST, "q");
    assert_eq!(term.end(), 0);
}

#[test]
fn l_05_no_revocation_is_offered_where_none_is_known() {
    let (_home, mut term) = practising();
    term.answer("a connect the practice provider", "a");
    term.answer("Scopes", "profile");
    term.approve();
    term.answer(LIST, "e 1");
    term.answer(FIELD, "revocation-url");
    term.answer("New revocation-url", "-");
    term.until_shows("That parks this sign-in");
    term.answer("Change it?", "y");
    term.until_shows("That parked the sign-in");
    term.answer(FIELD, "");
    term.answer(LIST, "u 1");
    term.approve();
    term.answer(LIST, "1");
    term.until_shows("5 delete");
    term.answer(MENU, "delete");
    term.until_shows("No revocation URL is known for Practice, so it cannot be told.");
    term.until_shows("  2 delete here only: the sign-in stays valid at Practice");
    assert!(!term.shows("3 revoke and delete"), "{}", term.text());
    term.answer("Number, enter keeps it:", "3");
    term.until_shows("Type a number from 1 to 2.");
    term.answer("Number, enter keeps it:", "2");
    term.until_shows("Deleted practice here only");
    term.answer("a connect the practice provider", "q");
    assert_eq!(term.end(), 0);
}

#[test]
fn l_04_a_revocation_that_waits_can_be_told_again_or_given_up() {
    let sandbox = sandbox();
    let (home, pages) = Home::new().with_browser();
    let home = home.set("TERM", "dumb");
    home.add(&sandbox, "notes");
    let mut term = home.start(&["login", "notes"]);
    let visit = sandbox.visit(&mut sandbox.browser(), &pages.next());
    assert_eq!(visit.expect("visits").status, 200);
    assert_eq!(term.end(), 0);
    sandbox.set("revocation=503").expect("a switch");
    let mut term = home.start(&["--plain"]);
    term.answer(LIST, "1");
    term.answer(MENU, "5");
    term.answer("Number, enter keeps it:", "2");
    term.until_shows("did not hear the revocation");
    term.until_shows("  To tell it again, or no more: 5 tell again or delete");
    term.answer(MENU, "tell again or delete");
    term.until_shows("Tell it again, or delete notes?");
    term.answer("Number, enter keeps it:", "1");
    term.until_shows("Kept notes.");
    let before = sandbox.requests_to("/revoke").len();
    term.answer(MENU, "x");
    term.answer("Number, enter keeps it:", "2");
    term.until_asked(MENU);
    assert!(sandbox.requests_to("/revoke").len() > before);
    term.answer(MENU, "x");
    term.answer("Number, enter keeps it:", "3");
    term.until_shows("is not told any more");
    term.answer(MENU, "x");
    term.until_shows("Nobody is signed in. Delete the settings of notes?");
    term.answer("Nobody is signed in.", "n");
    term.answer(MENU, "");
    term.answer(LIST, "q");
    assert_eq!(term.end(), 0);
}

#[test]
fn z_brings_deleted_settings_back_the_latest_first() {
    let sandbox = sandbox();
    let home = Home::new().set("TERM", "dumb");
    for name in ["alpha", "beta", "gamma"] {
        home.add(&sandbox, name);
    }
    let mut term = home.start(&["--plain"]);
    term.answer(LIST, "z");
    term.until_shows("Nothing was deleted since you began");
    term.answer(LIST, "x 1");
    term.answer("Nobody is signed in.", "y");
    term.until_shows("z brings the settings of alpha back.");
    term.answer(LIST, "x 1 2");
    for _ in 0..2 {
        term.answer("Nobody is signed in.", "y");
    }
    term.until_shows("2 deleted; z brings their settings back, one at a time.");
    for name in ["gamma", "beta", "alpha"] {
        term.answer("", "z");
        term.until_shows(&format!("Undone: {name} is back, without its sign-in."));
        term.until_shows(&format!("To sign in: u {name}"));
    }
    term.answer(LIST, "q");
    assert_eq!(term.end(), 0);
    let (_, list, _) = home.run(&["list"]);
    for name in ["alpha", "beta", "gamma"] {
        assert!(list.contains(name), "{list}");
    }
}

#[test]
fn a_secret_that_is_needed_is_asked_for_until_it_is_there() {
    let home = Home::new().set("TERM", "dumb");
    let mut term = home.start(&["add", "--plain"]);
    term.answer("Service:", "git");
    // A wrong number is said to be one, and a name is looked for here too.
    term.answer("Number, another name", "99");
    term.until_shows("There is no 99;");
    term.answer("Service:", "git");
    term.answer("Number, another name", "digitalocean");
    term.answer("Client ID:", "abc");
    for answer in ["", "?", "practice-secret-not-real"] {
        term.until("the secret's question", |term| {
            term.text().ends_with("Client secret (not shown):") && !term.echoes()
        });
        term.press(&format!("{answer}{ENTER}"));
        if answer.is_empty() {
            term.until_shows("This provider signs nobody in without it");
        } else if answer == "?" {
            term.until_shows("The password of your app, not yours.");
        }
    }
    term.answer("Scopes:", "read");
    term.until_shows("Added digitalocean.");
    term.answer("Sign in now?", "n");
    assert_eq!(term.end(), 0);
}

#[test]
fn a_hint_names_what_the_next_question_takes() {
    let sandbox = sandbox();
    let home = Home::new().set("TERM", "dumb");
    home.add(&sandbox, "alpha");
    let mut term = home.start(&["--plain"]);
    term.answer(LIST, "t 1");
    term.until_shows("alpha needs a new sign-in.");
    term.until_shows("  To sign in: u alpha");
    term.answer(LIST, "1");
    term.answer(MENU, "test");
    term.until_shows("  To sign in: 3 sign in");
    term.answer(MENU, "9");
    term.answer(FIELD, "device-url");
    term.answer("New device-url", "-");
    term.answer(FIELD, "");
    term.answer(MENU, "e");
    term.answer(FIELD, "16");
    term.until("the secret's question", |term| {
        term.shows("New client secret") && !term.echoes()
    });
    term.press(&format!("practice-secret-not-real{ENTER}"));
    term.until_shows("Changed alpha.");
    term.answer(FIELD, "?");
    term.until_shows("client-secret: stored, never shown");
    term.answer(FIELD, "");
    term.answer(MENU, "");
    term.answer(LIST, "q");
    assert_eq!(term.end(), 0);
}

#[test]
fn without_a_terminal_the_list_is_printed_and_nothing_is_asked() {
    let home = Home::new().set("VALETKEY_PLAIN", "1");
    home.add(&sandbox(), "alpha");
    let (code, out, told) = home.run(&[]);
    assert_eq!(code, Some(0), "{told}");
    assert!(out.contains("alpha"), "{out}");
}

#[test]
fn plain_http_is_asked_about_and_the_redirect_url_to_register_is_told() {
    let sandbox = sandbox();
    let (home, _pages) = Home::new().with_browser();
    let home = home.set("TERM", "dumb");
    let mut term = home.start(&["add", "--plain", "--name", "notes"]);
    term.answer("Service:", "");
    term.answer("Authorization URL:", &sandbox.at("/authorize"));
    term.answer("Plain http: only", "n");
    term.answer("Authorization URL:", &sandbox.at("/authorize"));
    term.answer("Plain http: only", "y");
    // Once is enough.
    term.answer("Token URL:", &sandbox.at("/token"));
    term.answer(MORE, "n");
    term.until_shows("  Redirect  http://127.0.0.1/callback");
    term.answer("Client ID:", "?");
    term.until_shows("What the provider calls your app");
    term.answer("Client ID:", "valetkey-practice");
    term.answer("Does this app have a client secret?", "n");
    term.answer("Scopes:", "profile");
    term.until_shows("Added notes.");
    term.until_shows("Sign in now?");
    term.press(&format!("n{ENTER}"));
    term.until_shows("run: valetkey login notes");
    assert_eq!(term.end(), 0);
}

#[test]
fn l_10_a_person_on_a_terminal_is_asked_before_a_third_party_gets_the_token() {
    let (provider, third) = (sandbox(), sandbox());
    third.set("introspect.active=true").expect("a switch");
    let (home, pages) = Home::new().with_browser();
    home.add(&provider, "notes");
    let address = format!("introspection-url={}", third.at("/introspect"));
    let (code, _, told) = home.run(&["edit", "notes", &address]);
    assert_eq!(code, Some(0), "{told}");
    let mut term = home.start(&["login", "notes"]);
    let visit = provider.visit(&mut provider.browser(), &pages.next());
    assert_eq!(visit.expect("visits").status, 200);
    assert_eq!(term.end(), 0);
    let host = third.url().trim_start_matches("http://");
    let question = format!("This sends the token to {host}");
    // Enter alone sends nothing.
    for (answer, said, ends) in [("", "It was not sent.", 5), ("y", "says: active", 0)] {
        let mut term = home.start(&["test", "notes", "--introspect"]);
        term.until_shows(&question);
        assert!(third.requests().is_empty());
        term.answer("Send it there? [y/N]", answer);
        term.until_shows(said);
        assert_eq!(term.end(), ends);
    }
    assert_eq!(third.requests_to("/introspect").len(), 1);
}

#[test]
fn the_last_step_tests_the_new_sign_in_which_stands_whatever_comes_of_it() {
    for (status, told) in [("200", "works"), ("403", "The sign-in is kept.")] {
        let sandbox = sandbox();
        let (home, pages) = Home::new().with_browser();
        let home = home.set("TERM", "dumb");
        let at = |path: &str| sandbox.at(path);
        let mut term = home.start(&[
            "add",
            "--plain",
            "--dev-http",
            "--sign-in",
            "--name",
            "notes",
            "--authorization-url",
            &at("/authorize"),
            "--token-url",
            &at("/token"),
            "--test-url",
            &at("/me"),
            "--client-id",
            "valetkey-practice",
            "--scope",
            "profile",
        ]);
        term.answer("Does this app have a client secret?", "n");
        term.until_shows("Step 6 of 7: Authorize.");
        sandbox
            .set(&format!("me_status={status}"))
            .expect("a switch");
        let visit = sandbox.visit(&mut sandbox.browser(), &pages.next());
        assert_eq!(visit.expect("visits").status, 200);
        term.until_shows("Step 7 of 7: Test.");
        assert_eq!(term.end(), 0);
        assert!(term.shows(told), "{}", term.text());
    }
}

#[test]
fn a_sign_in_that_waits_says_what_may_be_typed_and_is_not_left_by_enter_alone() {
    let sandbox = sandbox();
    let (home, pages) = Home::new().with_browser();
    let home = home.set("TERM", "dumb");
    home.add(&sandbox, "notes");
    let mut term = home.start(&["--plain"]);
    term.answer(LIST, "u 1");
    term.until_waiting();
    for (typed, told) in [
        (
            "",
            "Still waiting for your approval. ? says what may be typed here",
        ),
        ("?", "This goes on by itself when you have approved"),
    ] {
        term.press(&format!("{typed}{ENTER}"));
        term.until_shows(told);
        assert!(!term.echoes(), "it may be an address with a code in it");
    }
    let address = answer_to(&sandbox, &pages.next());
    term.press(&format!("{address}{ENTER}"));
    term.until_shows("Signed in to notes");
    assert!(!term.shows("This is not"), "{}", term.text());
    term.answer(LIST, "q");
    assert_eq!(term.end(), 0);
    let code = address.split("code=").nth(1).expect("a code");
    let code = code.split('&').next().expect("a code");
    assert!(!term.written().contains(code), "it was never shown");

    let (_home, mut term) = practising();
    term.answer("a connect the practice provider", "a");
    term.answer("Scopes", "profile");
    term.until("approval", |term| {
        term.shows("Type approve or deny") && !term.echoes()
    });
    for (typed, told) in [
        ("", "Still waiting. Type approve or deny;"),
        ("?", "The pretend service asks whether this connection"),
    ] {
        term.press(&format!("{typed}{ENTER}"));
        term.until_shows(told);
    }
    term.press(CTRL_C);
    term.until_asked(LIST);
    term.press("\x04");
    assert_eq!(term.end(), 0);
}

#[test]
fn a_question_mark_at_the_passphrase_is_help_and_no_wrong_one() {
    let home = Home::new();
    let (code, _, told) = home.run(&["vault", "init", "--passphrase"]);
    assert_eq!(code, Some(0), "{told}");
    let passphrase = PASSPHRASE;
    home.add(&sandbox(), "notes");
    let home = home
        .set("VALETKEY_PASSPHRASE_FILE", "")
        .set("TERM", "dumb")
        .set("BROWSER", "/nonexistent");
    let mut term = home.start(&["--plain"]);
    term.answer(LIST, "u 1");
    for answer in ["?", passphrase] {
        term.until("a question without echo", |term| {
            term.text().ends_with("Passphrase of the vault:") && !term.echoes()
        });
        term.press(&format!("{answer}{ENTER}"));
        if answer == "?" {
            term.until_shows("It is the one you chose for this vault");
        }
    }
    term.until_waiting();
    assert!(!term.shows("Wrong passphrase"), "{}", term.text());
    term.press(CTRL_C);
    term.answer(LIST, "q");
    assert_eq!(term.end(), 0);
}

#[test]
fn a_name_that_is_a_word_of_the_list_too_is_asked_about() {
    let sandbox = sandbox();
    let home = Home::new().set("TERM", "dumb");
    for name in ["a", "L", "q", "t"] {
        home.add(&sandbox, name);
    }
    let mut term = home.start(&["--plain"]);
    for (typed, name, does) in [
        ("a", "a", "connects a service"),
        ("l", "L", "locks the vault"),
        ("q", "q", "leaves"),
    ] {
        term.answer(LIST, typed);
        term.until_shows(&format!(
            "{name} is both: a word of the list, and the name of a connection."
        ));
        term.answer(&format!("Do you mean the word, which {does}?"), "n");
        term.answer(&format!("Do you mean the one named {name}?"), "y");
        term.until_shows(&format!("{name}: needs sign-in"));
        term.answer(MENU, "");
    }
    // A letter alone does nothing to anything.
    term.answer(LIST, "t");
    term.until_shows("t: needs sign-in");
    term.answer(MENU, "");
    // Neither of them is a way to leave the question.
    term.answer(LIST, "q");
    term.answer("Do you mean the word, which leaves?", "");
    term.answer("Do you mean the one named q?", "");
    term.until_shows("Stopped. Nothing was changed.");
    term.answer(LIST, "q");
    term.answer("Do you mean the word, which leaves?", "y");
    assert_eq!(term.end(), 0);
}

#[test]
fn a_provider_of_ones_own_gets_its_other_addresses_and_a_name_line_by_line() {
    let sandbox = sandbox();
    let home = Home::new().set("TERM", "dumb");
    home.add(&sandbox, "taken");
    let mut term = home.start(&["--plain"]);
    term.answer(LIST, "a");
    term.answer("Service:", "");
    term.answer("Authorization URL:", "https://id.example/authorize");
    term.answer("Token URL:", "https://id.example/token");
    term.answer(MORE, "?");
    term.until_shows("Optional: for approving by a code");
    term.answer(MORE, "y");
    let device = "Device URL, enter for none:";
    term.answer(device, "?");
    term.until_shows("Optional. Gives out a short code");
    term.answer(device, "device");
    term.until_shows("this is not a web address");
    term.answer(device, &sandbox.at("/device_authorization"));
    term.answer("Plain http: only", "y");
    term.answer("Revocation URL, enter for none:", "");
    let test = "Test read URL, enter for none:";
    term.answer(test, "?");
    term.until_shows("Optional. An address of the API that only reads");
    // Whatever is read gets the token.
    term.answer(test, "https://id.example/me?access_token=x");
    term.until_shows("Once more:");
    term.answer(test, "https://elsewhere.example/me");
    term.until_shows("The test read sends the access token to elsewhere.example");
    term.answer("Keep it so?", "n");
    term.answer(test, "id.example/me");
    term.until_shows("Read as  https://id.example/me");
    term.answer(CA, "");
    term.answer("Client ID:", "app");
    term.answer("Does this app have a client secret?", "n");
    term.answer("Scopes:", "");
    let name = "Name for this connection, enter for id.example:";
    term.answer(name, "?");
    term.until_shows("What you and your programs call it");
    term.answer(name, "TAKEN");
    term.until_shows("This name is taken (letter case does not count). Once more:");
    term.answer(name, "my notes");
    term.until_shows("a name has letters, digits");
    term.answer(name, "notes");
    term.until_shows("Added notes.");
    term.answer("Sign in now?", "n");
    term.answer(LIST, "e notes");
    let device = format!("device-url: {}", sandbox.at("/device_authorization"));
    for line in [
        &*device,
        "revocation-url: none",
        "test-url: https://id.example/me",
    ] {
        term.until_shows(line);
    }
    term.answer(FIELD, "");
    term.answer(LIST, "q");
    assert_eq!(term.end(), 0);
}

#[test]
fn where_no_test_read_is_known_nobody_is_told_to_test() {
    let sandbox = sandbox();
    let (home, pages) = Home::new().with_browser();
    let home = home.set("TERM", "dumb");
    home.add(&sandbox, "notes");
    let (code, _, told) = home.run(&["edit", "notes", "test-url="]);
    assert_eq!(code, Some(0), "{told}");
    let mut term = home.start(&["--plain"]);
    term.answer(LIST, "u 1");
    let visit = sandbox.visit(&mut sandbox.browser(), &pages.next());
    assert_eq!(visit.expect("visits").status, 200);
    term.until_shows("1 notes  untested  Signed in; the first use shows that it works.");
    term.answer(LIST, "t 1");
    term.until_shows("No test read is known for notes.");
    term.until_shows("  To add one: e notes, then test-url");
    term.answer(LIST, "1");
    term.until_shows("notes: untested. Signed in; the first use shows that it works.");
    term.answer(MENU, "test");
    term.until_shows("  To add one: 9 edit, then test-url");
    term.answer(MENU, "9");
    term.answer(FIELD, "test-url");
    term.answer("New test-url", &sandbox.at("/me"));
    // It is where the tokens come from, so the sign-in stays.
    term.until_shows("Changed notes.");
    let written = term.written();
    for wrong in ["test it", "Name one of its addresses", "Change it?"] {
        assert!(!written.contains(wrong), "{written}");
    }
    term.answer(FIELD, "");
    term.answer(MENU, "test");
    term.until_shows("notes works");
    term.answer(MENU, "");
    term.answer(LIST, "q");
    assert_eq!(term.end(), 0);
}

#[test]
fn a_long_list_says_first_how_long_it_is_and_how_to_find_one() {
    let home = Home::new().set("TERM", "dumb");
    thousand(&home);
    let mut term = Term::start(home.command(&["--plain"]), (80, 100));
    term.until_asked(LIST);
    let text = term.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "1000 connections. / and a word finds one. The first 50:"
    );
    assert!(lines[50].starts_with("50 c0049 "), "{text}");
    assert!(lines[51].starts_with("Number, or a add"), "{text}");
    term.answer(LIST, "/ c00");
    term.until_shows("100 of 1000 match \"c00\". / and more words find fewer. The first 50:");
    term.answer("Only \"c00\" is listed", "q");
    assert_eq!(term.end(), 0);
}

#[test]
fn the_ways_that_are_heard_one_after_the_other_each_say_what_belongs_to_them() {
    let sandbox = sandbox();
    let home = Home::new()
        .set("TERM", "dumb")
        .set("BROWSER", "/nonexistent");
    home.add(&sandbox, "notes");
    let mut term = Term::start(home.command(&["login", "notes"]), (80, 60));
    term.until_waiting();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = words(&term.written());
    let elsewhere = "open this in a browser on another machine: ";
    let (before, after) = said.split_once(elsewhere).expect("the way of pasting");
    assert!(!before.contains("paste"), "{said}");
    let (address, after) = after.split_once(' ').expect("an address");
    assert!(address.starts_with(&sandbox.at("/authorize")), "{said}");
    let sentence = "Approve there. The last page there fails to load: paste its whole address here (it is not shown).";
    assert!(after.starts_with(sentence), "{said}");
    term.press(CTRL_C);
    assert_ne!(term.end(), 0);
}

/// A provider with a certificate of its own authority, whose certificate lies in the home.
fn with_authority(home: &Home) -> Provider {
    let options = Options {
        tls: Tls::Own,
        ..Options::default()
    };
    let sandbox = Provider::of(SandboxThread::start(options).expect("a sandbox"));
    let authority = sandbox.ca_pem().expect("TLS");
    std::fs::write(home.path("ca.pem"), authority).expect("written");
    sandbox
}

const CA: &str = "Certificate file of an authority";

#[test]
fn f17_an_authority_of_ones_own_is_asked_for_before_anything_is_looked_at() {
    let home = Home::new().set("TERM", "dumb");
    let sandbox = with_authority(&home);
    let mut term = home.start(&["add", "--plain", "--name", "notes"]);
    term.answer("Service:", "");
    term.answer("Authorization URL:", &sandbox.at("/authorize"));
    term.answer("Token URL:", &sandbox.at("/token"));
    term.answer(MORE, "");
    term.answer(CA, "?");
    term.until_shows("Optional. A PEM file: the certificate of an");
    term.answer(CA, "missing.pem");
    term.until_shows("there is no such file. Once more:");
    term.answer(CA, "~/ca.pem");
    // Whatever answers there is asked with it.
    term.until_shows("Token URL: it answers programs, as it should.");
    term.answer("Client ID:", "valetkey-practice");
    term.answer("Does this app have a client secret?", "n");
    term.answer("Scopes:", "profile");
    term.answer("Sign in now?", "n");
    assert_eq!(term.end(), 0);
    let (code, _, told) = home.run(&["edit", "notes", "ca-file="]);
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn f17_an_authority_of_ones_own_is_a_field_of_edit() {
    let home = Home::new().set("TERM", "dumb");
    let _provider = with_authority(&home);
    home.add(&sandbox(), "notes");
    let mut term = home.start(&["--plain"]);
    term.answer(LIST, "e 1");
    term.until_shows("17 ca-file: none");
    term.answer(FIELD, "ca-file");
    let question = "New ca-file (a file's name), enter keeps none:";
    term.answer(question, "?");
    term.until_shows("Optional. A PEM file: the certificate of an");
    term.answer(question, "~/missing.pem");
    term.until_shows("there is no such file. Once more:");
    term.answer(question, "~/ca.pem");
    term.until_shows("Changed notes.");
    term.answer(FIELD, "?");
    term.until_shows("17 ca-file: a certificate, stored");
    for answer in ["", "-"] {
        term.answer(FIELD, "17");
        let question = "New ca-file (a file's name), enter keeps the certificate, - empties it:";
        term.answer(question, answer);
    }
    term.until_shows("Kept. Nothing was changed.");
    term.answer(FIELD, "ca-file");
    term.answer(question, "");
    term.answer(FIELD, "");
    term.answer(LIST, "q");
    assert_eq!(term.end(), 0);
}

#[test]
fn an_address_without_https_or_without_a_path_is_said_to_be_one() {
    let home = Home::new().set("TERM", "dumb");
    let mut term = home.start(&["add", "--plain"]);
    term.answer("Service:", "");
    // Without a dot it is no host of anybody's.
    term.answer("Authorization URL:", "authorize");
    term.until_shows("this is not a web address");
    // Nothing listens there.
    term.answer("Authorization URL:", "127.0.0.1:1/authorize");
    term.until_shows("Read as  https://127.0.0.1:1/authorize");
    term.answer("Token URL:", "https://127.0.0.1:1");
    term.until_shows("This address has no path; token URLs usually have one.");
    term.answer("Is it right? [y/N]", "");
    term.until_shows("Type it with its path. Once more:");
    term.answer("Token URL:", "127.0.0.1:1");
    term.until_shows("Read as  https://127.0.0.1:1");
    term.answer("Is it right? [y/N]", "y");
    term.answer(MORE, "y");
    term.answer("Device URL, enter for none:", "127.0.0.1:1/");
    term.until_shows("This address has no path; device URLs usually have one.");
    term.answer("Is it right? [y/N]", "y");
    term.answer("Revocation URL, enter for none:", "https://127.0.0.1:1");
    term.until_shows("This address has no path; revocation URLs usually have one.");
    term.answer("Is it right? [y/N]", "n");
    term.answer("Revocation URL, enter for none:", "");
    // A whole host may well be read.
    term.answer("Test read URL, enter for none:", "127.0.0.1:1");
    term.answer(CA, "");
    term.until_shows("127.0.0.1:1 was not reached");
    term.until_asked("Client ID:");
    term.press(CTRL_C);
    assert_ne!(term.end(), 0);
}
