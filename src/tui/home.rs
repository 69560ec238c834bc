//! The bottom of the stack: the table, and the first-start screen while it is empty.

use super::authorize::Authorize;
use super::bulk::{Bulk, Deed, Job};
use super::face::{Effect, moved};
use super::model::{Model, Screen, VaultState, World};
use super::notice::Notice;
use super::page::{Page, Pen};
use super::request::Request;
use super::screens::{
    Asking, Bringing, BulkScreen, Details, Editing, HistoryScreen, OtherScopes, Renaming, Revoking,
};
use super::theme::Role;
use super::wizard::Wizard;
use crate::actions::{Action, Key};
use crate::engine::Row;

/// What the first-start screen offers, in order.
const START: [StartLine; 3] = [
    (
        Action::Add,
        "{add}",
        "connect a service",
        "GitHub, Linear, Slack, or any other by its URLs",
    ),
    (
        Action::Practise,
        "{practise}",
        "practise first",
        "a pretend service on this machine; nothing leaves it",
    ),
    (
        Action::BringOver,
        "{bring-settings-over}",
        "bring settings over",
        "from another machine",
    ),
];

/// The first of them in practice.
const IN_PRACTICE: StartLine = (
    Action::Add,
    "{add}",
    "connect a service",
    "the pretend one: the whole way, up to the first test",
);

