//! Who signed this build. On macOS the keychain lets a program in by its signing identity: without one
//! it asks its person anew after each upgrade (conformance T-08).

/// The identity that a release is signed with, given when it is compiled. Signing itself comes after that.
const IDENTITY: Option<&str> = option_env!("VALETKEY_SIGNING_IDENTITY");

/// What this build says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// On this system no keychain asks for an identity.
    NotNeeded,
    /// Made without an identity.
    Development,
    /// Made to be signed with this identity.
    By(&'static str),
}

impl Signing {
    /// Of this build.
    pub fn of_this_build() -> Self {
        Self::of(cfg!(target_os = "macos"), IDENTITY)
    }

    fn of(macos: bool, identity: Option<&'static str>) -> Self {
        match identity.map(str::trim) {
            _ if !macos => Self::NotNeeded,
            None | Some("") => Self::Development,
            Some(identity) => Self::By(identity),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_08_only_a_build_for_macos_needs_an_identity() {
        let id = "Developer ID Application: Example (ABCDE12345)";
        for nothing in [None, Some(""), Some("  ")] {
            assert_eq!(Signing::of(true, nothing), Signing::Development);
            assert_eq!(Signing::of(false, nothing), Signing::NotNeeded);
        }
        assert_eq!(Signing::of(true, Some(id)), Signing::By(id));
        assert_eq!(Signing::of(false, Some(id)), Signing::NotNeeded);
    }
}
