use std::collections::BTreeMap;

use crate::model::{
    ClientAuth, EndpointUrl, ProviderKind, Quirk, RevokeRule, ScopeSet, TestMethod,
};

use super::{Catalogue, PresetProblem, SecretNeed, Way};

fn none() -> BTreeMap<String, String> {
    BTreeMap::new()
}

fn url(text: &str) -> EndpointUrl {
    EndpointUrl::parse(text, false).expect(text)
}

#[test]
fn github_needs_its_secret_in_the_browser_and_none_by_device_code() {
    let github = Catalogue::built_in().find("github").expect("preset");
    assert!(github.client.needs_secret(Way::Browser));
    assert!(!github.client.needs_secret(Way::Device));
    assert_eq!(github.client.auth_with(true), ClientAuth::Post);
    assert_eq!(github.client.auth_with(false), ClientAuth::None);
    assert!(github.quirks().contains(&Quirk::NeverExpires));
    let provider = github.provider(&none(), "Iv1/../x").expect("provider");
    let RevokeRule::GithubDelete { url } = &provider.revoke else {
        panic!("{:?}", provider.revoke);
    };
    assert_eq!(
        url.as_str(),
        "https://api.github.com/applications/Iv1%2F..%2Fx/grant"
    );
    assert!(
        provider
            .manage_url
            .expect("page")
            .as_str()
            .ends_with("/Iv1%2F..%2Fx")
    );
}

#[test]
fn slack_is_a_public_client_on_localhost() {
    let slack = Catalogue::built_in().find("slack").expect("preset");
    assert_eq!(slack.client.secret, SecretNeed::Never);
    assert_eq!(slack.client.auth_with(true), ClientAuth::None);
    assert_eq!(
        slack.default_redirect().to_string(),
        "http://localhost:8765/callback"
    );
    let test = slack
        .provider(&none(), "c")
        .expect("provider")
        .test
        .expect("test");
    assert!(matches!(test.method, TestMethod::Post { .. }));
    assert_eq!(test.success.as_deref(), Some("/ok"));
}

#[test]
fn e_03_the_redirect_follows_the_service() {
    let redirect = |id: &str| {
        let preset = Catalogue::built_in().find(id).expect(id);
        preset.default_redirect().to_string()
    };
    assert_eq!(redirect("github"), "http://127.0.0.1/callback");
    assert_eq!(redirect("linear"), "http://localhost:8765/callback");
    assert_eq!(redirect("microsoft"), "http://localhost/callback");
}

#[test]
fn variables_are_checked_before_they_enter_an_address() {
    let gitlab = Catalogue::built_in().find("gitlab").expect("preset");
    let with = |key: &str, value: &str| {
        gitlab.provider(&BTreeMap::from([(key.to_owned(), value.to_owned())]), "c")
    };
    assert_eq!(
        gitlab
            .provider(&none(), "c")
            .expect("default")
            .endpoints
            .token,
        Some(url("https://gitlab.com/oauth/token"))
    );
    let own = with("host", "git.example:8443").expect("host");
    assert_eq!(
        own.endpoints.token,
        Some(url("https://git.example:8443/oauth/token"))
    );
    assert_eq!(
        own.issuer.expect("issuer").as_str(),
        "https://git.example:8443"
    );
    for bad in [
        "evil.example/x",
        "a@b",
        "https://a",
        "a b",
        "..",
        ":80",
        "a:0",
        "a:x",
        "a#b",
        "a?b",
    ] {
        assert_eq!(
            with("host", bad).err(),
            Some(PresetProblem::BadValue("host".to_owned())),
            "{bad}"
        );
    }
    assert_eq!(
        with("tenant", "x").err(),
        Some(PresetProblem::UnknownVariable("tenant".to_owned()))
    );
    let microsoft = Catalogue::built_in().find("microsoft").expect("preset");
    let steps = gitlab.steps(
        &gitlab.default_redirect(),
        &BTreeMap::from([("host".to_owned(), "git.example".to_owned())]),
    );
    assert_eq!(
        steps[0].value,
        "https://git.example/-/user_settings/applications"
    );
    let tenant = BTreeMap::from([("tenant".to_owned(), "../common".to_owned())]);
    assert!(microsoft.provider(&tenant, "c").is_err());
}

