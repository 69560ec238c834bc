//! The one place where the model changes: a message in, requests out. Pure.

use crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};

use super::asked;
use super::face::Effect;
use super::fresh;
use super::hit::{Hit, hit};
use super::home;
use super::keys;
use super::model::{Copies, Model, Screen};
use super::msg::Msg;
use super::notice::Notice;
use super::reply;
use super::request::Request;
use super::screens::{BulkScreen, HelpScreen, Leaving, PaletteScreen};
use super::view;
use super::wizard::Wizard;
use crate::actions::{Action, Key, Place};
use crate::model::{Secret, UnixTime};

/// Takes one message.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Request> {
    let requests = match msg {
        Msg::Key(event) => on_key(model, &event),
        Msg::Paste(text) => on_paste(model, &text),
        Msg::Mouse(event) => on_mouse(model, event),
        Msg::Resize(width, height) => {
            model.world.size = (width, height);
            Vec::new()
        }
        Msg::Tick(now) => on_tick(model, now),
        Msg::Engine(change) => below_the_question(model, |model| reply::on_change(model, change)),
        Msg::Done(answer) => below_the_question(model, |model| reply::on_reply(model, answer)),
        Msg::SettingsChanged => {
            fresh::changed(model);
            Vec::new()
        }
        Msg::Agent(news) => {
            asked::on_agent(model, news);
            Vec::new()
        }
    };
    let lines = view::row_lines(model);
    model.world.table.scroll(lines);
    requests
}

/// A question of the agent's lies above whatever goes on: what happens there neither covers it nor
/// takes its keys.
fn below_the_question(
    model: &mut Model,
    happens: impl FnOnce(&mut Model) -> Vec<Request>,
) -> Vec<Request> {
    let question = model
        .screens
        .pop_if(|screen| matches!(screen, Screen::AgentAsks(_)));
    let requests = happens(model);
    model.screens.extend(question);
    requests
}

fn on_tick(model: &mut Model, now: UnixTime) -> Vec<Request> {
    let before = std::mem::replace(&mut model.world.now, now);
    // A state word depends on the clock; the engine judges it when the rows are read.
    if model.world.table.ends_between(before, now) {
        vec![Request::LoadRows]
    } else {
        Vec::new()
    }
}

fn on_key(model: &mut Model, event: &KeyEvent) -> Vec<Request> {
    let Some(key) = keys::key(event) else {
        return Vec::new();
    };
    let copied_notice = model.notice.take();
    if model.typing() {
        if type_key(model, event) {
            model.turned = 0;
            return Vec::new();
        }
        if key.is_printable() {
            return Vec::new();
        }
    }
    let place = model.place();
    let Some(entry) = model.world.keys().find(place, key) else {
        return Vec::new();
    };
    if entry.action == Action::Copy
        && let Some(text) = copied_notice.and_then(|notice| notice.copy)
    {
        return apply(model, vec![Effect::Copy("The address", text)]);
    }
    if let Err(reason) = model.world.keys().possible(entry, &model.facts()) {
        // Esc with nothing to clear needs no explanation.
        if entry.action != Action::Clear {
            model.notice = Some(Notice::info(reason));
        }
        return Vec::new();
    }
    perform(model, entry.action, key)
}

/// Gives a key to the focused field; `true` when the field took it.
fn type_key(model: &mut Model, event: &KeyEvent) -> bool {
    if model.top().is_some() {
        let Some(screen) = model.screens.last_mut() else {
            return false;
        };
        let face = screen.face_mut();
        let took = face.typed().is_some_and(|mut field| field.key(event));
        if took {
            face.edited(&model.world);
        }
        return took;
    }
    let took = model.world.table.filter_mut().key(event);
    if took {
        model.world.table.refilter();
    }
    took
}

fn on_paste(model: &mut Model, text: &Secret) -> Vec<Request> {
    model.turned = 0;
    if model.top().is_none() {
        if model.world.table.finding() {
            model.world.table.filter_mut().paste(text.reveal());
            model.world.table.refilter();
        }
        return Vec::new();
    }
    let Some(screen) = model.screens.last_mut() else {
        return Vec::new();
    };
    if let Screen::Authorize(authorize) = screen {
        authorize.pasted(text.reveal());
        return Vec::new();
    }
    let face = screen.face_mut();
    let pasted = match face.typed() {
        Some(mut field) => {
            field.paste(text.reveal());
            true
        }
        None => false,
    };
    if pasted {
        face.edited(&model.world);
    }
    Vec::new()
}

