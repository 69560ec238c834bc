//! What people give as flags.

use super::assemble::assemble;
use super::questions::Answers;
use crate::cli::args::Add;
use crate::model::by_hand::{Case, Field, Outcome, every_case};

fn flags(case: &Case, yes: bool) -> Add {
    let mut add = Add {
        authorization_url: Some("https://id.example/authorize".to_owned()),
        token_url: Some("https://id.example/token".to_owned()),
        client_id: Some("app".to_owned()),
        no_input: true,
        yes,
        ..Add::default()
    };
    let input = case.input.clone();
    match case.field {
        Field::Issuer => add.issuer = Some(input),
        Field::ClientId => add.client_id = Some(input),
        Field::Extra => add.param = vec![input],
        Field::Redirect => add.redirect_uri = Some(input),
        Field::Scopes => add.scope = vec![input],
        Field::TestRead => add.test_url = Some(input),
    }
    add
}

/// What would be stored, or why nothing is.
fn added(case: &Case, yes: bool) -> Result<String, String> {
    let new = assemble(&flags(case, yes), None, Answers::default(), &[])
        .map_err(|failed| failed.0.sentence)?;
    Ok(match case.field {
        Field::Issuer => new.provider.issuer.expect("an issuer").as_str().to_owned(),
        Field::ClientId => new.client_id,
        Field::Extra => {
            let (name, value) = &new.provider.extra.authorize[0];
            format!("{name}={value}")
        }
        Field::Redirect => new.redirect.to_string(),
        Field::Scopes => new.scopes.to_string(),
        Field::TestRead => new.provider.test.expect("a test read").url.to_string(),
    })
}

#[test]
fn f2_f4_f6_f7_f8_f9_f19_what_comes_as_a_flag_has_its_one_outcome() {
    every_case(|case| {
        Some(match added(case, false) {
            Ok(kept) => Outcome::Kept(kept),
            // Nobody can be asked here: the flag says it.
            Err(words) if words.contains("--yes") => {
                assert_eq!(added(case, true), Ok(case.input.clone()));
                Outcome::Asked(words.leak())
            }
            Err(words) => {
                assert_eq!(added(case, true), Err(words.clone()), "{}", case.input);
                Outcome::Refused(words.leak())
            }
        })
    });
}
