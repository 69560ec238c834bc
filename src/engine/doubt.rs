//! What is allowed and yet is nearly always a slip of the hand: a person is asked before it is stored
//! (bad inputs F4 and F19). Where nobody can be asked it is refused with the flag that says yes.

use crate::model::{Connection, Provider, has_blanks};

/// One of them. Its text is a sentence without the full stop; "Keep it so?" follows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// A client ID is kept exactly as it is given, so a blank that came along in copying stays.
    #[error(
        "The client ID has a blank in it; one that was copied along makes the provider refuse it"
    )]
    BlankInClientId,
    /// An address that was typed for the test read lies at none of the provider's other hosts.
    #[error(
        "The test read sends the access token to {0}, which is no other address of this provider"
    )]
    TestElsewhere(String),
}

impl Doubt {
    /// What to ask about, where the client ID (`true`) and the address of the test read were typed.
    pub fn of(provider: &Provider, client_id: Option<&str>, test_was_typed: bool) -> Vec<Self> {
        let blank = client_id.filter(|id| has_blanks(id));
        let elsewhere = test_elsewhere(provider).filter(|_| test_was_typed);
        let mut doubts: Vec<Self> = blank.map(|_| Self::BlankInClientId).into_iter().collect();
        doubts.extend(elsewhere.map(Self::TestElsewhere));
        doubts
    }

    /// What a change brings that was not there before.
    pub fn of_change(before: &Connection, after: &Connection) -> Vec<Self> {
        let id = |connection: &Connection| connection.registration.client_id.clone();
        let client_id = id(after);
        let typed = Some(client_id.as_str()).filter(|_| id(before) != client_id);
        Self::of(
            &after.provider,
            typed,
            before.provider.test != after.provider.test,
        )
    }
}

/// The authority of the test read, when no other address of the provider has it.
pub fn test_elsewhere(provider: &Provider) -> Option<String> {
    let authority = provider.test.as_ref()?.url.authority();
    let without = Provider {
        test: None,
        ..provider.clone()
    };
    (!without.hosts().contains(&authority)).then_some(authority)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::others::tests::{definition, engine};
    use crate::engine::{Field, put_all};
    use crate::model::by_hand::{self, Outcome, every_case};
    use crate::vault::Home;

    /// What `edit` and the edit screen make of it.
    fn edited(field: Field, input: &str) -> Outcome {
        let engine = engine(&Home::Memory);
        let id = engine.add(definition()).expect("added");
        let mut before = engine.connection_by_id(&id).expect("there");
        for (field, text) in [
            (Field::Authorization, "https://id.example/authorize"),
            (Field::Token, "https://id.example/token"),
        ] {
            field.put(&mut before, text).expect(text);
        }
        let mut after = before.clone();
        if let Some((_, problem)) = put_all(&mut after, &[(field, input.to_owned())]).pop() {
            return Outcome::Refused(problem.to_string().leak());
        }
        match Doubt::of_change(&before, &after).pop() {
            Some(doubt) => Outcome::Asked(doubt.to_string().leak()),
            None => Outcome::Kept(field.text(&after)),
        }
    }

    #[test]
    fn f2_f4_f7_f8_f9_f19_what_is_typed_into_a_definition_has_its_one_outcome() {
        every_case(|case| {
            let field = match case.field {
                by_hand::Field::Issuer => Field::Issuer,
                by_hand::Field::ClientId => Field::ClientId,
                by_hand::Field::Redirect => Field::Redirect,
                by_hand::Field::Scopes => Field::Scopes,
                by_hand::Field::TestRead => Field::TestRead,
                by_hand::Field::Extra => return None,
            };
            Some(edited(field, &case.input))
        });
    }
}
