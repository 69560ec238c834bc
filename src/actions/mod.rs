//! Every action once: its name, its keys, its help line, where it works and why it may not.
//!
//! One table feeds the keys, the footer, the help page, the palette and `docs/KEYS.md`, so that
//! none of them can drift from the others; a [`Keymap`] replaces keys by a person's own. May use: model (it needs nothing of it today). It does
//! not know the terminal: a face turns its events into [`Key`]s and does what an [`Action`] says.

mod facts;
mod key;
mod keymap;
mod page;
mod place;
mod table;

pub use facts::Facts;
pub use key::{Key, NoKey};
pub use keymap::{Conflict, Keymap, KeysRefused};
pub use page::keys_page;
pub use place::{Action, Place};
pub use table::{Entry, all};

#[cfg(test)]
mod tests;
