//! What the engine tells and answers, and what that changes on the screens.

use super::authorize::Authorize;
use super::face::Effect;
use super::model::{Model, Screen, VaultState};
use super::msg::{Doing, Reply};
use super::notice::Notice;
use super::request::{AddressUse, Request};
use super::screens::{Adopting, Asking, Waiting, answered, told};
use super::update::{apply, copied};
use crate::advice::advise;
use crate::engine::{AttemptEvent, Change, Detail};
use crate::model::{AttemptId, ConnectionId};

/// A change in the engine.
pub(super) fn on_change(model: &mut Model, change: Change) -> Vec<Request> {
    match change {
        Change::Connections => {
            // The history of a connection lies above its details: one reading is for both.
            let detail = model.screens.iter().find_map(|screen| match screen {
                Screen::Details(details) => Some(Request::LoadDetail(details.id().clone())),
                Screen::History(history) => Some(Request::LoadDetail(history.id().clone())),
                _ => None,
            });
            [Request::LoadRows].into_iter().chain(detail).collect()
        }
        Change::Vault => vec![Request::LoadRows],
        Change::Attempt {
            attempt,
            connection,
            event,
        } => on_attempt(model, &attempt, &connection, event),
    }
}

fn on_attempt(
    model: &mut Model,
    attempt: &AttemptId,
    connection: &ConnectionId,
    event: AttemptEvent,
) -> Vec<Request> {
    let now = model.world.now;
    let Some(at) = position(model, |authorize| authorize.connection() == connection) else {
        return Vec::new();
    };
    let Screen::Authorize(authorize) = &mut model.screens[at] else {
        return Vec::new();
    };
    if !authorize.adopt(connection, attempt) {
        return Vec::new();
    }
    if let Some(finished) = authorize.happened(event, now) {
        // It takes the place of the sign-in and of the wizard below; a question about leaving
        // that is still open has lost its reason.
        model.screens.truncate(at);
        if matches!(model.screens.last(), Some(Screen::Wizard(_))) {
            model.screens.pop();
        }
        model.kept = None;
        model.screens.push(finished);
        model.world.table.select_id(connection);
        return vec![Request::LoadRows];
    }
    drop_idle_question(model);
    Vec::new()
}

/// A question about a sign-in that is over needs no answer.
fn drop_idle_question(model: &mut Model) {
    if model.running().is_none() && matches!(model.screens.last(), Some(Screen::Leaving(_))) {
        model.screens.pop();
    }
}

fn position(model: &Model, wanted: impl Fn(&Authorize) -> bool) -> Option<usize> {
    model.screens.iter().position(|screen| match screen {
        Screen::Authorize(authorize) => wanted(authorize),
        _ => false,
    })
}

fn is_waiting(screen: &Screen) -> bool {
    matches!(screen, Screen::Waiting(_))
}

/// An answer to a request.
pub(super) fn on_reply(model: &mut Model, reply: Reply) -> Vec<Request> {
    match reply {
        Reply::Rows { rows, vault } => {
            model.world.table.set_rows(rows);
            model.world.vault = if model.world.setup.practice {
                VaultState::Memory
            } else {
                vault
            };
            model.world.loaded = true;
            leave_lost_details(model);
            Vec::new()
        }
        Reply::Detail(detail) => {
            on_detail(model, &detail);
            Vec::new()
        }
        Reply::Saved { id, name } => {
            let mut requests = vec![Request::LoadRows];
            let world = &model.world;
            let effects = model.screens.iter_mut().find_map(|screen| match screen {
                Screen::Wizard(wizard) => Some(wizard.stored(id.clone(), &name, world)),
                _ => None,
            });
            match effects {
                Some(effects) => {
                    if matches!(effects.as_slice(), [Effect::Home]) {
                        model.kept = None;
                        model.notice = Some(Notice::info(format!("{name} is stored. u signs in.")));
                    }
                    requests.extend(apply(model, effects));
                }
                None => model.notice = Some(Notice::info(format!("{name} is stored."))),
            }
            model.world.table.select_id(&id);
            requests
        }
        Reply::Started {
            connection,
            attempt,
        } => {
            let ours = position(model, |authorize| *authorize.connection() == connection);
            let adopted = match ours.map(|at| &mut model.screens[at]) {
                Some(Screen::Authorize(authorize)) => authorize.adopt(&connection, &attempt),
                _ => false,
            };
            // Its screen was left before it began: nobody would answer it.
            if adopted {
                Vec::new()
            } else {
                vec![Request::Cancel { attempt }]
            }
        }
        Reply::Address {
            attempt,
            address,
            purpose,
        } => {
            let Some(at) = position(model, |authorize| authorize.attempt() == Some(&attempt))
            else {
                return Vec::new();
            };
            let Screen::Authorize(authorize) = &mut model.screens[at] else {
                return Vec::new();
            };
            if purpose == AddressUse::Show {
                authorize.show_address(&attempt, address);
                Vec::new()
            } else if purpose == AddressUse::Print {
                vec![Request::PrintRaw(authorize.lines_to_print(&address))]
            } else {
                model.notice = Some(copied("The address, good for this sign-in only,"));
                vec![Request::Copy(address)]
            }
        }
        Reply::PageOpened => {
            model.notice = Some(Notice::info("The page opens in your browser."));
            Vec::new()
        }
        Reply::PasteRefused { attempt, sentence } => {
            for screen in &mut model.screens {
                if let Screen::Authorize(authorize) = screen {
                    authorize.paste_refused(&attempt, sentence.clone());
                }
            }
            Vec::new()
        }
        Reply::Tested { id, name, report } => {
            let words = format!(
                "{name} works: {} from {} in {} ms.",
                report.status, report.authority, report.millis
            );
            for screen in &mut model.screens {
                if let Screen::Finished(finished) = screen {
                    finished.tested(&id, &report);
                }
            }
            model.notice = Some(Notice::info(words));
            vec![Request::LoadRows]
        }
        Reply::Refreshed { name } => said(model, format!("{name} has a fresh access token.")),
        Reply::Removed { name } => said(model, format!("{name} was deleted here.")),
        Reply::Renamed { name } => said(model, format!("It is called {name} now.")),
        Reply::Revoked {
            name,
            outcome,
            removed,
        } => {
            model.notice = Some(told(name.as_str(), &outcome, removed));
            vec![Request::LoadRows]
        }
        Reply::VaultOpened => on_opened(model),
        Reply::VaultLocked => said(model, "The vault is locked.".to_owned()),
        Reply::KeychainWaits { instead } => {
            // Several things may wait for the one keychain.
            if !model.screens.iter().any(is_waiting) {
                let waiting = Waiting::new(instead, model.world.now);
                model.screens.push(Screen::Waiting(waiting));
            }
            Vec::new()
        }
        Reply::KeychainDone => {
            model.screens.retain(|screen| !is_waiting(screen));
            Vec::new()
        }
        Reply::NeedsPassphrase { new, then } => {
            match model.screens.last_mut() {
                Some(Screen::Asking(asking)) => asking.and_then(then),
                _ => model.screens.push(Screen::Asking(Asking::new(new, then))),
            }
            Vec::new()
        }
        Reply::VaultMoved { second_copy, then } => {
            if let Some(Screen::Adopting(adopting)) = model.screens.last_mut() {
                adopting.and_then(*then);
            } else {
                let adopting = Adopting::new(*then, second_copy);
                model.screens.push(Screen::Adopting(adopting));
            }
            Vec::new()
        }
        Reply::WrongPassphrase { wait } => {
            let now = model.world.now;
            if let Some(Screen::Asking(asking)) = model.screens.last_mut() {
                asking.wrong(wait, now);
            }
            Vec::new()
        }
        Reply::AgentAnswered {
            question,
            answer,
            outcome,
        } => {
            model.notice = Some(match outcome {
                Ok(()) => Notice::info(answered(&question, answer)),
                Err(sentence) => Notice::bad(sentence),
            });
            Vec::new()
        }
        Reply::Failed { doing, error } => {
            on_failed(model, &doing, &error);
            Vec::new()
        }
    }
}

