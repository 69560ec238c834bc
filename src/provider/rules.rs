//! What holds for every definition, wherever it comes from: flags, a preset file or an import.

use url::Url;

/// A resource indicator is an absolute address (RFC 8707 section 2).
pub fn check_resource(text: &str) -> Result<(), &'static str> {
    if Url::parse(text).is_err() || text.contains('#') {
        return Err("an absolute address without `#` is needed");
    }
    Ok(())
}

/// Certificates in PEM form; a key or anything else is named.
pub fn check_certificates(text: &str) -> Result<(), &'static str> {
    if text.contains("PRIVATE KEY") {
        return Err("this is a private key, not a certificate");
    }
    if !text.contains("-----BEGIN CERTIFICATE-----") {
        return Err("there is no certificate in it");
    }
    Ok(())
}
