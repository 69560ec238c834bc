//! What this build is, in words.

use crate::host::Signing;

/// What `--version` says after the name.
pub fn version(signing: Signing) -> String {
    let number = env!("CARGO_PKG_VERSION");
    match signing {
        Signing::NotNeeded => number.to_owned(),
        Signing::Development => format!("{number} (development build, not signed)"),
        // Whether it was signed in the end, the system tells: nothing here can.
        Signing::By(identity) => format!("{number} (release build, identity {identity})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_08_a_development_build_says_so() {
        let number = env!("CARGO_PKG_VERSION");
        assert_eq!(version(Signing::NotNeeded), number);
        let unsigned = format!("{number} (development build, not signed)");
        assert_eq!(version(Signing::Development), unsigned);
        let signed = version(Signing::By(
            "Developer ID Application: Example (ABCDE12345)",
        ));
        assert!(signed.contains("identity Developer ID") && !signed.contains("development"));
    }
}
