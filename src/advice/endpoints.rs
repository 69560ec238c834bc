//! What a look at a provider's addresses found, in words.

use crate::engine::{Look, Seen};
use crate::oauth::sight::Sight;

/// Said where each address answers as the other one should.
pub const SWAPPED: &str = "The two addresses look swapped.";

/// One line for each address, and whether it is as it should be.
pub fn seen(look: &Look) -> Vec<(bool, String)> {
    let authorization = look.authorization.iter().map(authorization);
    authorization.chain(look.token.iter().map(token)).collect()
}

fn authorization(seen: &Seen) -> (bool, String) {
    told("Authorization URL", seen, |sight| match sight {
        Sight::Page => (true, "a page answers, as it should".to_owned()),
        Sight::Token => (false, "it answers programs, not people".to_owned()),
        Sight::Other(status) => (false, format!("no page answers (status {status})")),
    })
}

fn token(seen: &Seen) -> (bool, String) {
    told("Token URL", seen, |sight| match sight {
        Sight::Token => (true, "it answers programs, as it should".to_owned()),
        Sight::Page => (false, "a page for people answers".to_owned()),
        Sight::Other(status) => (
            false,
            format!("it answers unlike a token endpoint (status {status})"),
        ),
    })
}

fn told(what: &str, seen: &Seen, words: impl Fn(Sight) -> (bool, String)) -> (bool, String) {
    match &seen.sight {
        Ok(sight) => {
            let (good, words) = words(*sight);
            (good, format!("{what}: {words}."))
        }
        Err(why) => (
            false,
            format!("{what}: {} was not reached: {why}.", seen.authority),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Untrusted;

    fn look(authorization: Sight, token: Sight) -> Look {
        let seen = |sight| {
            Some(Seen {
                authority: "id.example".to_owned(),
                sight: Ok(sight),
            })
        };
        Look {
            authorization: seen(authorization),
            token: seen(token),
        }
    }

    #[test]
    fn f3_swapped_is_what_answers_the_other_way_round() {
        use Sight::{Other, Page, Token};
        for (authorization, token, swapped) in [
            (Page, Token, false),
            (Token, Page, true),
            (Token, Other(405), true),
            (Token, Token, false),
            (Page, Page, false),
            (Other(404), Page, false),
            (Other(404), Other(404), false),
        ] {
            assert_eq!(
                look(authorization, token).swapped(),
                swapped,
                "{authorization:?} {token:?}"
            );
        }
        let mut lost = look(Token, Page);
        if let Some(token) = &mut lost.token {
            token.sight = Err(Untrusted::new("connection refused").shown());
        }
        assert!(!lost.swapped(), "nobody knows");
    }

    #[test]
    fn what_was_found_is_said_of_each_address() {
        let lines: Vec<String> = seen(&look(Sight::Page, Sight::Other(404)))
            .into_iter()
            .map(|(_, line)| line)
            .collect();
        assert_eq!(
            lines,
            [
                "Authorization URL: a page answers, as it should.",
                "Token URL: it answers unlike a token endpoint (status 404)."
            ]
        );
    }
}