/// Does an action in the place that has the keys.
fn perform(model: &mut Model, action: Action, key: Key) -> Vec<Request> {
    match action {
        Action::Redraw => return vec![Request::Redraw],
        Action::ReadAgain => return vec![Request::ReadSettings],
        Action::Suspend => return vec![Request::Suspend],
        Action::Mouse => {
            model.world.mouse = !model.world.mouse;
            let words = if model.world.mouse {
                "The mouse works here now. {mouse} gives it back to your terminal."
            } else {
                "The mouse belongs to your terminal now, to select text. {mouse} takes it back."
            };
            model.notice = Some(Notice::info(model.world.keys().fill(words)));
            return vec![Request::Mouse(model.world.mouse)];
        }
        Action::Lock => return vec![Request::Lock],
        Action::Answer => {
            asked::open(model);
            return Vec::new();
        }
        Action::Quit if model.world.setup.leads_back && model.running().is_none() => {
            return vec![Request::LeavePractice];
        }
        Action::Quit | Action::Leave => return leave(model),
        Action::Help => {
            let help = HelpScreen::new(model.place(), model.facts());
            model.screens.push(Screen::Help(help));
            return Vec::new();
        }
        Action::Palette => {
            let palette = PaletteScreen::new(model.place(), model.facts(), &model.world);
            model.screens.push(Screen::Palette(palette));
            return Vec::new();
        }
        _ => {}
    }
    if turn(model, action) {
        return Vec::new();
    }
    model.turned = 0;
    let effects = if model.top().is_some() {
        match model.screens.last_mut() {
            Some(screen) => screen.face_mut().act(action, key, &model.world),
            None => Vec::new(),
        }
    } else {
        home::act(model, action, key)
    };
    apply(model, effects)
}

/// Turns the page that has the keys, where its selection cannot move on; `false` when that is not so.
fn turn(model: &mut Model, action: Action) -> bool {
    let page = model.world.page_lines().cast_signed();
    let lines = match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -page,
        Action::PageDown => page,
        _ => return false,
    };
    let turns = view::page_with_keys(model).map_or(0, |(page, body)| page.turns(lines, body));
    model.turned += turns;
    // At its end it stays there.
    turns != 0 || model.turned.signum() == lines.signum()
}

fn leave(model: &mut Model) -> Vec<Request> {
    let asked = matches!(model.screens.last(), Some(Screen::Leaving(_)));
    // One that has not begun yet, for want of a passphrase, has nothing to lose.
    match model.running() {
        Some(authorize) if !asked && authorize.attempt().is_some() => {
            let leaving = Leaving::program(authorize.name().to_owned());
            model.screens.push(Screen::Leaving(leaving));
            Vec::new()
        }
        _ => vec![Request::Quit],
    }
}

/// Carries out what a screen wants.
pub(super) fn apply(model: &mut Model, effects: Vec<Effect>) -> Vec<Request> {
    let mut requests = Vec::new();
    for effect in effects {
        match effect {
            Effect::Ask(request) => requests.push(request),
            Effect::Open(screen) => model.screens.push(*screen),
            Effect::Close => {
                if let Some(screen) = model.screens.pop() {
                    closed(model, screen);
                }
            }
            Effect::Home => {
                for screen in std::mem::take(&mut model.screens) {
                    if let Screen::Wizard(wizard) = screen {
                        left(model, *wizard);
                    }
                }
            }
            Effect::Say(notice) => model.notice = Some(notice),
            Effect::Copy(what, text) => requests.extend(copy(model, what, Secret::new(text))),
            Effect::Bulk(mut bulk) => {
                requests.extend(bulk.next());
                model.world.bulk = Some(*bulk);
                model.screens.push(Screen::Bulk(BulkScreen::begun()));
            }
            Effect::Do(action) => {
                requests.extend(perform(model, action, Key::Enter));
            }
            Effect::Correct(what) => {
                if let Some(Screen::Wizard(wizard)) = model.screens.last_mut() {
                    let effects = wizard.correct(what, &model.world);
                    requests.extend(apply(model, effects));
                }
            }
            Effect::SignInWith(scopes) => {
                if let Some(Screen::Authorize(authorize)) = model.screens.last_mut() {
                    let effects = authorize.with_scopes(scopes, &model.world);
                    requests.extend(apply(model, effects));
                }
            }
        }
    }
    requests
}

