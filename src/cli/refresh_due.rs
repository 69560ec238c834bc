//! `refresh --all-due`: renews what is due, and nothing else.

use serde_json::{Value, json};

use super::failed::Failed;
use super::setup::Setup;
use super::{look, output, runtime, waiting};
use crate::advice::{advise, exit};
use crate::engine::{Error, Renewal, Want};
use crate::model::{Expiry, Summary, UnixTime};

/// Exit codes from the worst to the best: what waits for a person comes before what may heal by
/// itself.
const WORST_FIRST: [u8; 7] = [
    exit::VAULT,
    exit::NEEDS_SIGN_IN,
    exit::REFUSED,
    exit::OTHER,
    exit::USAGE,
    exit::BUSY,
    exit::OFFLINE,
];

/// One line for each on stderr; the exit code is the worst.
pub(super) fn run(setup: &Setup, as_json: bool) -> Result<u8, Failed> {
    let due = setup.engine.due()?;
    let waiting = setup.engine.waiting_now(Want::Due)?;
    let mut told = Vec::with_capacity(due.len());
    if due.is_empty() {
        if waiting.is_empty() {
            output::note("Nothing is due.");
        }
    } else {
        setup.open_vault()?;
        setup.ask_if_moved()?;
        let tell = |row: &Summary, outcome| told.push(tell(setup, row, outcome));
        runtime()?.block_on(setup.engine.renew_all(due, tell));
        setup.tell_clock();
    }
    if !waiting.is_empty() {
        setup.open_vault()?;
    }
    let revocations = waiting::tell_each(setup, waiting)?;
    told.sort_by(|one, other| one.0.cmp(&other.0));
    let codes = told.iter().map(|told| told.1);
    let code = worst(codes.chain(revocations.iter().map(|told| told.exit)));
    if as_json {
        let connections: Vec<Value> = told.into_iter().map(|told| told.2).collect();
        let revocations: Vec<Value> = revocations.into_iter().map(|told| told.value).collect();
        output::json(
            &json!({"version": 1, "connections": connections, "revocations": revocations}),
        )?;
    }
    Ok(code)
}

/// Tells one outcome: the name to sort by, its exit code, its JSON.
fn tell(setup: &Setup, row: &Summary, outcome: Result<Renewal, Error>) -> (String, u8, Value) {
    let name = row.name.to_string();
    let expiry = || {
        let connection = setup.engine.connection_by_id(&row.id).ok();
        connection
            .and_then(|connection| connection.grant)
            .map(|grant| grant.expiry)
    };
    let object = |refreshed: bool, expiry: Option<Expiry>, error: Value| {
        json!({
            "id": row.id.as_str(),
            "name": name,
            "refreshed": refreshed,
            "expires_at": expiry.and_then(Expiry::at).map(UnixTime::rfc3339),
            "error": error,
        })
    };
    let (code, value) = match outcome {
        Ok(renewal) => {
            let expiry = expiry();
            let until = expiry.map(|expiry| look::expires(expiry, setup.engine.now()));
            let what = match renewal {
                Renewal::Renewed => "Refreshed",
                Renewal::Already => "Another program refreshed",
            };
            output::note(&format!(
                "{what} {name}. The access token expires: {}",
                until.unwrap_or_default()
            ));
            let refreshed = renewal == Renewal::Renewed;
            (exit::OK, object(refreshed, expiry, Value::Null))
        }
        Err(error) => {
            let advice = advise(&error);
            let hint = advice.hint.as_ref().map(|hint| format!("   {hint}"));
            output::note(&format!(
                "{name}: {}{}",
                advice.sentence,
                hint.unwrap_or_default()
            ));
            let error = output::json_error(&advice)["error"].take();
            (advice.exit, object(false, expiry(), error))
        }
    };
    (name, code, value)
}

fn worst(codes: impl Iterator<Item = u8>) -> u8 {
    let bad = codes.filter(|code| *code != exit::OK);
    let rank = |code: &u8| WORST_FIRST.iter().position(|known| known == code);
    bad.min_by_key(rank).unwrap_or(exit::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn j_17_the_exit_code_is_the_worst_of_all() {
        let of = |codes: &[u8]| worst(codes.iter().copied());
        assert_eq!(of(&[]), exit::OK);
        assert_eq!(of(&[exit::OK, exit::OK]), exit::OK);
        assert_eq!(of(&[exit::OK, exit::OFFLINE]), exit::OFFLINE);
        assert_eq!(
            of(&[exit::OFFLINE, exit::NEEDS_SIGN_IN, exit::BUSY]),
            exit::NEEDS_SIGN_IN
        );
        assert_eq!(of(&[exit::REFUSED, exit::VAULT]), exit::VAULT);
        // One that is not in the list is never taken for success.
        assert_ne!(of(&[exit::INTERRUPTED]), exit::OK);
    }
}
