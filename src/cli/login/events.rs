//! A sign-in as JSON lines (DESIGN section 7).

use serde_json::{Value, json};

use super::super::json as shape;
use super::super::setup::Setup;
use crate::advice::{self, Advice, advise};
use crate::engine::{AttemptEvent, Error, Question, Step, Way};
use crate::model::{AttemptId, UnixTime};

/// One event on its line. `stopped`: why the attempt was stopped from here, if it was.
pub(super) fn line(
    setup: &Setup,
    attempt: &AttemptId,
    event: &AttemptEvent,
    stopped: Option<&Advice>,
) -> Value {
    let value = match event {
        AttemptEvent::Step {
            step,
            state,
            detail,
        } => {
            json!({"event": "step", "step": step.word(), "state": state.word(), "detail": detail})
        }
        AttemptEvent::Way(open) => way(open),
        AttemptEvent::Ignored(what) => {
            let (reason, message) = advice::ignored(what);
            json!({"event": "ignored", "reason": reason, "message": message})
        }
        AttemptEvent::Asked(Question::WiderGrant { added }) => {
            json!({"event": "asked", "question": "wider-grant", "added": shape::list(added)})
        }
        AttemptEvent::Asked(Question::OtherAccount { before, now }) => {
            json!({"event": "asked", "question": "other-account", "before": before, "now": now})
        }
        AttemptEvent::Done { outcome } => {
            // The row may have been removed since; the sign-in still ended well.
            let connection = setup.engine.connection(outcome.name.as_str()).ok();
            let connection = connection.map(|connection| {
                let verdict = setup.engine.verdict(&connection, setup.engine.now());
                shape::connection(&connection, &verdict)
            });
            let remarks: Vec<&str> = outcome
                .notes
                .iter()
                .copied()
                .filter_map(advice::remark)
                .collect();
            json!({"event": "done", "connection": connection, "remarks": remarks})
        }
        AttemptEvent::Failed { error, step } => failed(&advise(error), Some(step.word())),
        AttemptEvent::Cancelled => match stopped {
            Some(advice) => failed(advice, Some(Step::Approve.word())),
            None => failed(&advise(&Error::Cancelled), None),
        },
    };
    headed(setup, Some(attempt), value)
}

/// A failure before the attempt began: the same language.
pub(super) fn failed_early(setup: &Setup, advice: &Advice) -> Value {
    headed(setup, None, failed(advice, None))
}

fn headed(setup: &Setup, attempt: Option<&AttemptId>, mut value: Value) -> Value {
    value["version"] = json!(1);
    value["attempt"] = json!(attempt.map(AttemptId::as_str));
    value["at"] = json!(setup.engine.now().rfc3339());
    value
}

fn failed(advice: &Advice, step: Option<&str>) -> Value {
    json!({
        "event": "failed",
        "step": step,
        "code": advice.code,
        "message": advice.sentence,
        "fixes": advice.fixes.iter().map(advice::Fix::label).collect::<Vec<_>>(),
        "exit": advice.exit,
    })
}

fn way(way: &Way) -> Value {
    let mut value = json!({
        "event": "way", "way": null, "url": null, "code": null, "command": null,
        "escape": null, "control": null,
        "expires_at": null, "foreign_host": null,
    });
    value["way"] = json!(match way {
        Way::Open { .. } => "open",
        Way::Forward { .. } => "forward",
        Way::Paste => "paste",
        Way::Device { .. } => "device",
    });
    match way {
        Way::Open { start_url } => value["url"] = json!(start_url),
        Way::Forward {
            lines, start_url, ..
        } => {
            value["url"] = json!(start_url);
            value["command"] = json!(lines.command);
            value["escape"] = json!(lines.escape);
            value["control"] = json!(lines.control);
        }
        Way::Paste => {}
        Way::Device {
            user_code,
            verification_uri,
            expires_at,
            foreign_host,
            ..
        } => {
            value["url"] = json!(verification_uri);
            value["code"] = json!(user_code);
            value["expires_at"] = json!(UnixTime::rfc3339(*expires_at));
            value["foreign_host"] = json!(foreign_host);
        }
    }
    value
}
