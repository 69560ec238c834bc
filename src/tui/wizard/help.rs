//! What the focused line wants, said below the page so that the page itself stays as short as it is.

use super::draft::{FieldId, Tick};
use super::lines::Line;
use crate::advice::fields::{self, about};
use crate::engine::Field;

pub(super) fn help(line: &Line) -> &'static str {
    match line {
        Line::Field(id, _) => of_field(*id),
        Line::Secret => fields::SECRET,
        Line::AddSecret => fields::NO_SECRET,
        Line::SecretPlace => "If the provider refuses one way, take the other: enter changes it.",
        Line::Tick(tick) => of_tick(*tick),
        Line::More => {
            "All optional: signing in by a code, ending sign-ins, whose account it is, tests, a certificate of your own."
        }
        _ => "",
    }
}

fn of_tick(tick: Tick) -> &'static str {
    match tick {
        Tick::DevHttp => {
            "Only for a server on this machine that you develop; nothing is encrypted then."
        }
        Tick::Blanks => "Only if the provider really gave it so; a blank is often copied along.",
        Tick::TestElsewhere => "Your access token is sent there with each test.",
    }
}

fn of_field(id: FieldId) -> &'static str {
    let field = match id {
        FieldId::Authorization => Field::Authorization,
        FieldId::Token => Field::Token,
        FieldId::Device => Field::Device,
        FieldId::Revocation => Field::Revocation,
        FieldId::Introspection => Field::Introspection,
        FieldId::Userinfo => Field::Userinfo,
        FieldId::Issuer => Field::Issuer,
        FieldId::TestRead => Field::TestRead,
        FieldId::ClientId => Field::ClientId,
        FieldId::Redirect => Field::Redirect,
        FieldId::Authority => Field::Authority,
        FieldId::Variable(_) => return "A part of the addresses below.",
        FieldId::Resource => {
            return "Optional. The API that the tokens are meant for, as an address, if the provider asks for one.";
        }
        FieldId::Extra => {
            return "Optional. Sent along with the sign-in: name=value, with blanks between, as the provider asks.";
        }
        // Their steps say it.
        FieldId::Scopes | FieldId::Name => return "",
    };
    about(field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::text::wrap;

    #[test]
    fn what_a_field_wants_fits_two_lines_of_a_narrow_screen() {
        let shared = Field::ALL.map(about);
        let own = [
            FieldId::Variable(0),
            FieldId::Resource,
            FieldId::Extra,
            FieldId::Authority,
        ]
        .map(of_field);
        let others = [
            Line::Secret,
            Line::AddSecret,
            Line::SecretPlace,
            Line::Tick(Tick::DevHttp),
            Line::Tick(Tick::Blanks),
            Line::Tick(Tick::TestElsewhere),
            Line::More,
        ];
        for words in shared.into_iter().chain(own).chain(others.iter().map(help)) {
            assert!(words.ends_with('.'), "{words}");
            assert!(wrap(words, 56).len() <= 2, "{words}");
        }
    }
}