fn said(model: &mut Model, words: String) -> Vec<Request> {
    model.notice = Some(Notice::info(words));
    vec![Request::LoadRows]
}

/// Details of a deleted connection close with its row.
fn leave_lost_details(model: &mut Model) {
    let table = &model.world.table;
    model.screens.retain(|screen| match screen {
        Screen::Details(details) => table.row(details.id()).is_some(),
        Screen::History(history) => table.row(history.id()).is_some(),
        _ => true,
    });
}

fn on_detail(model: &mut Model, detail: &Detail) {
    for screen in &mut model.screens {
        match screen {
            Screen::Revoking(revoking) => revoking.know(detail),
            Screen::Authorize(authorize) => authorize.know(detail),
            Screen::Details(details) => details.know(detail),
            Screen::History(history) => history.know(detail),
            _ => {}
        }
    }
}

/// The vault is open: what waited for it is done now.
fn on_opened(model: &mut Model) -> Vec<Request> {
    let asking = model
        .screens
        .iter()
        .rposition(|screen| matches!(screen, Screen::Asking(_)));
    let waiting = asking.and_then(|at| match model.screens.remove(at) {
        Screen::Asking(asking) => Some(asking.into_waiting()),
        _ => None,
    });
    let waiting = waiting.unwrap_or_default();
    waiting.into_iter().chain([Request::LoadRows]).collect()
}

fn on_failed(model: &mut Model, doing: &Doing, error: &std::sync::Arc<crate::engine::Error>) {
    let advice = advise(error);
    // Commands to run are for the command line; here the keys stand in the footer.
    let hint = advice.hint.filter(|hint| !hint.contains("run: "));
    let sentence = match hint {
        Some(hint) => format!("{} {hint}", advice.sentence),
        None => advice.sentence,
    };
    match doing {
        Doing::SignIn(connection) => {
            if let Some(at) = position(model, |authorize| authorize.connection() == connection)
                && let Screen::Authorize(authorize) = &mut model.screens[at]
            {
                authorize.fail(error, None);
                drop_idle_question(model);
                return;
            }
            model.notice = Some(Notice::bad(sentence));
        }
        Doing::Save => {
            for screen in &mut model.screens {
                if let Screen::Wizard(wizard) = screen {
                    wizard.not_stored();
                }
            }
            model.notice = Some(Notice::bad(sentence));
        }
        Doing::Vault => match model.screens.last_mut() {
            Some(Screen::Asking(asking)) => asking.failed(sentence),
            _ => model.notice = Some(Notice::bad(sentence)),
        },
        Doing::With(name) if sentence.starts_with(name.as_str()) => {
            model.notice = Some(Notice::bad(sentence));
        }
        Doing::With(name) => model.notice = Some(Notice::bad(format!("{name}: {sentence}"))),
        Doing::Load | Doing::OpenPage => model.notice = Some(Notice::bad(sentence)),
    }
}
