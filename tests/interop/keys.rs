//! Somebody at the keyboard who presses nothing but what the screen names at that moment.

use crate::pty::Pty;

pub(crate) struct Keys(pub(crate) Pty);

impl Keys {
    #[track_caller]
    pub(crate) fn until_shows(&mut self, words: &str) {
        self.0.until_shows(words);
    }

    pub(crate) fn shows(&self, words: &str) -> bool {
        self.0.shows(words)
    }

    pub(crate) fn text(&self) -> String {
        self.0.text()
    }

    /// Presses a key that the last line of the screen offers, as `t test`.
    #[track_caller]
    pub(crate) fn press(&mut self, hint: &str) {
        self.0.until(hint, |pty| {
            let text = pty.text();
            let footer = text.lines().last().unwrap_or_default();
            footer.split("  ").any(|offered| offered.trim() == hint)
        });
        let (key, _) = hint.split_once(' ').expect("a key and its word");
        self.0.press(match key {
            "enter" => "\r",
            "esc" => "\x1b",
            "tab" => "\t",
            letter => letter,
        });
    }

    /// Presses the number in front of a choice.
    #[track_caller]
    pub(crate) fn pick(&mut self, label: &str) {
        let number = |pty: &Pty| {
            let text = pty.text();
            text.lines().find_map(|line| {
                let (number, rest) = line.trim_start_matches(['▸', ' ']).split_once("  ")?;
                let is_number = number.parse::<u8>().is_ok();
                (is_number && rest.starts_with(label)).then(|| number.to_owned())
            })
        };
        self.0.until(label, |pty| number(pty).is_some());
        let key = number(&self.0).expect("a number");
        self.0.press(&key);
    }

    /// The selected line.
    pub(crate) fn selected(&self) -> String {
        selected(&self.0).unwrap_or_default()
    }

    /// Goes from line to line until the selected one begins with this.
    #[track_caller]
    pub(crate) fn select(&mut self, label: &str) {
        self.0
            .until("a selected line", |pty| selected(pty).is_some());
        let first = self.selected();
        while !self.selected().starts_with(label) {
            let before = self.selected();
            self.press("tab next");
            self.0.until("another line", |pty| {
                selected(pty).is_some_and(|line| line != before)
            });
            assert_ne!(self.selected(), first, "no {label:?}\n{}", self.text());
        }
    }

    /// Types into a field and waits until all of it has arrived.
    #[track_caller]
    pub(crate) fn fill(&mut self, label: &str, text: &str) {
        self.select(label);
        self.type_here(text, text);
    }

    /// Types into a field that never shows what is in it.
    #[track_caller]
    pub(crate) fn fill_masked(&mut self, label: &str, secret: &str) {
        self.select(label);
        let count = secret.chars().count();
        self.type_here(secret, &format!("•••• {count} characters"));
    }

    /// Takes the last character of the field back.
    pub(crate) fn erase(&mut self) {
        self.0.press("\x7f");
    }

    #[track_caller]
    fn type_here(&mut self, text: &str, shown: &str) {
        let line = self.selected();
        assert!(line.contains('▏'), "no field: {line}");
        self.0.press(text);
        self.0.until(shown, |pty| {
            selected(pty).is_some_and(|line| line.contains(shown))
        });
    }

    /// Presses what a line of the screen says.
    #[track_caller]
    pub(crate) fn enter_on(&mut self, label: &str, hint: &str) {
        self.select(label);
        self.press(hint);
    }

    /// Leaves the program, which must end well; everything it ever wrote.
    #[track_caller]
    pub(crate) fn leave(mut self) -> String {
        self.press("q quit");
        assert_eq!(self.0.end(), 0);
        self.0.written()
    }
}

fn selected(pty: &Pty) -> Option<String> {
    let text = pty.text();
    let line = text
        .lines()
        .find_map(|line| line.trim_start().strip_prefix('▸'))?;
    // Form lines may be numbered.
    let line = line.trim_start();
    let label = line.trim_start_matches(|c: char| c.is_ascii_digit());
    Some(label.trim_start().to_owned())
}
