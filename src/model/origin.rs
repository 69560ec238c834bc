//! Which places a connection's token is meant for: scheme, host and port, compared exactly
//! (conformance C-02).

use super::{Connection, EndpointUrl};

impl Connection {
    /// Whether this address lies at one of the connection's own places: its endpoints, its test read,
    /// the hosts of its API, its resources.
    pub fn belongs_to(&self, url: &EndpointUrl) -> bool {
        let asked = url.as_url().origin();
        self.places()
            .iter()
            .any(|place| place.as_url().origin() == asked)
    }

    fn places(&self) -> Vec<EndpointUrl> {
        let provider = &self.provider;
        let endpoints = provider.endpoints.named().into_iter().map(|(_, url)| url);
        let test = provider.test.iter().map(|test| &test.url);
        let revoke = provider.revoke.url();
        // What is no web address names no place.
        let read = |text: &str| EndpointUrl::parse(text, self.dev_http).ok();
        let hosts = provider.api_hosts.iter();
        let hosts = hosts.filter_map(|host| read(&format!("https://{host}/")));
        let resources = self.resources.iter().filter_map(|resource| read(resource));
        endpoints
            .chain(test)
            .chain(revoke)
            .cloned()
            .chain(hosts)
            .chain(resources)
            .collect()
    }
}
