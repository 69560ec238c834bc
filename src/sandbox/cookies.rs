//! The cookies of the played browser (RFC 6265), as far as they decide anything here.

use url::Url;

use super::fetch::Answer;

struct Cookie {
    host: String,
    name: String,
    value: String,
    path: String,
    strict: bool,
}

/// The cookies kept.
#[derive(Default)]
pub(super) struct Jar(Vec<Cookie>);

impl Jar {
    /// The value of the `Cookie` header. Cookies know no ports (RFC 6265 section 8.5).
    pub(super) fn header(&self, url: &Url, cross_site: bool) -> String {
        let host = url.host_str().unwrap_or_default();
        let fits = |cookie: &&Cookie| {
            let rest = url.path().strip_prefix(cookie.path.as_str());
            let path_fits = rest.is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('/') || cookie.path.ends_with('/')
            });
            cookie.host == host && path_fits && !(cookie.strict && cross_site)
        };
        let pairs: Vec<String> = self
            .0
            .iter()
            .filter(fits)
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        pairs.join("; ")
    }

    /// Keeps what an answer set.
    pub(super) fn keep(&mut self, url: &Url, answer: &Answer) {
        for (_, line) in answer
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
        {
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let attributes: Vec<(String, &str)> = parts
                .map(|part| part.split_once('=').unwrap_or((part, "")))
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect();
            let of = |name: &str| {
                attributes
                    .iter()
                    .find(|(known, _)| known == name)
                    .map(|(_, value)| *value)
            };
            // Browsers differ on secure cookies over plain loopback http; play the strict one.
            if of("secure").is_some() && url.scheme() == "http" {
                continue;
            }
            let host = url.host_str().unwrap_or_default().to_owned();
            let folder = url
                .path()
                .rsplit_once('/')
                .map_or("/", |(folder, _)| folder);
            let default_path = if folder.is_empty() { "/" } else { folder };
            let path = of("path")
                .filter(|path| path.starts_with('/'))
                .unwrap_or(default_path);
            self.0.retain(|cookie| {
                !(cookie.host == host && cookie.name == name && cookie.path == path)
            });
            if of("max-age").is_some_and(|age| age.parse::<i64>().is_ok_and(|age| age <= 0)) {
                continue;
            }
            self.0.push(Cookie {
                host,
                name: name.to_owned(),
                value: value.to_owned(),
                path: path.to_owned(),
                strict: of("samesite").is_some_and(|mode| mode.eq_ignore_ascii_case("strict")),
            });
        }
    }
}
