//! Settings and presets that are read again while the program runs, once a person wants it (bad input F13).
//! What depends on the surroundings at the start (browser, first way, agent, SSH host) holds from the next
//! start.

use std::path::PathBuf;

use super::model::{Copies, Model, Screen};
use super::notice::Notice;
use super::request::Request;
use super::theme::Look;
use super::wizard::{PresetChoice, Presets};
use crate::actions::Keymap;

/// What was read.
pub struct Fresh {
    pub look: Look,
    pub mouse: bool,
    pub keys: Keymap,
    pub copies: Copies,
    pub presets: Vec<PresetChoice>,
}

/// Where the files are, and how they are read: everything that is wrong with them line by line, or all of it.
pub struct SettingsDoor {
    pub folder: PathBuf,
    pub read: Box<dyn Fn() -> Result<Fresh, Vec<String>>>,
}

/// The files are others than those that were read.
pub(super) fn changed(model: &mut Model) {
    model.world.settings_changed = true;
    let words = "Settings or presets were changed. {read-settings-again} reads them again.";
    model.notice = Some(Notice::info(model.world.keys().fill(words)));
}

/// They were read again. With a mistake in them what held before goes on holding.
pub(super) fn read_again(model: &mut Model, read: Result<Box<Fresh>, Vec<String>>) -> Vec<Request> {
    let fresh = match read {
        Ok(fresh) => *fresh,
        Err(mut lines) => {
            let more = match lines.len() {
                0 | 1 => String::new(),
                count => format!(" ({} more: valetkey doctor)", count - 1),
            };
            let first = lines.drain(..).next().unwrap_or_default();
            let words = format!("{first}{more}. Until that is put right the old settings hold.");
            model.notice = Some(Notice::bad(words));
            return Vec::new();
        }
    };
    let world = &mut model.world;
    world.settings_changed = false;
    world.setup.look = fresh.look;
    world.table.set_keys(fresh.keys.clone());
    world.setup.keys = fresh.keys;
    world.setup.copies = fresh.copies;
    world.setup.presets = Presets::new(Box::new(move || fresh.presets));
    let mouse = (world.mouse != fresh.mouse).then(|| {
        world.mouse = fresh.mouse;
        Request::Mouse(fresh.mouse)
    });
    // Their lists name presets by place.
    let kept = model.kept.iter_mut();
    let open = model.screens.iter_mut().filter_map(|screen| match screen {
        Screen::Wizard(wizard) => Some(wizard),
        _ => None,
    });
    for wizard in kept.chain(open) {
        wizard.look(&model.world);
    }
    let words = "The settings were read again. Connections keep their own addresses.";
    model.notice = Some(Notice::info(words));
    mouse.into_iter().collect()
}
