//! The recorded walks: a page a service, and docs/WIZARD.md over them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use crate::steady::steady;
use crate::term::Term;

const OPENING: &str = "# The wizard, walked for ten services

`valetkey`, then `a`. Seven steps: the service, its addresses, the app you register there once, scopes, a last
look, the approval in your browser, a test. Enter goes on, Esc goes back, nothing typed is lost. In step 3 Enter
on a line opens its page or copies its value, so that each line fills one field of the service's form, in order.

Shown here are steps 3 and 7 of each; the page of a service has all seven. The screens are recorded from the real
program in a terminal of 80 columns and 24 lines, with the preset's real addresses, against a provider on this
machine that is dressed in the service's documented facts ([PRESETS.md](PRESETS.md)): no service itself was asked.
Ports and times are replaced by fixed ones. A test keeps them fresh;
`UPDATE=1 cargo test --test providers recorded` writes them anew. All other screens: [screens](screens/README.md).
";

#[derive(Default)]
pub(super) struct Book {
    services: Vec<Service>,
}

struct Service {
    id: String,
    name: String,
    /// What it shows, and the screen.
    pages: Vec<(String, String)>,
}

impl Book {
    /// What follows is of this service.
    pub(super) fn begin(&mut self, id: &str, name: &str) {
        self.services.push(Service {
            id: id.to_owned(),
            name: name.to_owned(),
            pages: Vec::new(),
        });
    }

    /// Takes the screen as it is now.
    pub(super) fn page(&mut self, term: &Term, shows: &str) {
        let service = self.services.last_mut().expect("begun");
        service.pages.push((shows.to_owned(), steady(&term.text())));
    }

    /// Compares all pages with those in the documentation, or writes them.
    pub(super) fn close(&self) {
        let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs");
        let mut files: BTreeMap<PathBuf, String> = self
            .services
            .iter()
            .map(|service| {
                let file = docs.join(format!("presets/{}.md", service.id));
                (file, service.whole())
            })
            .collect();
        files.insert(docs.join("WIZARD.md"), self.overview());
        if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
            fs::create_dir_all(docs.join("presets")).expect("a folder");
            for (file, text) in &files {
                fs::write(file, text).expect("writes");
            }
            return;
        }
        let mut stale = String::new();
        for (file, text) in &files {
            let kept = fs::read_to_string(file).unwrap_or_default();
            if kept != *text {
                let _ = writeln!(stale, "{}: now\n{text}", file.display());
            }
        }
        for kept in fs::read_dir(docs.join("presets"))
            .expect("docs/presets")
            .flatten()
        {
            if !files.contains_key(&kept.path()) {
                let _ = writeln!(stale, "{}: walked no more", kept.path().display());
            }
        }
        assert!(
            stale.is_empty(),
            "UPDATE=1 records them anew; look at each before you commit it.\n{stale}"
        );
    }

    fn overview(&self) -> String {
        let mut text = String::from(OPENING);
        for service in &self.services {
            let _ = write!(text, "\n## {}\n\n", service.name);
            let _ = writeln!(text, "[All seven steps](presets/{}.md)", service.id);
            for at in [2, 6] {
                service.show(&mut text, at);
            }
        }
        text
    }
}

impl Service {
    fn whole(&self) -> String {
        let mut text = format!(
            "# Connecting {}\n\nHow these screens come about: [WIZARD.md](../WIZARD.md).\n",
            self.name
        );
        for at in 0..self.pages.len() {
            self.show(&mut text, at);
        }
        text
    }

    fn show(&self, text: &mut String, at: usize) {
        let (shows, screen) = &self.pages[at];
        let _ = writeln!(text, "\n{shows}\n\n```text\n{screen}\n```");
    }
}
