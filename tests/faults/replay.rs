//! What a loss of power leaves on the disk after a recorded series of changes.
//!
//! Between two syncs anything may have reached the disk: of the writes that are not synced any
//! sectors, of the names made, changed and removed any beginning of their series.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::trace::Op;

const SECTOR: usize = 512;

/// A part of a file's content that reached the disk or did not.
#[derive(Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
}

#[derive(Clone, Default)]
struct Content {
    durable: Vec<u8>,
    /// Not synced yet.
    open: Vec<Change>,
}

#[derive(Clone)]
enum Name {
    Is(PathBuf, Node),
    Gone(PathBuf),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

/// A disk with what is safe on it and what is not yet.
#[derive(Clone)]
pub(crate) struct Disk {
    contents: Vec<Content>,
    /// As the running system sees them.
    live: BTreeMap<PathBuf, Node>,
    /// As they are on the disk.
    durable: BTreeMap<PathBuf, Node>,
    /// Changes of names not synced yet, by the folder they lie in.
    open: Vec<Name>,
}

/// How much of what is not synced reaches the disk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reaches {
    Nothing,
    Everything,
    /// By this seed.
    Some(u64),
}

impl Disk {
    /// Everything below `root`, all of it safe.
    pub(crate) fn of(root: &Path) -> Self {
        let mut disk = Self {
            contents: Vec::new(),
            live: BTreeMap::new(),
            durable: BTreeMap::new(),
            open: Vec::new(),
        };
        disk.read(root);
        disk.durable = disk.live.clone();
        disk
    }

    fn read(&mut self, folder: &Path) {
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        self.live.insert(folder.to_owned(), Node::Folder);
        for entry in entries {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                self.read(&path);
            } else {
                let durable = fs::read(&path).expect("reads");
                let number = self.new_content(durable);
                self.live.insert(path, Node::File(number));
            }
        }
    }

    fn new_content(&mut self, durable: Vec<u8>) -> usize {
        self.contents.push(Content {
            durable,
            open: Vec::new(),
        });
        self.contents.len() - 1
    }

    pub(crate) fn apply(&mut self, op: &Op) {
        match op {
            Op::Create(path) => {
                if !self.live.contains_key(path) {
                    let number = self.new_content(Vec::new());
                    self.name(Name::Is(path.clone(), Node::File(number)));
                }
            }
            Op::Folder(path) => self.name(Name::Is(path.clone(), Node::Folder)),
            Op::Write { path, at, bytes } => {
                let (at, bytes) = (*at, bytes.clone());
                self.change(path, Change::Write { at, bytes });
            }
            Op::Truncate(path, length) => self.change(path, Change::Length(*length)),
            Op::Rename(from, to) => {
                let node = *self.live.get(from).expect("a name to change");
                self.name(Name::Gone(from.clone()));
                // Both at once: the new name is never without the old one's loss undone.
                self.name(Name::Is(to.clone(), node));
            }
            Op::Unlink(path) => self.name(Name::Gone(path.clone())),
            Op::Sync(path) => match self.live.get(path) {
                Some(Node::File(number)) => {
                    let content = &mut self.contents[*number];
                    for change in std::mem::take(&mut content.open) {
                        change.apply(&mut content.durable);
                    }
                }
                Some(Node::Folder) => {
                    let (synced, open) = std::mem::take(&mut self.open)
                        .into_iter()
                        .partition(|name| name.path().parent() == Some(path));
                    self.open = open;
                    for name in Vec::from_iter::<Vec<Name>>(synced) {
                        name.apply(&mut self.durable);
                    }
                }
                // A folder that holds the home, or a file without a name.
                None => {}
            },
        }
    }

    fn name(&mut self, name: Name) {
        name.apply(&mut self.live);
        self.open.push(name);
    }

    fn change(&mut self, path: &Path, change: Change) {
        // A file that has no name any more matters to nobody.
        if let Some(Node::File(number)) = self.live.get(path) {
            self.contents[*number].open.push(change);
        }
    }

    /// Writes what is left after the power went, in place of whatever is below `root`.
    pub(crate) fn leave(&self, reaches: Reaches, root: &Path, to: &Path) {
        let mut chance = Chance(match reaches {
            Reaches::Some(seed) => seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            _ => 1,
        });
        let mut names = self.durable.clone();
        let kept = match reaches {
            Reaches::Nothing => 0,
            Reaches::Everything => self.open.len(),
            Reaches::Some(_) => chance.below(self.open.len() + 1),
        };
        for name in &self.open[..kept] {
            name.apply(&mut names);
        }
        let _ = fs::remove_dir_all(to);
        fs::create_dir_all(to).expect("a folder");
        for (path, node) in &names {
            let place = to.join(path.strip_prefix(root).expect("below the root"));
            let mode = match node {
                Node::Folder => {
                    fs::create_dir_all(&place).expect("a folder");
                    0o700
                }
                Node::File(number) => {
                    let Some(true) = place.parent().map(Path::exists) else {
                        continue;
                    };
                    let bytes = self.contents[*number].left(reaches, &mut chance);
                    fs::write(&place, bytes).expect("written");
                    0o600
                }
            };
            fs::set_permissions(&place, fs::Permissions::from_mode(mode)).expect("mode");
        }
    }
}

impl Content {
    fn left(&self, reaches: Reaches, chance: &mut Chance) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for change in &self.open {
            match reaches {
                Reaches::Nothing => {}
                Reaches::Everything => change.apply(&mut bytes),
                Reaches::Some(_) => change.apply_torn(&mut bytes, chance),
            }
        }
        bytes
    }
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Length(length) => to.resize(*length, 0),
            Self::Write { at, bytes } => put(to, *at, bytes),
        }
    }

    /// Each sector by itself.
    fn apply_torn(&self, to: &mut Vec<u8>, chance: &mut Chance) {
        let Self::Write { at, bytes } = self else {
            if chance.below(2) == 0 {
                self.apply(to);
            }
            return;
        };
        // Half of the writes whole or not at all, the others torn.
        let whole = chance.below(4);
        let mut from = 0;
        while from < bytes.len() {
            let end = ((at + from) / SECTOR + 1) * SECTOR - at;
            let end = end.min(bytes.len());
            if whole == 0 || (whole > 1 && chance.below(2) == 0) {
                put(to, at + from, &bytes[from..end]);
            }
            from = end;
        }
    }
}

fn put(to: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if to.len() < end {
        to.resize(end, 0);
    }
    to[at..end].copy_from_slice(bytes);
}

impl Name {
    fn path(&self) -> &Path {
        match self {
            Self::Is(path, _) | Self::Gone(path) => path,
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        match self {
            Self::Is(path, node) => {
                names.insert(path.clone(), *node);
            }
            Self::Gone(path) => {
                names.remove(path);
            }
        }
    }
}

/// Numbers that look random and are the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % end.max(1)
    }
}