#[test]
fn an_address_typed_by_hand_finds_its_preset() {
    let catalogue = Catalogue::built_in();
    for (address, id) in [
        ("https://github.com/login/oauth/authorize", "github"),
        ("https://api.github.com/user", "github"),
        ("https://GITLAB.com/x", "gitlab"),
        ("https://accounts.google.com/", "google"),
        ("https://login.microsoftonline.com/x", "microsoft"),
        ("https://slack.com/oauth/v2/authorize", "slack"),
        ("https://acme.zendesk.com/anything", "zendesk"),
        ("https://my-shop.myshopify.com/admin", "shopify"),
    ] {
        let found = catalogue
            .find_by_url(&url(address))
            .map(|preset| preset.id.as_str());
        assert_eq!(found, Some(id), "{address}");
    }
    for address in [
        "https://github.com.evil.example/",
        "https://git.example/",
        "https://github.com:8443/",
        "https://zendesk.com/",
        "https://.zendesk.com/",
        "https://zendesk.com.evil.example/",
        "https://acme.okta.example/",
    ] {
        assert!(catalogue.find_by_url(&url(address)).is_none(), "{address}");
    }
}

#[test]
fn the_list_is_searched_by_resemblance() {
    let found = |text: &str| -> Vec<&str> {
        Catalogue::built_in()
            .search(text)
            .iter()
            .map(|preset| preset.id.as_str())
            .collect()
    };
    let all: Vec<&str> = Catalogue::built_in()
        .presets()
        .iter()
        .map(|preset| preset.id.as_str())
        .collect();
    assert_eq!(found(""), all);
    assert_eq!(found("  "), all);
    assert_eq!(found("gthb"), ["github"]);
    assert_eq!(found("LINEA")[0], "linear");
    assert_eq!(found("gitea")[0], "gitea");
    // Scattered letters count only where nothing has the text itself in it.
    let git = found("Git");
    assert!(
        git.contains(&"github") && git.contains(&"gitlab"),
        "{git:?}"
    );
    for id in &git {
        let preset = Catalogue::built_in().find(id).expect("there");
        let words = format!("{} {id}", preset.name).to_lowercase();
        assert!(words.contains("git"), "{words}");
    }
    assert!(found("zzz").is_empty());
}

const OWN: &str = r#"
[[preset]]
id = "acme"
name = "Acme"
hint = "ask the platform team"
default_scopes = ["read"]

[preset.client]
ways = ["browser"]
secret = "never"
client_id = "acme-cli"

[preset.endpoints]
authorization = "https://{tenant}.acme.example/authorize"
token = "https://{tenant}.acme.example/token"

[[preset.variable]]
key = "tenant"
label = "Tenant"
example = "demo"
pattern = "word"
"#;

#[test]
fn a_users_own_file_adds_presets() {
    let catalogue = Catalogue::built_in()
        .clone()
        .with_user_file("acme.toml", OWN)
        .expect("good");
    let acme = catalogue.find("acme").expect("preset");
    assert_eq!(acme.kind, ProviderKind::Custom);
    assert_eq!(acme.client.client_id.as_deref(), Some("acme-cli"));
    assert_eq!(
        acme.provider(&none(), "c").err(),
        Some(PresetProblem::MissingVariable("tenant".to_owned()))
    );
    let tenant = BTreeMap::from([("tenant".to_owned(), "blue".to_owned())]);
    let provider = acme.provider(&tenant, "c").expect("provider");
    assert_eq!(provider.hosts(), ["blue.acme.example"]);
    assert_eq!(catalogue.search("acme")[0].id, "acme");
}

