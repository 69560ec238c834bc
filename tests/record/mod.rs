//! Records every screen of the real program as text: docs/screens. A test compares them, so that the
//! pictures in the documentation cannot fall behind; `UPDATE=1` writes them anew.

mod book;
mod scenes;
mod steady;

use crate::home::Home;

#[test]
fn recorded_screens_are_fresh() {
    let mut book = book::Book::default();
    for size in [(80, 24), (120, 40)] {
        scenes::practice(&mut book, size);
        scenes::first_time(&mut book, size);
        scenes::over_ssh(&mut book, size);
        scenes::trouble(&mut book, size);
    }
    book.close();
}

/// The home of every scene: a browser that opens nothing.
fn home() -> Home {
    Home::new().with_idle_browser()
}
