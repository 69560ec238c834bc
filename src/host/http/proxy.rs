//! Which proxy an address is reached through, for showing it (conformance H-05). The client makes
//! its own choice from the same variables.

use url::Url;

use super::is_loopback;
use crate::model::Untrusted;

/// Host and port of the proxy between us and `target`, without its user name and password; `None`
/// when there is none. `variable` reads the environment.
pub fn proxy_in_use(target: &Url, variable: impl Fn(&str) -> Option<String>) -> Option<Untrusted> {
    // Both spellings are in use; the lower-case one is older and wins.
    let read = |name: &str| {
        variable(&name.to_ascii_lowercase())
            .or_else(|| variable(name))
            .filter(|value| !value.is_empty())
    };
    let host = target.host_str()?;
    if is_loopback(target) || read("NO_PROXY").is_some_and(|list| is_exempt(host, &list)) {
        return None;
    }
    let proxy = read("HTTPS_PROXY").or_else(|| read("ALL_PROXY"))?;
    // A bare `proxy.corp:3128` means http.
    let proxy = if proxy.contains("://") {
        proxy
    } else {
        format!("http://{proxy}")
    };
    let proxy = Url::parse(&proxy).ok()?;
    let host = proxy.host_str()?;
    let shown = match proxy.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    Some(Untrusted::new(shown))
}

/// Names and their subdomains, separated by commas; `*` means all.
fn is_exempt(host: &str, list: &str) -> bool {
    list.split(',').map(str::trim).any(|entry| {
        let name = entry.trim_start_matches("*.").trim_start_matches('.');
        let below = host
            .strip_suffix(name)
            .is_some_and(|front| front.is_empty() || front.ends_with('.'));
        entry == "*" || (!name.is_empty() && below)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(target: &str, variables: &[(&str, &str)]) -> Option<String> {
        let target = Url::parse(target).expect("valid");
        let read = |name: &str| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        proxy_in_use(&target, read).map(|proxy| proxy.shown().into())
    }

    #[test]
    fn h_05_the_proxy_is_shown_without_its_password() {
        let proxy = [("HTTPS_PROXY", "http://ada:hunter2@proxy.corp:3128")];
        assert_eq!(
            shown("https://a.example/", &proxy),
            Some("proxy.corp:3128".to_owned())
        );
        let bare = [("all_proxy", "proxy.corp:3128")];
        assert_eq!(
            shown("https://a.example/", &bare),
            Some("proxy.corp:3128".to_owned())
        );
        assert_eq!(shown("https://a.example/", &[]), None);
        assert_eq!(shown("https://a.example/", &[("HTTPS_PROXY", "")]), None);
    }

    #[test]
    fn h_05_this_machine_and_exempt_names_go_straight() {
        let proxy = ("HTTPS_PROXY", "http://p:1");
        for target in ["http://127.0.0.1:9/", "http://[::1]/", "https://localhost/"] {
            assert_eq!(shown(target, &[proxy]), None, "{target}");
        }
        for (list, target, straight) in [
            ("corp.example", "https://git.corp.example/", true),
            (".corp.example", "https://corp.example/", true),
            ("*.corp.example, other", "https://git.corp.example/", true),
            ("corp.example", "https://evilcorp.example/", false),
            ("*", "https://a.example/", true),
            ("", "https://a.example/", false),
            (",", "https://a.example/", false),
        ] {
            let through = shown(target, &[proxy, ("NO_PROXY", list)]).is_some();
            assert_eq!(through, !straight, "{list} {target}");
        }
    }
}