#[test]
fn f10_a_mistake_is_reported_with_its_line_and_column() {
    let refused = |from: &str, to: &str| {
        assert!(OWN.contains(from), "{from}");
        let text = OWN.replacen(from, to, 1);
        let error = Catalogue::default()
            .with_user_file("acme.toml", &text)
            .expect_err(to);
        assert_eq!(error.file, "acme.toml");
        (error.line, error.column)
    };
    assert_eq!(refused("hint =", "hnt ="), (5, 1));
    assert_eq!(refused("\"Acme\"", "5"), (4, 8));
    assert_eq!(refused("[\"read\"]", "[\"re\\\\ad\"]"), (6, 19));
    assert_eq!(refused("\"never\"", "\"sometimes\""), (10, 10));
    assert_eq!(
        refused("{tenant}.acme.example/token", "{tenant.acme"),
        (15, 9)
    );
    assert_eq!(refused("\"acme\"", "\"Acme Corp\""), (3, 6));
    assert_eq!(refused("[[preset]]", "[[preset"), (2, 9));
    // What only the whole preset shows points at the part that is wrong.
    let token = "https://{tenant}.acme.example/token";
    for (from, to, place) in [
        (token, "http://{tenant}.acme.example/token", (15, 9)),
        (token, "https://{other}.acme.example/token", (15, 9)),
        ("[\"browser\"]", "[\"device\"]", (8, 1)),
        ("[\"browser\"]", "[]", (8, 1)),
        ("\"demo\"", "\"de/mo\"", (17, 1)),
    ] {
        assert_eq!(refused(from, to), place, "{to}");
    }
    let extra = format!("{OWN}\n[preset.extra]\nauthorize = {{ STATE = \"x\" }}\n");
    let error = Catalogue::default()
        .with_user_file("acme.toml", &extra)
        .expect_err("reserved");
    assert!(error.problem.contains("`state`"), "{error}");
    let quirk = OWN.replacen("hint =", "quirks = [\"no-pkce\"]\nhint =", 1);
    assert!(
        Catalogue::default()
            .with_user_file("acme.toml", &quirk)
            .is_err()
    );
    for path in ["callback", "/a b", "/a?b", "/../x"] {
        let redirect = format!("{OWN}\n[preset.redirect]\npath = \"{path}\"\n");
        assert!(
            Catalogue::default()
                .with_user_file("acme.toml", &redirect)
                .is_err(),
            "{path}"
        );
    }
    let unknown = OWN.replacen("hint =", "quirks = [\"magic\"]\nhint =", 1);
    let error = Catalogue::default()
        .with_user_file("acme.toml", &unknown)
        .expect_err("unknown");
    assert_eq!(error.line, 5);
}

#[test]
fn b_08_f10_a_narrower_scope_is_another_one_of_the_list() {
    let with = |narrower: &str| {
        let scopes = format!(
            "{OWN}\n[[preset.scope]]\nname = \"all\"\nhelp = \"Everything.\"\nbroad = true\nnarrower = \"{narrower}\"\n\
             [[preset.scope]]\nname = \"read\"\nhelp = \"Read.\"\n"
        );
        Catalogue::default().with_user_file("acme.toml", &scopes)
    };
    let catalogue = with("read").expect("good");
    let acme = catalogue.find("acme").expect("preset");
    let found = super::narrower(
        acme.known_scopes(),
        &ScopeSet::parse("all").expect("a scope"),
    );
    assert_eq!(found[0].enough.name, "read");
    for wrong in ["all", "unheard-of"] {
        let error = with(wrong).expect_err(wrong);
        assert!(error.problem.contains("`narrower` of `all`"), "{error}");
    }
}

#[test]
fn f16_a_preset_of_ones_own_takes_the_place_of_a_built_in_one_and_says_so() {
    let text = OWN.replacen("\"acme\"", "\"github\"", 1);
    let catalogue = Catalogue::built_in()
        .clone()
        .with_user_file("x.toml", &text)
        .expect("taken over");
    let github = catalogue.find("github").expect("preset");
    assert!(github.replaces_built_in);
    assert_eq!(
        (github.kind, github.name.as_str()),
        (ProviderKind::Custom, "Acme")
    );
    let count = Catalogue::built_in().presets().len();
    assert_eq!(catalogue.presets().len(), count);
    let others = catalogue.presets().iter();
    assert_eq!(others.filter(|preset| preset.replaces_built_in).count(), 1);
}

