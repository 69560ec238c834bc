//! What holds for every definition, wherever it comes from: flags, a preset file or an import.

use url::Url;

/// A resource indicator is an absolute address (RFC 8707 section 2).
pub fn check_resource(text: &str) -> Result<(), &'static str> {
    if Url::parse(text).is_err() || text.contains('#') {
        return Err("an absolute address without `#` is needed");
    }
    Ok(())
}

/// A header that changes neither whose request it is nor what it does.
pub(super) fn check_header(name: &str) -> Result<(), &'static str> {
    let plain = name.to_ascii_lowercase();
    if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Err("this is no name of a header");
    }
    let ours = [
        "host",
        "connection",
        "upgrade",
        "te",
        "trailer",
        "expect",
        "cookie",
        "forwarded",
    ];
    let beginnings = [
        "authorization",
        "proxy-",
        "content-",
        "transfer-",
        "x-forwarded",
    ];
    // `X-HTTP-Method-Override` would make a DELETE out of a reading.
    if ours.contains(&plain.as_str())
        || beginnings.iter().any(|begin| plain.starts_with(begin))
        || plain.contains("method")
    {
        return Err("this header is not taken from a file");
    }
    Ok(())
}

/// A JSON pointer (RFC 6901).
pub(super) fn check_pointer(text: &str) -> Result<(), &'static str> {
    if text.is_empty() || text.starts_with('/') {
        Ok(())
    } else {
        Err("a JSON pointer begins with `/`")
    }
}
