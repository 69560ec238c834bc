//! Definitions as TOML: stable, one `[[connection]]` each, made to be read and kept among dotfiles.

use std::fmt::Write as _;

use toml::Value;

use super::Definition;
use super::read::VERSION;
use crate::model::{
    EndpointUrl, IssPolicy, Policy, Provider, ProviderKind, RevokeAuth, RevokeMethod, RevokeRule,
    TestMethod, TestRead,
};

const HEAD: &str = "# Connections of Valetkey: definitions only, no secret and no token.\n\
                    # To take them over: valetkey import FILE\n";

/// The text of a file with these definitions, in their order.
pub fn write_definitions<'d>(definitions: impl IntoIterator<Item = &'d Definition>) -> String {
    let mut text = format!("{HEAD}version = {VERSION}\n");
    for definition in definitions {
        connection(&mut Lines(&mut text), definition);
    }
    text
}

/// The lines of a table; whatever is empty is left out.
struct Lines<'t>(&'t mut String);

impl Lines<'_> {
    fn table(&mut self, name: &str) {
        let _ = write!(self.0, "\n{name}\n");
    }

    fn value(&mut self, key: &str, value: impl Into<Value>) {
        let _ = writeln!(self.0, "{key} = {}", value.into());
    }

    fn text(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.value(key, text);
        }
    }

    fn url(&mut self, key: &str, url: Option<&EndpointUrl>) {
        self.text(key, url.map(EndpointUrl::as_str));
    }

    fn flag(&mut self, key: &str, set: bool) {
        if set {
            self.value(key, true);
        }
    }

    fn list<T: AsRef<str>>(&mut self, key: &str, list: impl IntoIterator<Item = T>) {
        let list: Vec<Value> = list.into_iter().map(|item| item.as_ref().into()).collect();
        if !list.is_empty() {
            self.value(key, Value::Array(list));
        }
    }

    fn pairs(&mut self, key: &str, pairs: &[(String, String)]) {
        if !pairs.is_empty() {
            let pair = |(name, value): &(String, String)| {
                Value::Array(vec![name.as_str().into(), value.as_str().into()])
            };
            self.value(key, Value::Array(pairs.iter().map(pair).collect()));
        }
    }
}

fn connection(lines: &mut Lines<'_>, definition: &Definition) {
    lines.table("[[connection]]");
    lines.value("name", definition.name.as_str());
    lines.value("client_id", definition.client_id.as_str());
    lines.value("auth", definition.auth.as_str());
    lines.flag("needs_client_secret", definition.needs_client_secret());
    lines.value("redirect_uri", definition.redirect.to_string());
    lines.list(
        "scopes",
        definition.scopes.iter().map(|scope| scope.as_str()),
    );
    lines.list("resources", &definition.resources);
    lines.flag("dev_http", definition.dev_http);
    lines.text("ca_certificates", definition.ca_pem.as_deref());
    let serving = definition.serving;
    if serving.policy != Policy::default() {
        lines.value("policy", serving.policy.word());
    }
    if let Some(lifetime) = serving.lifetime {
        lines.value("lifetime", format!("{}s", lifetime.0));
    }
    lines.flag("refresh_ahead", serving.ahead);
    provider(lines, &definition.provider);
}

fn provider(lines: &mut Lines<'_>, provider: &Provider) {
    lines.table("[connection.provider]");
    lines.value("id", provider.id.as_str());
    lines.value("name", provider.name.as_str());
    lines.value("kind", kind_word(provider.kind));
    lines.text(
        "issuer",
        provider.issuer.as_ref().map(|issuer| issuer.as_str()),
    );
    lines.flag("iss_advertised", provider.iss == IssPolicy::Advertised);
    lines.list("quirks", provider.quirks.iter().map(|quirk| quirk.name()));
    lines.list("api_hosts", &provider.api_hosts);
    lines.url("manage_url", provider.manage_url.as_ref());

    lines.table("[connection.provider.endpoints]");
    let endpoints = &provider.endpoints;
    for (key, url) in [
        ("authorization", &endpoints.authorization),
        ("token", &endpoints.token),
        ("refresh", &endpoints.refresh),
        ("device", &endpoints.device),
        ("revocation", &endpoints.revocation),
        ("introspection", &endpoints.introspection),
        ("userinfo", &endpoints.userinfo),
        ("jwks", &endpoints.jwks),
        ("registration", &endpoints.registration),
    ] {
        lines.url(key, url.as_ref());
    }

    let extra = &provider.extra;
    if *extra != crate::model::ExtraParams::default() {
        lines.table("[connection.provider.parameters]");
        lines.pairs("authorize", &extra.authorize);
        lines.pairs("token", &extra.token);
        lines.pairs("refresh", &extra.refresh);
        lines.pairs("headers", &extra.headers);
    }
    if let Some(test) = &provider.test {
        test_read(lines, test);
    }
    revoke(lines, &provider.revoke);
}

fn test_read(lines: &mut Lines<'_>, test: &TestRead) {
    lines.table("[connection.provider.test]");
    lines.value("url", test.url.as_str());
    if let TestMethod::Post { body } = &test.method {
        lines.value("post", body.as_str());
    }
    lines.pairs("headers", &test.headers);
    lines.list("account_label", &test.account_label);
    lines.text("account_id", test.account_id.as_deref());
    lines.text("success", test.success.as_deref());
}

fn revoke(lines: &mut Lines<'_>, rule: &RevokeRule) {
    // The standard's own way goes without saying.
    let (way, url, success) = match rule {
        RevokeRule::Standard => return,
        RevokeRule::BearerPost { url, success } => ("bearer-post", Some(url), success.as_deref()),
        RevokeRule::TokenOnly => ("token-only", None, None),
        RevokeRule::GithubDelete { url } => ("github-delete", Some(url), None),
        RevokeRule::Request(request) => ("request", Some(&request.url), None),
        RevokeRule::None => ("none", None, None),
    };
    lines.table("[connection.provider.revoke]");
    lines.value("way", way);
    lines.url("url", url);
    lines.text("success", success);
    if let RevokeRule::Request(request) = rule {
        lines.value("method", method_word(request.method));
        lines.value("auth", auth_word(request.auth));
        lines.pairs("body", &request.body);
        lines.flag("json", request.json);
        lines.flag("everything", request.everything);
    }
}

pub(super) fn method_word(method: RevokeMethod) -> &'static str {
    match method {
        RevokeMethod::Post => "post",
        RevokeMethod::Delete => "delete",
    }
}

pub(super) fn auth_word(auth: RevokeAuth) -> &'static str {
    match auth {
        RevokeAuth::Bearer => "bearer",
        RevokeAuth::Basic => "basic",
        RevokeAuth::None => "none",
    }
}

pub(super) fn kind_word(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Preset => "preset",
        ProviderKind::Custom => "custom",
        ProviderKind::Discovered => "discovered",
        ProviderKind::Practice => "practice",
    }
}