type StartLine = (Action, &'static str, &'static str, &'static str);

/// Stands below them, until there is a vault.
const OTHER_WAY: StartLine = (
    Action::OtherWay,
    "{choose-another-way}",
    "choose another way",
    "a passphrase of your own holds it",
);

/// What the first-start screen offers at this moment.
fn offers(world: &World) -> Vec<StartLine> {
    if world.setup.practice {
        let back = if world.setup.leads_back {
            "back to your own connections"
        } else {
            "and the program"
        };
        let leave = (Action::Quit, "{quit}", "leave practice", back);
        return vec![IN_PRACTICE, leave];
    }
    let other = (world.vault == VaultState::None).then_some(OTHER_WAY);
    START.into_iter().chain(other).collect()
}

/// Does an action of the table or the first-start screen.
pub(super) fn act(model: &mut Model, action: Action, _key: Key) -> Vec<Effect> {
    let page = model.world.page_lines();
    let table = &mut model.world.table;
    if table.finding() {
        return find(model, action);
    }
    if action == Action::Undo {
        let deleted = model.world.deleted.pop().map(Box::new);
        let asked = deleted.map(|deleted| Effect::Ask(Request::Restore(deleted)));
        return asked.into_iter().collect();
    }
    if table.is_empty() {
        return start(model, action);
    }
    if table.step(action, page) {
        return moved_on(model);
    }
    match action {
        Action::Add => vec![Effect::Open(Box::new(wizard(model)))],
        Action::BringOver => Bringing::open(),
        Action::Open if matches!(model.screens.last(), Some(Screen::Details(_))) => focus(model),
        Action::Open => open_details(&model.world),
        Action::Test => bulk(&model.world, Deed::Test, test),
        Action::Refresh => bulk(&model.world, Deed::Refresh, refresh),
        Action::Reauthorize => reauthorize(&model.world),
        Action::OtherScopes => other_scopes(&model.world),
        Action::Revoke | Action::Delete => revoke(&model.world, &model.world.table.targets()),
        Action::Edit => Editing::open(&model.world),
        Action::Rename => match table.selected() {
            Some(row) => vec![Effect::Open(Box::new(Screen::Renaming(Renaming::new(row))))],
            None => Vec::new(),
        },
        Action::History => HistoryScreen::open(&model.world),
        Action::Copy => match table.selected() {
            Some(row) => vec![Effect::Copy("The name", row.summary.name.to_string())],
            None => Vec::new(),
        },
        Action::Find => {
            table.find();
            Vec::new()
        }
        Action::Clear if table.narrowed() => {
            table.clear();
            Vec::new()
        }
        // Nothing to clear: the details beside the table go.
        Action::Clear => vec![Effect::Close],
        Action::Mark => {
            table.toggle_mark();
            moved_on(model)
        }
        Action::Sort => {
            table.next_column();
            vec![Effect::Say(Notice::info(table.order_words()))]
        }
        Action::Group => {
            table.next_group();
            vec![Effect::Say(Notice::info(table.group_words()))]
        }
        Action::SortBefore => {
            table.column_before();
            vec![Effect::Say(Notice::info(table.order_words()))]
        }
        Action::Reverse => {
            table.reverse();
            vec![Effect::Say(Notice::info(table.order_words()))]
        }
        Action::Switch => focus(model),
        _ => Vec::new(),
    }
}

/// Gives the keys to the details beside the table.
fn focus(model: &mut Model) -> Vec<Effect> {
    if let Some(Screen::Details(details)) = model.screens.last_mut() {
        details.focused = true;
    }
    Vec::new()
}

/// The wizard: the one that was left half-way, or a new one.
pub(super) fn wizard(model: &mut Model) -> Screen {
    match model.kept.take() {
        Some(kept) => Screen::Wizard(kept),
        None => Screen::Wizard(Box::new(Wizard::new(&model.world))),
    }
}

/// The selection moved: details beside the table follow it.
pub(super) fn moved_on(model: &mut Model) -> Vec<Effect> {
    let Some(Screen::Details(details)) = model.screens.last_mut() else {
        return Vec::new();
    };
    let Some(row) = model.world.table.selected() else {
        return Vec::new();
    };
    if !details.show(&row.summary.id) {
        return Vec::new();
    }
    vec![Effect::Ask(Request::LoadDetail(row.summary.id.clone()))]
}

pub(super) fn open_details(world: &World) -> Vec<Effect> {
    let Some(row) = world.table.selected() else {
        return Vec::new();
    };
    let id = row.summary.id.clone();
    vec![
        Effect::Open(Box::new(Screen::Details(Details::new(id.clone())))),
        Effect::Ask(Request::LoadDetail(id)),
    ]
}

pub(super) fn test(row: &Row) -> Job {
    job(row, Request::Test(row.summary.id.clone()))
}

pub(super) fn refresh(row: &Row) -> Job {
    job(row, Request::Refresh(row.summary.id.clone()))
}

fn job(row: &Row, request: Request) -> Job {
    Job {
        id: row.summary.id.clone(),
        name: row.summary.name.clone(),
        request,
    }
}

/// With the selected connection at once, with several after a question.
fn bulk(world: &World, deed: Deed, job: fn(&Row) -> Job) -> Vec<Effect> {
    match world.table.targets().as_slice() {
        [] => Vec::new(),
        [row] => one(row, deed, job),
        _ if is_busy(world) => busy(world),
        many => vec![Effect::Open(Box::new(Screen::Bulk(BulkScreen::ask(
            deed, many, job,
        ))))],
    }
}

/// With one connection.
pub(super) fn one(row: &Row, deed: Deed, job: fn(&Row) -> Job) -> Vec<Effect> {
    let doing = match deed {
        Deed::Test => "Testing",
        _ => "Refreshing",
    };
    vec![
        Effect::Ask(job(row).request),
        Effect::Say(Notice::info(format!("{doing} {}", row.summary.name))),
    ]
}

fn is_busy(world: &World) -> bool {
    world.bulk.as_ref().is_some_and(|bulk| !bulk.is_over())
}

/// One after the other: two counts would be read as one.
fn busy(world: &World) -> Vec<Effect> {
    let words = world.bulk.as_ref().map(Bulk::words).unwrap_or_default();
    vec![Effect::Say(Notice::info(format!(
        "Something with several is under way: {words}."
    )))]
}

pub(super) fn reauthorize(world: &World) -> Vec<Effect> {
    match world.table.selected() {
        Some(row) => Authorize::start_again(row, world),
        None => Vec::new(),
    }
}

pub(super) fn other_scopes(world: &World) -> Vec<Effect> {
    match world.table.selected() {
        Some(row) => OtherScopes::open(row, &world.proposed_scopes(row, &row.summary.requested)),
        None => Vec::new(),
    }
}

/// Asks how they are to end.
pub(super) fn revoke(world: &World, targets: &[&Row]) -> Vec<Effect> {
    let Some(first) = targets.first() else {
        return Vec::new();
    };
    if targets.len() > 1 && is_busy(world) {
        return busy(world);
    }
    // Whether the provider can be told stands in the definition: read it before asking.
    let id = first.summary.id.clone();
    vec![
        Effect::Open(Box::new(Screen::Revoking(Revoking::new(targets, world)))),
        Effect::Ask(Request::LoadDetail(id)),
    ]
}

fn find(model: &mut Model, action: Action) -> Vec<Effect> {
    let table = &mut model.world.table;
    match action {
        Action::GoOn => table.stop_finding(),
        Action::Back => {
            table.filter_mut().set("");
            table.refilter();
            table.stop_finding();
        }
        Action::Complete => table.complete(),
        _ => {}
    }
    moved_on(model)
}

fn start(model: &mut Model, action: Action) -> Vec<Effect> {
    let offers = offers(&model.world);
    let len = offers.len();
    if let Some(at) = moved(model.start_at, len, 1, action) {
        model.start_at = at;
        return Vec::new();
    }
    let action = match action {
        Action::Choose => offers[model.start_at.min(len - 1)].0,
        other => other,
    };
    match action {
        Action::Add => vec![Effect::Open(Box::new(wizard(model)))],
        Action::Practise => vec![Effect::Ask(Request::Practise)],
        Action::BringOver => Bringing::open(),
        Action::Quit => vec![Effect::Do(Action::Quit)],
        Action::OtherWay => {
            let asking = Screen::Asking(Asking::new(true, None));
            vec![Effect::Open(Box::new(asking))]
        }
        _ => Vec::new(),
    }
}

/// The first-start screen.
pub(super) fn start_page(model: &Model, pen: Pen) -> Page {
    let world = &model.world;
    let mut page = Page::new("Valetkey", super::view::aside(world), pen);
    if !world.loaded {
        return page;
    }
    page.text(0, Role::Plain, "No connections yet.");
    page.blank();
    let mut offers: Vec<_> = offers(world).into_iter().enumerate().collect();
    let at = model.start_at.min(offers.len() - 1);
    let other = offers.split_off(START.len().min(offers.len()));
    let offer = |page: &mut Page, (index, (_, key, label, note))| {
        let label = format!("{}  {label}", world.keys().fill(key));
        page.item(index, index == at, &label, 24, note);
    };
    for one in offers {
        offer(&mut page, one);
    }
    if let Some(deleted) = world.deleted.last() {
        page.text(
            0,
            Role::Plain,
            &format!("z  bring {} back, which you deleted", deleted.name),
        );
    }
    page.blank();
    if world.setup.practice {
        let words = "This is practice: the service is a pretend one on this machine, and nothing of it is kept.";
        page.text(0, Role::Plain, words);
    } else {
        let words = if world.vault == VaultState::None {
            world.setup.key_place.as_str()
        } else {
            "Sign-ins are stored encrypted."
        };
        page.text(0, Role::Plain, words);
    }
    for one in other {
        offer(&mut page, one);
    }
    page
}
