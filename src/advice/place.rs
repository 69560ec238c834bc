//! Where the browser is, in words.

use crate::host::{Environment, FirstWay};
use crate::model::Untrusted;

/// Why no browser opens here, and what that means for the ways of a sign-in (conformance Z-01, Z-07).
/// `None` where one opens.
pub fn browser_elsewhere(environment: &Environment) -> Option<String> {
    let first = environment.first_way(false);
    if first.way == FirstWay::Browser {
        return None;
    }
    let why = match first.reason {
        "others" => {
            let names: Vec<&str> = environment.others.iter().map(String::as_str).collect();
            let names = Untrusted::new(names.join(", ")).shown();
            return Some(format!(
                "Others use this machine too ({names}) and can reach its ports: rather take a code, or paste."
            ));
        }
        "ssh" => "This machine has no browser (SSH).",
        "editor" => "A remote editor runs here, and named no browser.",
        "container" => "This is a container, without a browser.",
        _ => "This machine has no display for a browser.",
    };
    Some(format!("{why} The first way that works wins."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Ssh;

    #[test]
    fn z_01_z_07_it_is_said_why_no_browser_opens_here() {
        let words = |environment: &Environment| browser_elsewhere(environment).expect("elsewhere");
        let mut place = Environment::default();
        assert!(words(&place).starts_with("This machine has no display"));
        place.container = true;
        assert!(words(&place).starts_with("This is a container"));
        place.ssh = Some(Ssh {
            user: None,
            port: 22,
        });
        assert_eq!(
            words(&place),
            "This machine has no browser (SSH). The first way that works wins."
        );
        place.others = ["bob".to_owned(), "e\u{1b}[2Jve".to_owned()].into();
        let shared = words(&place);
        assert!(
            shared.contains("(bob, e") && !shared.contains('\u{1b}'),
            "{shared}"
        );
        place.browser_variable = true;
        assert_eq!(browser_elsewhere(&place), None);
    }
}
