//! One connection and its provider, in words.

use super::super::endpoints;
use super::{Check, State, about};
use crate::engine::Look;
use crate::model::{Health, Shown, Verdict};
use crate::oauth::Skew;

pub(super) fn reach(host: &str, answer: &Result<u64, Shown>) -> Check {
    let check = match answer {
        Ok(milliseconds) => {
            Check::new("reach", State::Ok, format!("answered in {milliseconds} ms"))
        }
        Err(why) => Check::new(
            "reach",
            State::Fix,
            format!("was not reached: {why}. Check the network, and the proxy if there is one."),
        ),
    };
    Check {
        what: host.to_owned(),
        ..check
    }
}

/// An address that answers unlike most is told and nothing to put right: what is stored may be right.
pub(super) fn endpoints(name: &str, look: &Look, [authorization, token]: &[String; 2]) -> Check {
    let lines = endpoints::seen(look);
    let good = lines.iter().all(|(good, _)| *good);
    let mut words: Vec<String> = lines.into_iter().map(|(_, words)| words).collect();
    if !look.swapped() {
        let state = if good { State::Ok } else { State::Warn };
        return Check::new("addresses", state, words.join(" "));
    }
    words.push(endpoints::SWAPPED.to_owned());
    Check::new("addresses", State::Fix, words.join(" ")).run(format!(
        "valetkey edit {name} 'authorization-url={token}' 'token-url={authorization}'"
    ))
}

pub(super) fn clock(skew: Skew) -> Check {
    if skew.matters() {
        Check::new("clock", State::Warn, clock_skew(skew))
    } else {
        let apart = about(skew.size());
        Check::new("clock", State::Ok, format!("{apart} from the provider"))
    }
}

/// That the clocks are apart, and what it does (conformance J-12).
pub fn clock_skew(skew: Skew) -> String {
    let side = if skew.is_ahead() {
        "ahead of"
    } else {
        "behind"
    };
    format!(
        "Your clock is {} {side} the provider. Set it right: sign-ins fail when it is wrong.",
        about(skew.size())
    )
}

pub(super) fn sign_in(name: &str, verdict: &Verdict) -> Check {
    let state = match verdict.health {
        Health::Connected | Health::Untested | Health::Expired | Health::SigningIn => State::Ok,
        Health::Offline | Health::Expiring => State::Warn,
        Health::NeedsSignIn | Health::Error => State::Fix,
    };
    let word = verdict.health.word();
    let words = match &verdict.message {
        Some(message) => format!("{word}: {message}"),
        None => word.to_owned(),
    };
    let check = Check::new("sign-in", state, words);
    match verdict.health {
        Health::NeedsSignIn | Health::Expiring => check.run(format!("valetkey login {name}")),
        Health::Error => check.run(format!("valetkey show {name}")),
        Health::Offline => check.run(format!("valetkey refresh {name}")),
        _ => check,
    }
}

pub(super) fn scopes(name: &str, refused: &str) -> Check {
    let words = format!("asked for and not granted: {refused}");
    Check::new("scopes", State::Warn, words).run(format!("valetkey login {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UnixTime;

    #[test]
    fn j_12_the_sentence_names_how_far_and_to_which_side() {
        let told = |here, there| clock_skew(Skew::between(UnixTime(here), UnixTime(there)));
        assert!(told(0, 420).starts_with("Your clock is 7 min behind the provider."));
        assert!(told(600, 0).starts_with("Your clock is 10 min ahead of the provider."));
        let check = clock(Skew::between(UnixTime(0), UnixTime(120)));
        assert_eq!(check.state, State::Ok);
        let check = clock(Skew::between(UnixTime(0), UnixTime(121)));
        assert_eq!(check.state, State::Warn);
    }
}
