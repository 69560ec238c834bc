//! `[keys]`: the keys of a person's own, by the names of the actions.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::read::Draft;
use crate::actions::{Action, Conflict, Key, Keymap, all};
use crate::model::strict_toml::Fields;

/// Where an action got its keys.
struct Given {
    name: String,
    at: Range<usize>,
}

pub(super) fn setting(fields: &Fields<'_>, draft: &mut Draft) {
    let Some(table) = fields.table("keys") else {
        return;
    };
    let mut map = Keymap::default();
    let mut given: BTreeMap<Action, Given> = BTreeMap::new();
    for entry in all() {
        let name = entry.public_name();
        if given.contains_key(&entry.action) {
            continue;
        }
        let Some(found) = table.get_by(&name) else {
            continue;
        };
        let Some(keys) = keys(&table, &name, found) else {
            continue;
        };
        let at = found.span();
        if table
            .checked(&name, &at, map.set(entry.action, keys))
            .is_some()
        {
            given.insert(entry.action, Given { name, at });
        }
    }
    // One less with every turn.
    while let Some(conflict) = map.conflict() {
        tell(&table, &given, &conflict);
        map.reset(conflict.action);
        given.remove(&conflict.action);
    }
    draft.settings.keys = map;
    table.end();
}

/// Both places: where the file gives the key, and where the other action has it from.
fn tell(table: &Fields<'_>, given: &BTreeMap<Action, Given>, conflict: &Conflict) {
    let name_of = |action: Action| {
        let entry = all().iter().find(|entry| entry.action == action);
        entry.map(|entry| entry.public_name()).unwrap_or_default()
    };
    let (key, place) = (conflict.key, conflict.place.title());
    let other = name_of(conflict.other);
    let from = match given.get(&conflict.other) {
        Some(theirs) => format!("has it from line {}", table.line_of(&theirs.at)),
        None => "has it from the table of actions, docs/KEYS.md".to_owned(),
    };
    if let Some(ours) = given.get(&conflict.action) {
        let what = format!(
            "`{key}` is `{other}` already, in \"{place}\" ({from}); the action keeps its own keys"
        );
        table.wrong(&ours.at, &ours.name, what);
    }
}

/// One key or a list of them; `None` when something is wrong, which was noted then.
fn keys(table: &Fields<'_>, name: &str, found: &Spanned<DeValue<'_>>) -> Option<Vec<Key>> {
    let items: Vec<&Spanned<DeValue<'_>>> = match found.get_ref() {
        DeValue::Array(items) => items.iter().collect(),
        DeValue::String(_) => vec![found],
        _ => {
            table.not_a("a list of keys", name, found);
            return None;
        }
    };
    let keys: Vec<Option<Key>> = items
        .into_iter()
        .map(|item| {
            let DeValue::String(text) = item.get_ref() else {
                table.not_a("a key", name, item);
                return None;
            };
            let key = text.parse::<Key>();
            let key = key.map_err(|problem| format!("`{text}`: {problem}"));
            table.checked(name, &item.span(), key)
        })
        .collect();
    keys.into_iter().collect()
}
