//! Layer 6: servers nobody here wrote, a real keychain, a real browser.
