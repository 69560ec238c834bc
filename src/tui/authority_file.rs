//! The file with an authority's certificates that a person names in a form. It is read when its field is
//! left: not here, which is pure, but by the backend.

use super::request::Request;

/// What is known of the file that stands in the field.
#[derive(Default)]
pub(super) struct AuthorityFile {
    /// As it was typed when it was asked for.
    file: String,
    found: Option<Result<String, String>>,
    /// Its field was left.
    due: bool,
}

impl AuthorityFile {
    /// Its field was left with this in it. One that was refused is read once more: it may be another by now.
    pub(super) fn left(&mut self, typed: &str) {
        self.due = !typed.is_empty() && self.pem(typed).is_none();
    }

    /// The reading that is due because the field was left.
    pub(super) fn due(&mut self, typed: &str) -> Option<Request> {
        if std::mem::take(&mut self.due) {
            self.ask(typed)
        } else {
            None
        }
    }

    /// The reading without which nobody can go on; `None` where nothing is typed or all is known.
    pub(super) fn ask(&mut self, typed: &str) -> Option<Request> {
        self.due = false;
        if typed.is_empty() || self.pem(typed).is_some() {
            return None;
        }
        typed.clone_into(&mut self.file);
        self.found = None;
        Some(Request::ReadAuthority(typed.to_owned()))
    }

    /// It was read. One that is not waited for any more is passed over.
    pub(super) fn answered(&mut self, file: &str, found: &Result<String, String>) {
        if self.file == file {
            self.found = Some(found.clone());
        }
    }

    /// The certificates in the file that is typed, once they were read.
    pub(super) fn pem(&self, typed: &str) -> Option<&str> {
        self.of(typed)?.as_deref().ok()
    }

    /// Why the file that is typed is not taken, once that is known.
    pub(super) fn problem(&self, typed: &str) -> Option<&str> {
        self.of(typed)?.as_ref().err().map(String::as_str)
    }

    fn of(&self, typed: &str) -> Option<&Result<String, String>> {
        self.found.as_ref().filter(|_| self.file == typed)
    }
}
