//! A resource that wants more scopes, where nobody can be asked (C-05).

use crate::home::{Home, NAME, sandbox};
use crate::kept::Provider;

/// Signed in for `profile` alone.
fn narrow(sandbox: &Provider) -> Home {
    let home = Home::new();
    let mut definition = home.definition(sandbox);
    let scope = definition
        .iter()
        .position(|word| word == "profile items:read");
    "profile".clone_into(&mut definition[scope.expect("scopes")]);
    home.run(&definition).ended(0);
    home.login(sandbox).ended(0);
    home
}

#[test]
fn c_05_without_a_terminal_the_command_that_asks_for_the_union_is_named() {
    let sandbox = sandbox(&[]);
    let home = narrow(&sandbox);
    let kept = || {
        let kept = home.kept(NAME);
        (
            kept.connection().requested.clone(),
            kept.access,
            kept.refresh,
        )
    };
    let before = kept();
    let items = sandbox.at("/items");
    let command = format!("run: valetkey login {NAME} --scope \"profile items:read\"");
    let test = ["test", NAME, "--url", &items];
    let told = home.run(&test).ended(7);
    assert!(told.stderr.contains(&command), "{told:#?}");
    let told = home.run(&[&test[..], &["--json"]].concat()).ended(7);
    assert_eq!(told.json()["error"]["hint"], *command);
    assert_eq!(kept(), before);
    assert_eq!(sandbox.requests_to("/authorize").len(), 1);
    // It does what it says.
    let login = ["login", NAME, "--scope", "profile items:read"];
    home.login_by(&sandbox, &login, sandbox.browser()).ended(0);
    home.run(&["test", NAME, "--url", &items]).ended(0);
}

#[test]
fn c_05_w_01_what_cannot_be_asked_for_is_in_no_command() {
    let sandbox = sandbox(&[]);
    let home = narrow(&sandbox);
    let items = sandbox.at("/items");
    for (wanted, shown) in [
        ("a\\\"b", "a\"b"),
        ("$(reboot)", "$(reboot)"),
        ("`reboot`", "`reboot`"),
    ] {
        let challenge =
            format!("challenge=Bearer error=\"insufficient_scope\", scope=\"{wanted}\"");
        sandbox.set(&challenge).expect("a switch");
        let told = home.run(&["test", NAME, "--url", &items]).ended(7);
        let said = format!("wants more than this sign-in may do: {shown}.");
        assert!(told.stderr.contains(&said), "{told:#?}");
        assert!(!told.stderr.contains("valetkey login"), "{told:#?}");
    }
}
