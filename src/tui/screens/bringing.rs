//! Connections from another machine's file: which file, its passphrase, every host of it, and only then
//! the question (conformance G-09).

use super::review::Review;
use crate::actions::{Action, Key, Place};
use crate::advice::import::count;
use crate::tui::face::{Effect, Face, moved};
use crate::tui::field::{TextField, Typed};
use crate::tui::masked::MaskedField;
use crate::tui::model::{Screen, World};
use crate::tui::msg::ImportFound;
use crate::tui::page::{Page, Pen};
use crate::tui::request::Request;
use crate::tui::theme::Role;

/// Cells of the labels.
const LABELS: usize = 6;
const TITLE: &str = "Bring settings over";
const WRONG: &str = "This passphrase does not open the backup.";

enum Stage {
    File,
    /// The file is a backup.
    Passphrase,
    /// The answer is on its way.
    Reading,
    Review(Review),
    Storing,
}

/// The state of the screen.
pub(in crate::tui) struct Bringing {
    file: TextField,
    passphrase: MaskedField,
    stage: Stage,
    /// What is wrong with the file or the passphrase.
    problems: Vec<String>,
    /// The line that is selected: the field, or a problem below it.
    at: usize,
}

impl Bringing {
    pub(in crate::tui) fn open() -> Vec<Effect> {
        let screen = Self {
            file: TextField::default(),
            passphrase: MaskedField::default(),
            stage: Stage::File,
            problems: Vec::new(),
            at: 0,
        };
        vec![Effect::Open(Box::new(Screen::Bringing(Box::new(screen))))]
    }

    /// The file was read. One that is not waited for any more is passed over.
    pub(in crate::tui) fn read(&mut self, file: &str, found: ImportFound) {
        if !matches!(self.stage, Stage::Reading) || file != self.file.trimmed() {
            return;
        }
        self.at = 0;
        match found {
            ImportFound::Plan(plan, warnings) => {
                self.stage = Stage::Review(Review::new(plan, warnings));
            }
            ImportFound::NeedsPassphrase { wrong } => {
                self.stage = Stage::Passphrase;
                if wrong {
                    self.passphrase.wipe();
                    self.problems = vec![WRONG.to_owned()];
                }
            }
            ImportFound::Refused(problems) => {
                self.stage = Stage::File;
                self.problems = problems;
            }
        }
    }

    /// Nothing was stored. What was typed is still there; the file is read again before the next try.
    pub(in crate::tui) fn not_stored(&mut self, why: Option<String>) {
        self.stage = Stage::File;
        self.problems = why.into_iter().collect();
        self.at = 0;
    }

    fn go_on(&mut self) -> Vec<Effect> {
        match self.stage {
            Stage::File if self.file.trimmed().is_empty() => {
                self.problems = vec!["A file is needed, as in ~/connections.toml".to_owned()];
                Vec::new()
            }
            Stage::Passphrase if self.passphrase.is_empty() => {
                self.problems = vec!["A passphrase is needed.".to_owned()];
                Vec::new()
            }
            Stage::File | Stage::Passphrase => {
                self.stage = Stage::Reading;
                self.problems.clear();
                vec![Effect::Ask(Request::ReadImport {
                    file: self.file.trimmed().to_owned(),
                    passphrase: (!self.passphrase.is_empty()).then(|| self.passphrase.secret()),
                })]
            }
            Stage::Reading | Stage::Review(_) | Stage::Storing => Vec::new(),
        }
    }

    fn back(&mut self) -> Vec<Effect> {
        match self.stage {
            Stage::Passphrase | Stage::Review(_) | Stage::Reading => {
                self.stage = Stage::File;
                self.problems.clear();
                Vec::new()
            }
            Stage::File | Stage::Storing => vec![Effect::Close],
        }
    }

    fn form(&self, page: &mut Page) {
        let words = "A file that valetkey export wrote there, plain or encrypted. You see every host \
                     in it before anything is stored.";
        page.text(0, Role::Plain, words);
        page.blank();
        let here = self.at == 0;
        let first = self.problems.first().map(String::as_str);
        page.field(0, here, "File", LABELS, &self.file, first);
        for (index, problem) in self.problems.iter().enumerate().skip(1) {
            page.fact(index, self.at == index, "", LABELS, Role::Bad, problem);
        }
        if matches!(self.stage, Stage::Reading) {
            page.blank();
            page.text(0, Role::Plain, "Reading it.");
        }
    }
}

impl Face for Bringing {
    fn place(&self) -> Place {
        match self.stage {
            Stage::File | Stage::Reading => Place::Form,
            Stage::Passphrase => Place::Passphrase,
            Stage::Review(_) | Stage::Storing => Place::Choices,
        }
    }

    fn typed(&mut self) -> Option<Typed<'_>> {
        match self.stage {
            Stage::File | Stage::Reading => Some(Typed::Plain(&mut self.file)),
            Stage::Passphrase => Some(Typed::Masked(&mut self.passphrase)),
            Stage::Review(_) | Stage::Storing => None,
        }
    }

    fn typing(&self) -> bool {
        !matches!(self.stage, Stage::Review(_) | Stage::Storing)
    }

    fn edited(&mut self, _world: &World) {
        if matches!(self.stage, Stage::Reading) {
            self.stage = Stage::File;
        }
        self.problems.clear();
        self.at = 0;
    }

    fn act(&mut self, action: Action, key: Key, world: &World) -> Vec<Effect> {
        if action == Action::Back {
            return self.back();
        }
        if let Stage::Review(review) = &mut self.stage {
            return match review.act(action, key, world) {
                super::review::Said::Nothing => Vec::new(),
                super::review::Said::Tell(notice) => vec![Effect::Say(notice)],
                super::review::Said::Leave => vec![Effect::Close],
                super::review::Said::Take(plan) => {
                    self.stage = Stage::Storing;
                    vec![Effect::Ask(Request::Import(plan))]
                }
            };
        }
        let lines = self.problems.len().max(1);
        if let Some(at) = moved(self.at, lines, world.page_lines(), action) {
            self.at = at;
            return Vec::new();
        }
        match action {
            Action::GoOn => self.go_on(),
            _ => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, _world: &World) -> bool {
        if let Stage::Review(review) = &mut self.stage {
            return review.click(item);
        }
        self.at = item;
        false
    }

    fn page(&self, pen: Pen, world: &World) -> Page {
        let aside = match &self.stage {
            Stage::Review(review) => count(review.entries()),
            _ => String::new(),
        };
        let mut page = Page::new(TITLE, aside, pen);
        match &self.stage {
            Stage::File | Stage::Reading => self.form(&mut page),
            Stage::Passphrase => {
                let words = "This is an encrypted backup. Its passphrase is the one chosen when it was \
                             made, not the vault's.";
                page.text(0, Role::Plain, words);
                page.blank();
                let problem = self.problems.first().map(String::as_str);
                page.masked(0, true, "Passphrase", 13, &self.passphrase, problem);
            }
            Stage::Review(review) => review.draw(&mut page, world),
            Stage::Storing => page.text(0, Role::Plain, "Storing them."),
        }
        page
    }
}
