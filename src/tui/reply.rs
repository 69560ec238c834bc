//! What the engine tells and answers, and what that changes on the screens.

use std::fmt::Write as _;

use super::authorize::Authorize;
use super::bulk::Lack;
use super::face::Effect;
use super::fresh;
use super::model::{Model, Screen, VaultState};
use super::msg::{Doing, Reply};
use super::notice::Notice;
use super::request::{AddressUse, Request};
use super::screens::{Adopting, Asking, ThirdParty, Waiting, answered, told};
use super::update::{apply, copy};
use crate::advice::advise;
use crate::advice::introspection::{question, told as told_of_token};
use crate::advice::{stays_valid, step_up};
use crate::engine::{AttemptEvent, Change, Detail, Outcome, Remedy};
use crate::model::{AttemptId, ConnectionId, ConnectionName, Health};

/// Other scopes were being chosen.
const TOO_LATE: &str = "It went on meanwhile: it is too late for other scopes in this sign-in.";

/// A change in the engine.
pub(super) fn on_change(model: &mut Model, change: Change) -> Vec<Request> {
    match change {
        Change::Connections => {
            // What lies above a connection's details is about the same one: one reading is for both.
            let detail = model.screens.iter().find_map(|screen| match screen {
                Screen::Details(details) => Some(Request::LoadDetail(details.id().clone())),
                Screen::History(history) => Some(Request::LoadDetail(history.id().clone())),
                Screen::Editing(editing) => Some(Request::LoadDetail(editing.id().clone())),
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
    if let AttemptEvent::Done { outcome } = &event {
        signed_in(model, connection, outcome);
    }
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
        if let Some(Screen::Wizard(wizard)) = model
            .screens
            .pop_if(|screen| matches!(screen, Screen::Wizard(_)))
        {
            model.kept = wizard.into_kept(&model.world).map(Box::new);
        }
        model.turned = 0;
        model.screens.push(finished);
        model.world.table.select_id(connection);
        return vec![Request::LoadRows];
    }
    if authorize.went_on() && matches!(model.screens.get(at + 1), Some(Screen::OtherScopes(_))) {
        model.screens.truncate(at + 1);
        model.notice = Some(Notice::info(TOO_LATE));
    }
    drop_idle_question(model);
    Vec::new()
}

/// Whether what a resource wanted was asked for, and whether it was enough.
fn signed_in(model: &mut Model, connection: &ConnectionId, outcome: &Outcome) {
    if outcome.test.is_some() {
        model.world.step_ups.remove(connection);
    } else if let Some(state) = model.world.step_ups.get_mut(connection) {
        state.signed_in(&outcome.requested);
    }
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
        Reply::Rows {
            rows,
            vault,
            waiting,
        } => {
            model.world.table.set_rows(rows);
            model.world.waiting = waiting;
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
                        model.notice = Some(Notice::info(format!("{name} is stored. u signs in.")));
                    }
                    requests.extend(apply(model, effects));
                }
                None => model.notice = Some(Notice::info(format!("{name} is stored."))),
            }
            model.world.table.select_id(&id);
            requests
        }
        Reply::SettingsRead(read) => fresh::read_again(model, read),
        Reply::Looked { typed, look } => {
            for screen in &mut model.screens {
                if let Screen::Wizard(wizard) = screen {
                    wizard.looked(&typed, *look.clone());
                }
            }
            Vec::new()
        }
        Reply::AuthorityRead { file, found } => {
            let world = &model.world;
            let mut effects = Vec::new();
            for screen in &mut model.screens {
                match screen {
                    Screen::Wizard(wizard) => {
                        effects.extend(wizard.authority_read(&file, &found, world));
                    }
                    Screen::Editing(editing) => {
                        effects.extend(editing.authority_read(&file, &found));
                    }
                    _ => {}
                }
            }
            apply(model, effects)
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
                let what = "The address, good for this sign-in only,";
                let request = copy(model, what, address);
                // Not every terminal takes it, and none tells.
                if let (Some(Request::Copy(_)), Some(notice)) = (&request, &mut model.notice) {
                    let otherwise = " If it is not there: {print-outside} prints it.";
                    notice.text += &model.world.keys().fill(otherwise);
                }
                request.into_iter().collect()
            }
        }
        Reply::PageOpened => {
            model.notice = Some(Notice::info("The page opens in your browser."));
            Vec::new()
        }
        Reply::NotCopied => {
            let words = "The desktop's clipboard did not take it. `clipboard = \"terminal\"` in config.toml sends it to your terminal.";
            model.notice = Some(Notice::bad(words));
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
            model.world.step_ups.remove(&id);
            let words = format!(
                "{name} works: {} from {} in {} ms.",
                report.status, report.authority, report.millis
            );
            for screen in &mut model.screens {
                if let Screen::Finished(finished) = screen {
                    finished.tested(&id, &report);
                }
            }
            reread(settle(model, &id, Notice::info(words)))
        }
        Reply::Introspected { id, name, report } => {
            let words = told_of_token(&report, |at| model.world.clock_time(at));
            for screen in &mut model.screens {
                if let Screen::Details(details) = screen {
                    details.introspected(&id, &words, model.world.now);
                }
            }
            model.notice = Some(Notice {
                bad: !report.active || report.contradictory,
                ..Notice::info(format!("{name}: {words}"))
            });
            Vec::new()
        }
        Reply::ThirdParty {
            id,
            name,
            authority,
        } => {
            // A digit that is on its way to another screen must not answer it.
            let here = matches!(model.top(), Some(Screen::Details(details)) if *details.id() == id);
            if here {
                let screen = ThirdParty::new(id, name, authority);
                model.screens.push(Screen::ThirdParty(screen));
            } else {
                let words = format!("{name}: {} It was not sent.", question(&authority));
                model.notice = Some(Notice::info(words));
            }
            Vec::new()
        }
        Reply::Refreshed { id, name } => {
            let words = format!("{name} has a fresh access token.");
            reread(settle(model, &id, Notice::info(words)))
        }
        Reply::Removed(definition) => {
            let name = &definition.name;
            let id = definition.id.clone();
            let valid = model.world.table.row(&id).is_some_and(|row| {
                let over = row.verdict.health == Health::NeedsSignIn;
                row.summary.grant.is_some() && !over
            });
            let mut notice = Notice::info(format!(
                "{name} was deleted here. z brings its settings back."
            ));
            if valid && !model.world.setup.practice {
                let _ = write!(notice.text, " But {}", stays_valid(&definition));
                let page = definition.provider.manage_url.as_ref();
                notice.copy = page.map(ToString::to_string);
            }
            model.world.deleted.push(*definition);
            reread(settle(model, &id, notice))
        }
        Reply::Restored {
            was,
            id,
            name,
            secret_lost,
        } => {
            // It would be hidden, and the keys would mean another one.
            let narrowed = model.world.table.show_all();
            model.world.table.select_id(&id);
            let mut words = undone(&was.name, &name, secret_lost);
            if narrowed {
                words.push_str(" The filter is off.");
            }
            said(model, words)
        }
        Reply::Renamed { name } => said(model, format!("It is called {name} now.")),
        Reply::Edited { id, name, parked } => {
            model.screens.retain(
                |screen| !matches!(screen, Screen::Editing(editing) if *editing.id() == id),
            );
            let words = if parked {
                format!("{name} was changed, which parked its sign-in: u signs in.")
            } else {
                format!("{name} was changed.")
            };
            said(model, words)
        }
        Reply::Revoked {
            id,
            name,
            outcome,
            removed,
        } => {
            let time = |at| model.world.clock_time(at);
            let mut notice = told(name.as_str(), &outcome, removed.is_some(), time);
            // An address at the end of it stays the last thing.
            if removed.is_some() && notice.copy.is_none() {
                notice.text.push_str(" z brings its settings back.");
            }
            let deleted = removed.map(|definition| *definition);
            model.world.deleted.extend(deleted);
            reread(settle(model, &id, notice))
        }
        Reply::ImportRead { file, found } => {
            for screen in &mut model.screens {
                if let Screen::Bringing(bringing) = screen {
                    bringing.read(&file, found);
                    break;
                }
            }
            Vec::new()
        }
        Reply::Imported(imported) => {
            let bringing = |screen: &Screen| matches!(screen, Screen::Bringing(_));
            model.screens.retain(|screen| !bringing(screen));
            if let Some(first) = imported.connections.first() {
                model.world.table.select_id(&first.id);
            }
            let words = crate::advice::import::imported(&imported);
            said(model, model.world.keys().fill(&words))
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
        Reply::NeedsPassphrase {
            new,
            agent_open,
            then,
        } => {
            if let Some(Screen::Asking(asking)) = model.screens.last_mut() {
                asking.and_then(then);
            } else {
                let asking = Asking::new(new, then).beside(agent_open);
                model.screens.push(Screen::Asking(asking));
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
        Reply::Failed { doing, error } => on_failed(model, &doing, &error),
    }
}

/// Asks for the rows too.
fn reread(requests: Vec<Request>) -> Vec<Request> {
    [Request::LoadRows].into_iter().chain(requests).collect()
}

/// What came of a request about one connection. Alone it is told; as one of several it is counted,
/// and the next is asked for.
fn settle(model: &mut Model, id: &ConnectionId, notice: Notice) -> Vec<Request> {
    let outcome = if notice.bad {
        Err(notice.text.as_str())
    } else {
        Ok(())
    };
    let bulk = model.world.bulk.as_mut();
    if !bulk.is_some_and(|bulk| bulk.settled(id, outcome)) {
        model.notice = Some(notice);
        return Vec::new();
    }
    go_on(model)
}

/// A test read was refused for want of scopes: what is missing, and the key that asks for it too. Remembered until
/// it is asked for.
fn lacking(
    model: &mut Model,
    id: &ConnectionId,
    name: &ConnectionName,
    error: &crate::engine::Error,
) -> Option<String> {
    let world = &mut model.world;
    let row = world.table.row(id)?;
    let state = world.step_ups.entry(id.clone()).or_default();
    let remedy = state.refused(error, &row.summary.requested, row.granted())?;
    Some(match remedy {
        Remedy::SignIn { missing, .. } => world.keys().fill(&step_up::by_key(name, &missing)),
        Remedy::NotGranted { missing } => step_up::not_granted(name, &missing).sentence,
    })
}

/// Nothing failed and nothing was tested: what would make it possible is told.
fn untestable(model: &mut Model, id: &ConnectionId, name: &ConnectionName) -> Vec<Request> {
    let bulk = model.world.bulk.as_mut();
    if bulk.is_some_and(|bulk| bulk.cannot(id, Lack::TestRead)) {
        return go_on(model);
    }
    let words = format!("No test read is known for {name}. {{edit}} adds a Test read URL.");
    model.notice = Some(Notice::info(model.world.keys().fill(&words)));
    Vec::new()
}

/// The next of several, and how far it is.
fn go_on(model: &mut Model) -> Vec<Request> {
    let Some(bulk) = &mut model.world.bulk else {
        return Vec::new();
    };
    let next = bulk.next();
    // Nothing failed: there is nothing to read, and the keys belong to the table again.
    if bulk.is_over() && bulk.failed().is_empty() {
        let notice = bulk.notice();
        model
            .screens
            .retain(|screen| !matches!(screen, Screen::Bulk(screen) if screen.is_begun()));
        model.notice = Some(notice);
    } else if !model
        .screens
        .iter()
        .any(|screen| matches!(screen, Screen::Bulk(_)))
    {
        model.notice = Some(bulk.notice());
    }
    next
}

/// A deletion was undone, as far as that goes.
fn undone(was: &ConnectionName, name: &ConnectionName, secret_lost: bool) -> String {
    let called = if was == name {
        format!("{name} is back")
    } else {
        format!("{was} is back, as {name}")
    };
    if secret_lost {
        format!("Undone: {called}, without its client secret and its sign-in. e adds the secret.")
    } else {
        format!("Undone: {called}, without its sign-in. u signs in.")
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
            Screen::Editing(editing) => editing.know(detail),
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
    if model.world.vault == VaultState::None && waiting.is_empty() {
        let words = "The vault is made. Your passphrase opens it; there is no recovery.";
        model.notice = Some(Notice::info(words));
    }
    waiting.into_iter().chain([Request::LoadRows]).collect()
}

fn on_failed(
    model: &mut Model,
    doing: &Doing,
    error: &std::sync::Arc<crate::engine::Error>,
) -> Vec<Request> {
    let advice = advise(error);
    // Commands to run are for the command line; here the keys stand in the footer.
    let hint = advice.hint.filter(|hint| !hint.contains("run: "));
    let sentence = match hint {
        Some(hint) => format!("{} {hint}", advice.sentence),
        None => advice.sentence,
    };
    for screen in &mut model.screens {
        if let Screen::Editing(editing) = screen {
            editing.not_stored();
        }
    }
    if let (Doing::With(id, name), crate::engine::Error::NoTestRead) = (doing, error.as_ref()) {
        return untestable(model, id, name);
    }
    match doing {
        Doing::SignIn(connection) => {
            if let Some(at) = position(model, |authorize| authorize.connection() == connection)
                && let Screen::Authorize(authorize) = &mut model.screens[at]
            {
                authorize.fail(error, None);
                drop_idle_question(model);
                return Vec::new();
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
        Doing::With(id, name) => {
            let sentence = lacking(model, id, name, error).unwrap_or(sentence);
            let named = sentence.starts_with(name.as_str());
            let words = if named {
                sentence
            } else {
                format!("{name}: {sentence}")
            };
            return settle(model, id, Notice::bad(words));
        }
        Doing::At(id) => return settle(model, id, Notice::bad(sentence)),
        Doing::Restore(definition) => {
            let name = &definition.name;
            model.notice = Some(Notice::bad(format!("{name} did not come back. {sentence}")));
            model.world.deleted.push(definition.as_ref().clone());
        }
        Doing::Import => {
            let bringing = model.screens.iter_mut().find_map(|screen| match screen {
                Screen::Bringing(bringing) => Some(bringing),
                _ => None,
            });
            match bringing {
                Some(bringing) => bringing.not_stored(Some(sentence)),
                None => model.notice = Some(Notice::bad(sentence)),
            }
        }
        Doing::Load | Doing::OpenPage => model.notice = Some(Notice::bad(sentence)),
    }
    Vec::new()
}
