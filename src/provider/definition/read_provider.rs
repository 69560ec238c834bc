//! The service of a connection in a file: its addresses, deviations, test read and way to revoke.

use super::write::{auth_word, method_word};
use crate::model::strict_toml::Fields;
use crate::model::{
    EndpointUrl, Endpoints, ExtraParams, IssPolicy, Issuer, Provider, ProviderKind, Quirk,
    RevokeAuth, RevokeMethod, RevokeRequest, RevokeRule, TestMethod, TestRead,
};
use crate::oauth::{check_extra_parameter, check_test_address};
use crate::provider::rules::{check_header, check_pointer};

fn kind(text: &str) -> Result<ProviderKind, &'static str> {
    [
        ProviderKind::Preset,
        ProviderKind::Custom,
        ProviderKind::Discovered,
        ProviderKind::Practice,
    ]
    .into_iter()
    .find(|kind| super::write::kind_word(*kind) == text)
    .ok_or("use preset, custom, discovered or practice")
}

/// The service of a connection; `None` when something is wrong, which was noted then.
pub(super) fn provider(fields: Fields<'_>, dev_http: bool) -> Option<Provider> {
    let id = fields.needed("id", named);
    let name = fields.parsed("name", named);
    let kind = fields.parsed("kind", kind);
    let issuer = fields.parsed("issuer", |text| Issuer::written(text, dev_http));
    let iss = if fields.flag("iss_advertised") {
        IssPolicy::Advertised
    } else {
        IssPolicy::NotAdvertised
    };
    let quirks = fields.list("quirks", |text| {
        text.parse::<Quirk>().map_err(|_| "there is no such quirk")
    });
    let api_hosts = fields.list("api_hosts", authority);
    let manage_url = fields.parsed("manage_url", |text| EndpointUrl::parse(text, dev_http));
    if fields.get("endpoints").is_none() {
        fields.missing("endpoints");
    }
    let endpoints = fields
        .table("endpoints")
        .map(|table| endpoints(table, dev_http));
    let extra = fields.table("parameters").map(parameters);
    let test = fields
        .table("test")
        .and_then(|table| test_read(table, dev_http));
    let revoke = fields
        .table("revoke")
        .and_then(|table| revoke(table, dev_http));
    fields.end();
    let id = id?;
    Some(Provider {
        name: name.unwrap_or_else(|| id.clone()),
        id,
        kind: kind.unwrap_or(ProviderKind::Custom),
        issuer,
        endpoints: endpoints.unwrap_or_default(),
        iss,
        extra: extra.unwrap_or_default(),
        quirks: quirks.into_iter().collect(),
        test,
        revoke: revoke.unwrap_or_default(),
        manage_url,
        api_hosts,
    })
}

/// A text that people will read as a name.
fn named(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("it is empty"),
        _ if text.chars().count() > 200 => Err("it is longer than 200 characters"),
        _ => Ok(text.to_owned()),
    }
}

/// `host` or `host:port`, as an address would name it.
fn authority(text: &str) -> Result<String, &'static str> {
    let same = EndpointUrl::parse(&format!("https://{text}/"), false)
        .is_ok_and(|url| url.authority() == text && url.as_url().path() == "/");
    if same {
        Ok(text.to_owned())
    } else {
        Err("write it as host or host:port, in lower case")
    }
}

fn endpoints(fields: Fields<'_>, dev_http: bool) -> Endpoints {
    let url = |key| fields.parsed(key, |text| EndpointUrl::parse(text, dev_http));
    let endpoints = Endpoints {
        authorization: url("authorization"),
        token: url("token"),
        refresh: url("refresh"),
        device: url("device"),
        revocation: url("revocation"),
        introspection: url("introspection"),
        userinfo: url("userinfo"),
        jwks: url("jwks"),
        registration: url("registration"),
    };
    if fields.get("token").is_none() {
        fields.missing("token");
    }
    if fields.get("authorization").is_none() && fields.get("device").is_none() {
        fields.missing("authorization or device");
    }
    fields.end();
    endpoints
}

fn parameters(fields: Fields<'_>) -> ExtraParams {
    let extra = ExtraParams {
        authorize: fields.pairs("authorize", check_extra_parameter),
        token: fields.pairs("token", check_extra_parameter),
        refresh: fields.pairs("refresh", check_extra_parameter),
        headers: fields.pairs("headers", check_header),
    };
    fields.end();
    extra
}

fn test_read(fields: Fields<'_>, dev_http: bool) -> Option<TestRead> {
    let url = fields.needed("url", |text| {
        let url = EndpointUrl::parse(text, dev_http).map_err(|problem| problem.to_string())?;
        check_test_address(&url).map_err(|problem| problem.to_string())?;
        Ok::<_, String>(url)
    });
    let post = fields.lines("post").map(|(text, _)| text.to_owned());
    let headers = fields.pairs("headers", check_header);
    let account_label = fields.list("account_label", pointer);
    let account_id = fields.parsed("account_id", pointer);
    let success = fields.parsed("success", pointer);
    fields.end();
    Some(TestRead {
        method: match post {
            Some(body) => TestMethod::Post { body },
            None => TestMethod::Get,
        },
        url: url?,
        headers,
        account_label,
        account_id,
        success,
    })
}

fn pointer(text: &str) -> Result<String, &'static str> {
    check_pointer(text).map(|()| text.to_owned())
}

fn revoke(fields: Fields<'_>, dev_http: bool) -> Option<RevokeRule> {
    let way = fields.needed("way", |text| Ok::<_, &str>(text.to_owned()));
    let url = fields.parsed("url", |text| EndpointUrl::parse(text, dev_http));
    let success = fields.parsed("success", pointer);
    let with_url = matches!(
        way.as_deref(),
        Some("bearer-post" | "github-delete" | "request")
    );
    if with_url && url.is_none() && fields.get("url").is_none() {
        fields.missing("url");
    }
    if !with_url && (url.is_some() || success.is_some()) {
        let at = fields.place().clone();
        fields.wrong(&at, "way", "this way has no address of its own");
    }
    let rule = match way.as_deref() {
        Some("standard") => Some(RevokeRule::Standard),
        Some("bearer-post") => url.map(|url| RevokeRule::BearerPost { url, success }),
        Some("token-only") => Some(RevokeRule::TokenOnly),
        Some("github-delete") => url.map(|url| RevokeRule::GithubDelete { url }),
        Some("request") => request(&fields, url),
        Some("none") => Some(RevokeRule::None),
        Some(_) => {
            let at = fields.place().clone();
            let ways = "use standard, bearer-post, token-only, github-delete, request or none";
            fields.wrong(&at, "way", ways);
            None
        }
        None => None,
    };
    fields.end();
    rule
}

fn request(fields: &Fields<'_>, url: Option<EndpointUrl>) -> Option<RevokeRule> {
    let method = fields.needed("method", |text| {
        [RevokeMethod::Post, RevokeMethod::Delete]
            .into_iter()
            .find(|method| method_word(*method) == text)
            .ok_or("use post or delete")
    });
    let auth = fields.needed("auth", |text| {
        [RevokeAuth::Bearer, RevokeAuth::Basic, RevokeAuth::None]
            .into_iter()
            .find(|auth| auth_word(*auth) == text)
            .ok_or("use bearer, basic or none")
    });
    let body = fields.pairs("body", |_| Ok::<_, &str>(()));
    let json = fields.flag("json");
    let everything = fields.flag("everything");
    Some(RevokeRule::Request(RevokeRequest {
        url: url?,
        method: method?,
        auth: auth?,
        body,
        json,
        everything,
    }))
}
