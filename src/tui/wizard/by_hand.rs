//! What people type into the wizard's fields.

use super::check::problem;
use super::draft::{Draft, FieldId};
use super::result;
use crate::model::by_hand::{Field, Outcome, every_case};

fn draft() -> Draft {
    let mut draft = Draft::of_own();
    for (id, text) in [
        (FieldId::Authorization, "https://id.example/authorize"),
        (FieldId::Token, "https://id.example/token"),
        (FieldId::ClientId, "app"),
    ] {
        draft.field_mut(id).set(text);
    }
    draft
}

fn stored(draft: &Draft, id: FieldId) -> String {
    let new = result::connection(draft).expect("a definition");
    match id {
        FieldId::Issuer => new.provider.issuer.expect("an issuer").as_str().to_owned(),
        FieldId::ClientId => new.client_id,
        FieldId::Redirect => new.redirect.to_string(),
        FieldId::Scopes => new.scopes.to_string(),
        FieldId::TestRead => new.provider.test.expect("a test read").url.to_string(),
        _ => {
            let (name, value) = &new.provider.extra.authorize[0];
            format!("{name}={value}")
        }
    }
}

#[test]
fn f2_f4_f6_f7_f8_f9_f19_what_is_typed_into_the_wizard_has_its_one_outcome() {
    every_case(|case| {
        let id = match case.field {
            Field::Issuer => FieldId::Issuer,
            Field::ClientId => FieldId::ClientId,
            Field::Extra => FieldId::Extra,
            Field::Redirect => FieldId::Redirect,
            Field::Scopes => FieldId::Scopes,
            Field::TestRead => FieldId::TestRead,
        };
        let mut draft = draft();
        draft.field_mut(id).set(case.input.clone());
        let found = match problem(&draft, id, true, &[]) {
            None => Outcome::Kept(stored(&draft, id)),
            Some(fault) => match fault.tick {
                None => Outcome::Refused(fault.words.leak()),
                Some(tick) => {
                    // Whoever ticks it has it as it was typed.
                    draft.turn(tick);
                    assert_eq!(problem(&draft, id, true, &[]), None, "{}", case.input);
                    assert_eq!(stored(&draft, id), case.input);
                    Outcome::Asked(fault.words.leak())
                }
            },
        };
        Some(found)
    });
}
