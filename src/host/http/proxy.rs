//! The proxy between us and other machines, as the environment names it (conformance H-05): read here, so
//! that what is shown is what is used. A value that is no proxy stops the request, because going straight
//! would be something else than what was asked for (bad input F18).

use reqwest::{NoProxy, Proxy};
use url::Url;

use super::{HttpError, is_loopback};
use crate::model::Untrusted;

/// The first one that is set counts. Both spellings are in use; the lower-case one is older and wins.
const VARIABLES: [&str; 2] = ["HTTPS_PROXY", "ALL_PROXY"];
/// What the client can speak to a proxy.
const SCHEMES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];

/// A proxy and what is reached without it. Without `Debug`: the address may hold a password.
pub(super) struct Chosen {
    variable: &'static str,
    url: Url,
    exempt: String,
}

impl Chosen {
    /// By the environment that `variable` reads; `None` when it names none.
    ///
    /// # Errors
    /// [`HttpError::NoSuchProxy`].
    pub(super) fn by(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, HttpError> {
        let read = |name: &str| {
            variable(&name.to_ascii_lowercase())
                .or_else(|| variable(name))
                .filter(|value| !value.trim().is_empty())
        };
        let mut named = VARIABLES
            .into_iter()
            .filter_map(|name| Some((name, read(name)?)));
        let Some((variable, value)) = named.next() else {
            return Ok(None);
        };
        let url = parsed(value.trim()).ok_or(HttpError::NoSuchProxy(variable))?;
        Ok(Some(Self {
            variable,
            url,
            exempt: read("NO_PROXY").unwrap_or_default(),
        }))
    }

    /// For the client.
    pub(super) fn into_proxy(self) -> Result<Proxy, HttpError> {
        let proxy =
            Proxy::all(self.url.as_str()).map_err(|_| HttpError::NoSuchProxy(self.variable))?;
        Ok(proxy.no_proxy(NoProxy::from_string(&self.exempt)))
    }

    /// Host and port, without user name and password.
    fn shown(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }
}

/// A bare `proxy.corp:3128` means http. A password may hold an `@`.
fn parsed(value: &str) -> Option<Url> {
    if value.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let url = if value.contains("://") {
        Url::parse(value)
    } else {
        Url::parse(&format!("http://{value}"))
    };
    let url = url.ok()?;
    let host = url.host_str().is_some_and(|host| !host.is_empty());
    (host && SCHEMES.contains(&url.scheme()) && url.port() != Some(0)).then_some(url)
}

/// Host and port of the proxy between us and `target`, without its user name and password; `None`
/// when there is none. `variable` reads the environment.
///
/// # Errors
/// [`HttpError::NoSuchProxy`].
pub fn proxy_in_use(
    target: &Url,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Untrusted>, HttpError> {
    let Some(host) = target.host_str().filter(|_| !is_loopback(target)) else {
        return Ok(None);
    };
    let chosen = Chosen::by(variable)?.filter(|chosen| !is_exempt(host, &chosen.exempt));
    Ok(chosen.map(|chosen| Untrusted::new(chosen.shown())))
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

    fn of(target: &str, variables: &[(&str, &str)]) -> Result<Option<String>, HttpError> {
        let target = Url::parse(target).expect("valid");
        let read = |name: &str| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        let found = proxy_in_use(&target, read)?;
        Ok(found.map(|proxy| proxy.shown().into()))
    }

    fn shown(target: &str, variables: &[(&str, &str)]) -> Option<String> {
        of(target, variables).expect("a proxy or none")
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
    fn f18_a_proxy_is_understood_or_refused_and_its_password_is_nowhere() {
        for (value, wanted) in [
            ("http://user:p@ss@host", Some("host:80")),
            ("http://user:p@ss@host:3128/", Some("host:3128")),
            ("user:p@ss@host:3128", Some("host:3128")),
            ("https://proxy.corp", Some("proxy.corp:443")),
            ("socks5h://user:p@ss@host:1080", Some("host:1080")),
            ("socks5h://host", Some("host")),
            ("SOCKS5://[::1]:1080", Some("[::1]:1080")),
            ("  http://host:3128  ", Some("host:3128")),
            ("host", Some("host:80")),
            ("://", None),
            (":::", None),
            ("http://", None),
            ("no proxy, please", None),
            ("http://user:p@ss@", None),
            ("http://user:p@ss@host:port", None),
            ("http://host:70000", None),
            ("http://host:0", None),
            ("ftp://user:p@ss@host", None),
            ("javascript://host", None),
            ("http://ho\nst:3128", None),
        ] {
            for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
                let found = of("https://a.example/", &[(name, value)]);
                if let Some(wanted) = wanted {
                    assert_eq!(found, Ok(Some(wanted.to_owned())), "{value}");
                } else {
                    let error = found.expect_err(value);
                    let upper = name.to_uppercase();
                    assert!(matches!(error, HttpError::NoSuchProxy(told) if told == upper));
                    assert!(error.nothing_was_sent());
                    let told = format!("{error} {error:?} {}", error.summary().raw());
                    assert!(told.contains(&upper) && !told.contains("p@ss"), "{told}");
                }
                // This machine is reached straight, whatever stands there.
                assert_eq!(of("https://127.0.0.1/", &[(name, value)]), Ok(None));
            }
        }
    }

    #[test]
    fn f18_what_is_shown_is_what_the_client_takes() {
        for value in [
            "http://u:p@ss@host:3128",
            "socks5h://u:p@ss@host:1080",
            "https://host",
        ] {
            let chosen = Chosen::by(|name| (name == "ALL_PROXY").then(|| value.to_owned()));
            let chosen = chosen.expect("understood").expect("one");
            assert!(chosen.into_proxy().is_ok(), "{value}");
        }
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