/// Copies a text that is no token, and says where to: nobody can know whether the terminal took it.
pub(super) fn copy(model: &mut Model, what: &str, text: Secret) -> Option<Request> {
    let (words, request) = match model.world.setup.copies {
        Copies::Terminal => (
            format!("{what} was sent to your terminal's clipboard."),
            Some(Request::Copy(text)),
        ),
        Copies::Native => (
            format!("{what} was copied."),
            Some(Request::CopyNative(text)),
        ),
        Copies::Nowhere => (
            "Nothing was copied: your settings switch it off (clipboard in config.toml)."
                .to_owned(),
            None,
        ),
    };
    model.notice = Some(Notice::info(words));
    request
}

fn closed(model: &mut Model, screen: Screen) {
    match screen {
        Screen::Wizard(wizard) => left(model, *wizard),
        Screen::AgentAsks(asks) if asks.is_answered() => {
            let id = asks.question().id;
            model.world.asked.retain(|question| question.id != id);
        }
        Screen::Asking(_) | Screen::Waiting(_) => unasked(model),
        Screen::Adopting(adopting) if !adopting.is_adopted() => stop_bulk(model),
        _ => {}
    }
}

/// The wizard was left: what it stored is in the table, and what it drops is said.
fn left(model: &mut Model, wizard: Wizard) {
    let stored = wizard
        .saved()
        .and_then(|id| model.world.table.row(id))
        .map(|row| (row.summary.id.clone(), row.summary.name.clone()));
    let words = match &stored {
        Some((id, name)) => {
            model.world.table.select_id(id);
            Some(format!("{name} is stored. {{re-authorize}} signs in."))
        }
        None if wizard.drops_secret() => {
            Some("What you typed is kept for {add}, but not the client secret.".to_owned())
        }
        None => None,
    };
    if let (Some(words), None) = (words, &model.notice) {
        model.notice = Some(Notice::info(model.world.keys().fill(&words)));
    }
    model.kept = wizard.into_kept(&model.world).map(Box::new);
}

fn stop_bulk(model: &mut Model) {
    if let Some(bulk) = &mut model.world.bulk {
        bulk.stop();
    }
}

/// The vault stays closed: what waited for it does not happen, and nothing goes on waiting.
fn unasked(model: &mut Model) {
    stop_bulk(model);
    let idle = |screen: &Screen| matches!(screen, Screen::Authorize(authorize) if authorize.attempt().is_none());
    if model.screens.last().is_some_and(idle) {
        model.screens.pop();
    }
    match model.screens.last_mut() {
        Some(Screen::Wizard(wizard)) => wizard.not_stored(),
        Some(Screen::Editing(editing)) => editing.not_stored(),
        Some(Screen::Bringing(bringing)) => bringing.not_stored(None),
        _ => {}
    }
}

fn on_mouse(model: &mut Model, event: MouseEvent) -> Vec<Request> {
    if !model.world.mouse {
        return Vec::new();
    }
    let action = match event.kind {
        MouseEventKind::ScrollUp => Action::Up,
        MouseEventKind::ScrollDown => Action::Down,
        MouseEventKind::Down(MouseButton::Left) => return click(model, event.column, event.row),
        _ => return Vec::new(),
    };
    perform(model, action, Key::Up)
}

fn click(model: &mut Model, x: u16, y: u16) -> Vec<Request> {
    match hit(model, x, y) {
        Hit::Nothing => Vec::new(),
        Hit::Item(item) => {
            model.turned = 0;
            let world = &model.world;
            let Some(screen) = model.screens.last_mut() else {
                model.start_at = item;
                return perform(model, Action::Choose, Key::Enter);
            };
            let press = screen.face_mut().click(item, world);
            let enter = if model.place() == Place::Form {
                Action::GoOn
            } else {
                Action::Choose
            };
            if press {
                perform(model, enter, Key::Enter)
            } else {
                Vec::new()
            }
        }
        Hit::Heading(column) => {
            model.world.table.sort_by(column);
            Vec::new()
        }
        Hit::Row(at) => {
            if let Some(Screen::Details(details)) = model.screens.last_mut() {
                details.focused = false;
            }
            let same = model.world.table.position() == at;
            model.world.table.select(at);
            let effects = if same && model.screens.is_empty() {
                home::open_details(&model.world)
            } else {
                home::moved_on(model)
            };
            apply(model, effects)
        }
    }
}

/// For the loop: the clock of the model.
pub(super) fn now(model: &Model) -> UnixTime {
    model.world.now
}
