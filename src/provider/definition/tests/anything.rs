//! Whatever a file holds: legal texts go round, and the rest is refused or sound (conformance X-06).

use proptest::prelude::*;

use super::*;
use crate::provider::check_certificates;

/// Any text that is legal in a definition: no control characters, everything else.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[^\\p{Cc}]{1,12}",
        Just("\"'''\\\"\"\"#=[]{}\u{202e}\u{feff}\u{2028}".to_owned()),
    ]
}

fn filled() -> impl Strategy<Value = String> {
    text().prop_filter("not blank", |text| !text.trim().is_empty())
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = filled().prop_filter("not the protocol's", |name| {
        crate::oauth::check_extra_parameter(name).is_ok()
    });
    prop::collection::vec((name, text()), 0..4)
}

prop_compose! {
    fn hostile_but_legal()(
        name in "[a-z0-9][a-zA-Z0-9ë@._-]{0,20}",
        id in filled(),
        called in filled(),
        client_id in filled().prop_filter("no dots", |id| !matches!(id.trim(), "." | "..")),
        authorize in pairs(),
        refresh in pairs(),
        scopes in prop::collection::vec("[!#-+\\--\\[\\]-~]{1,8}", 0..5),
        path in "[a-z0-9%?=&/_.~-]{0,12}",
        pem in "[^\\p{Cc}]{0,6}[\r\n\t]{0,3}['\"]{0,4}",
        pointers in prop::collection::vec("/[^\\p{Cc}]{0,6}", 0..3),
        port in prop::option::of(1_u16..),
        header in "[^\\p{Cc}]{0,8}",
    ) -> Definition {
        let mut definition = own();
        definition.name = ConnectionName::parse(&name).expect("a name");
        let provider = &mut definition.provider;
        provider.id = id;
        provider.name = called;
        provider.extra.authorize = authorize;
        provider.extra.refresh = refresh;
        provider.endpoints.token = EndpointUrl::parse(&format!("https://a.example/{path}"), false).ok()
            .or(provider.endpoints.token.take());
        if let Some(test) = &mut provider.test {
            test.account_label = pointers;
            test.headers[0].1 = header;
        }
        definition.client_id = client_id;
        definition.scopes = ScopeSet::from_parts(scopes.iter().map(String::as_str)).expect("scopes");
        definition.redirect.port = port;
        definition.ca_pem = Some(format!("{}{pem}\n{}", super::pem(), super::pem()));
        definition
    }
}

proptest! {
    #[test]
    fn x_06_hostile_but_legal_texts_go_round(definition in hostile_but_legal()) {
        goes_round(&[definition]);
    }

    #[test]
    fn x_06_any_text_is_read_without_a_panic(text in ".{0,400}", toml in "version = 1\n(\\[\\[connection\\]\\]\n|[a-z_.]{1,12} = (\"[^\"]{0,8}\"|[0-9]{1,20}|\\[[^\\]]{0,8}\\]|true)\n){0,12}") {
        let _ = read_definitions(&text, built_in());
        let _ = read_definitions(&toml, built_in());
    }

    /// Whatever is done to an export: what comes out of it is sound, and would be written and read alike.
    #[test]
    fn x_06_a_mutated_export_is_refused_or_sound(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..6, "[\\x00-\\x7f]{0,3}|https://evil.example|http://127.0.0.1/|\u{202e}"), 1..4),
    ) {
        let mut text = write_definitions(&[own(), of_preset("github", &[]), of_preset("slack", &[])]);
        for (at, gone, put) in cuts {
            let start = at.index(text.len());
            let start = (0..=start).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let end = (start..=text.len()).filter(|end| text.is_char_boundary(*end)).nth(gone);
            let end = end.unwrap_or(text.len());
            text.replace_range(start..end, &put);
        }
        if let Ok(read) = read_definitions(&text, built_in()) {
            for definition in &read.definitions {
                for (_, address) in definition.provider.endpoints.named() {
                    let again = EndpointUrl::parse(address.as_str(), definition.dev_http);
                    prop_assert_eq!(again.as_ref(), Ok(address));
                }
                let listed = hosts(definition, built_in());
                for host in definition.provider.hosts() {
                    prop_assert!(listed.iter().any(|known| known.host == host), "{} is not listed", host);
                }
                let posts = definition.provider.test.as_ref().is_some_and(|test| test.method != TestMethod::Get);
                prop_assert!(!posts || definition.provider.id == "slack");
                prop_assert!(definition.ca_pem.as_deref().is_none_or(|pem| check_certificates(pem).is_ok()));
            }
            let again = write_definitions(&read.definitions);
            let back = read_definitions(&again, built_in()).map(|back| back.definitions);
            prop_assert_eq!(back, Ok(read.definitions));
        }
    }
}