#[test]
fn f11_f15_two_presets_of_ones_own_with_one_id_are_refused() {
    let twice = format!("{OWN}{OWN}");
    let error = Catalogue::default()
        .with_user_file("x.toml", &twice)
        .expect_err("taken");
    assert_eq!((error.line, error.column), (24, 6), "{error}");
    let catalogue = Catalogue::default()
        .with_user_file("x.toml", OWN)
        .expect("the first");
    let error = catalogue.with_user_file("y.toml", OWN).expect_err("taken");
    assert_eq!((error.file.as_str(), error.line), ("y.toml", 3));
}

#[test]
fn a_client_id_of_dots_is_refused() {
    let github = Catalogue::built_in().find("github").expect("preset");
    for client_id in [".", ".."] {
        assert_eq!(
            github.provider(&none(), client_id).err(),
            Some(PresetProblem::BadValue("client_id".to_owned()))
        );
    }
}

proptest::proptest! {
    #[test]
    fn f10_no_file_makes_it_panic(text: String, cut in 0..OWN.len()) {
        let _ = Catalogue::default().with_user_file("x.toml", &text);
        let _ = Catalogue::default().with_user_file("x.toml", &OWN[..cut]);
    }

    #[test]
    fn no_client_id_bends_an_address(client_id: String) {
        let github = Catalogue::built_in().find("github").expect("preset");
        let Ok(provider) = github.provider(&none(), &client_id) else {
            proptest::prop_assert!(matches!(client_id.as_str(), "." | ".."));
            return Ok(());
        };
        let page = provider.manage_url.expect("page");
        proptest::prop_assert_eq!(page.authority(), "github.com");
        proptest::prop_assert!(page.as_url().query().is_none());
        proptest::prop_assert!(page.as_str().starts_with("https://github.com/settings/connections/applications/"));
    }
}

#[test]
fn t_12_a_secret_in_a_preset_file_is_refused_and_sent_to_the_vault() {
    let text = OWN.replacen("client_id =", "client_secret =", 1);
    let error = Catalogue::default()
        .with_user_file("acme.toml", &text)
        .expect_err("refused");
    assert_eq!(error.line, 11);
    assert!(error.problem.contains("give it to the vault"), "{error}");
    assert!(
        !error.to_string().contains("demo"),
        "the value is not repeated: {error}"
    );
}

#[test]
fn an_address_shows_the_values_of_variables() {
    let shown = |id: &str, address: &str| {
        let preset = Catalogue::built_in().find(id).expect(id);
        preset.values_shown_by(&url(address))
    };
    let one = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
    assert_eq!(
        shown("zendesk", "https://acme.zendesk.com/x"),
        one("subdomain", "acme")
    );
    assert_eq!(
        shown("shopify", "https://my-shop.myshopify.com/"),
        one("shop", "my-shop")
    );
    assert_eq!(shown("zendesk", "https://zendesk.example/"), none());
    // A host that may be anybody's shows nothing.
    assert_eq!(shown("gitea", "https://git.example/"), none());
}

#[test]
fn g_05_an_apps_redirect_path_is_its_providers_own_where_answers_name_no_issuer() {
    let at = |id: &str, values: &[(&str, &str)]| {
        let preset = Catalogue::built_in().find(id).expect(id);
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        preset
            .redirect(&values.iter().map(pair).collect())
            .to_string()
    };
    assert_eq!(at("github", &[]), "http://127.0.0.1/callback/github.com");
    assert_eq!(at("slack", &[]), "http://localhost:8765/callback/slack.com");
    assert_eq!(at("gitlab", &[]), "http://127.0.0.1/callback/gitlab.com");
    assert_eq!(
        at("gitlab", &[("host", "git.acme.example")]),
        "http://127.0.0.1/callback/git.acme.example"
    );
    // Its answers name it.
    assert_eq!(at("discord", &[]), "http://localhost:8765/callback");
}
