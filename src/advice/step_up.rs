//! What is said where a resource wants more scopes than a sign-in has (conformance C-05).

use super::{Advice, Fix, exit};
use crate::model::{ConnectionName, ScopeSet};

fn it(scopes: &ScopeSet) -> &'static str {
    if scopes.len() == 1 { "it" } else { "them" }
}

/// Asked at a terminal.
pub fn question(name: &ConnectionName, missing: &ScopeSet) -> String {
    let it = it(missing);
    format!("{name} needs {missing}. Sign in again to add {it}?")
}

/// Told above the table; `{other-scopes}` stands for the key.
pub fn by_key(name: &ConnectionName, missing: &ScopeSet) -> String {
    let it = it(missing);
    format!("{name} needs {missing}. {{other-scopes}} signs in again and asks for {it} too.")
}

/// The command that asks for `union`. `None`: a shell would take something in it for its own.
pub fn command(name: &ConnectionName, union: &ScopeSet) -> Option<String> {
    let line = union.to_string();
    let safe = !line.contains(['$', '`', '!']);
    safe.then(|| format!("run: valetkey login {name} --scope \"{line}\""))
}

/// After as many sign-ins as ask for it.
pub fn not_granted(name: &ConnectionName, missing: &ScopeSet) -> Advice {
    let it = it(missing);
    Advice::new(
        "scope-not-granted",
        exit::REFUSED,
        format!("{name} still needs {missing} after two sign-ins that asked for {it}: the provider does not grant {it}."),
    )
    .hint("Some scopes have to be switched on in the app's settings at the provider.")
    .fixes([Fix::ChangeScopes])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_05_a_command_holds_nothing_that_a_shell_would_run() {
        let name = ConnectionName::parse("notes").expect("a name");
        let told = |text: &str| command(&name, &ScopeSet::parse(text).expect("scopes"));
        assert_eq!(
            told("a https://x.example/b.read").as_deref(),
            Some("run: valetkey login notes --scope \"a https://x.example/b.read\"")
        );
        for bad in ["$(reboot)", "`reboot`", "a!b", "$HOME"] {
            assert_eq!(told(bad), None, "{bad}");
        }
    }
}
