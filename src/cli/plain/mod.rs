//! The whole program line by line: a numbered list of connections, and a numbered menu for each. For
//! screen readers, simple terminals and slow lines: nothing is redrawn, and no key acts by itself.

mod editing;
mod hints;
mod list;
mod menu;
mod practice;
mod revoking;

use super::args::{Add, Cli, Import};
use super::failed::{Failed, OUTPUT_GONE};
use super::prompt::{NO_ANSWER, prompt};
use super::setup::Setup;
use super::{add, history, import, output};
use crate::advice::exit;
use crate::model::{ConnectionId, ConnectionName};
use hints::Place;
use list::List;

pub(super) use practice::run as practise;

/// How many events `h` tells.
const RECENT: u32 = 20;

/// What stands in the list's question besides a number.
const HELP: &str = "  a number or a name   what can be done with that connection
  t 1 3-5              test connections 1, 3, 4 and 5
  r 1                  refresh
  u 1                  sign in, or sign in again
  x 1                  revoke or delete
  h 1                  its history; h alone: what happened lately
  n 1                  rename
  e 1                  edit
  a NAME               connect a service; NAME may be left out
  z                    bring the last deleted settings back, without the sign-in
  / TEXT               show only what has TEXT in it; / alone shows all again
  enter                the list again
  Ctrl-C               leave any question; nothing is changed; twice here leaves";
const HELP_OUTSIDE: &str = "  i FILE               bring settings over from another machine
  p                    practise with a pretend service; nothing of it is kept
  lock                 lock the vault
  q                    leave";
const HELP_IN_PRACTICE: &str = "  q                    leave practice";

/// The first interrupt at the list.
const LAST_STEP: &str = "This is the list. q leaves, and so does Ctrl-C once more.";

/// What every question of practice begins with: a listener has no frame around it to see.
const IN_PRACTICE: &str = "Practice. ";

/// Where the program goes after a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Stay,
    /// Something may have changed.
    Look,
    ShowList,
    Leave,
}

/// How something that asked went.
enum Told<T> {
    Done(T),
    /// It did not; the person knows.
    Not(Ending),
}

/// Why something was not done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// By the person: the interrupt key, or the end of the input.
    Left,
    /// Only mistyped.
    Mistake,
    /// The vault does not open.
    Locked,
    Failed,
}

/// Tells what went wrong in the words of this face.
///
/// # Errors
/// Only when nobody can be told any more.
fn told<T>(setup: &Setup, done: Result<T, Failed>, place: Place) -> Result<Told<T>, Failed> {
    let failed = match done {
        Ok(done) => return Ok(Told::Done(done)),
        Err(failed) if failed.0.code == OUTPUT_GONE => return Err(failed),
        Err(failed) => failed.0,
    };
    if failed.code == NO_ANSWER {
        output::note("Left this question.");
        return Ok(Told::Not(Ending::Left));
    }
    output::note(&failed.sentence);
    for line in place.lines(setup, failed.hint.as_deref().unwrap_or_default()) {
        output::note(&format!("  {line}"));
    }
    Ok(Told::Not(match failed.exit {
        exit::INTERRUPTED => Ending::Left,
        exit::USAGE => Ending::Mistake,
        exit::VAULT => Ending::Locked,
        _ => Ending::Failed,
    }))
}

/// Talks until the person leaves. `cli`: what the program was started with.
pub(super) fn run(setup: &Setup, cli: &Cli) -> Result<u8, Failed> {
    let mut list = List::default();
    let mut then = Then::ShowList;
    let mut interrupted = false;
    loop {
        match then {
            Then::ShowList => list.show(setup)?,
            Then::Look => list.show_or_count(setup)?,
            Then::Stay | Then::Leave => {}
        }
        let line = match prompt(&question(setup, &list), "") {
            Ok(line) => line,
            Err(failed) if failed.0.code == NO_ANSWER => return Ok(exit::OK),
            Err(failed) if failed.0.exit == exit::INTERRUPTED => {
                // Everywhere else it goes back one step; whoever does not see where that ends is told.
                if interrupted {
                    return Ok(exit::INTERRUPTED);
                }
                interrupted = true;
                output::note(LAST_STEP);
                then = Then::Stay;
                continue;
            }
            Err(failed) => return Err(failed),
        };
        interrupted = false;
        let deleted = setup.deleted().len();
        let done = obey(setup, cli, &mut list, &line);
        then = match told(setup, done, Place::List(None))? {
            Told::Done(Then::Leave) => return Ok(exit::OK),
            Told::Done(then) => then,
            Told::Not(Ending::Mistake) => Then::Stay,
            Told::Not(_) => Then::Look,
        };
        tell_deleted(setup, deleted);
    }
}

/// What can be typed at the list; a search that is on is said each time.
fn question(setup: &Setup, list: &List) -> String {
    let practice = setup.practice_provider().is_some();
    let question = match (list.searched(), list.is_empty(), practice) {
        (Some(wanted), ..) => {
            format!("Only \"{wanted}\" is listed, / lists all. Number, or a add, ? more, q quit: ")
        }
        (None, false, _) => "Number, or a add, / find, ? more, q quit: ".to_owned(),
        (None, true, false) => "a connect a service, p practise first, ? more, q quit: ".to_owned(),
        (None, true, true) => "a connect the practice provider, ? more, q quit: ".to_owned(),
    };
    in_practice(setup, &question)
}

/// A question that says where it is asked.
fn in_practice(setup: &Setup, question: &str) -> String {
    let practice = setup.practice_provider().map_or("", |_| IN_PRACTICE);
    format!("{practice}{question}")
}

/// Says what can be brought back of what was deleted since there were so many deletions.
fn tell_deleted(setup: &Setup, before: usize) {
    let deleted = setup.deleted();
    match deleted.get(before..).unwrap_or_default() {
        [] => {}
        [one] => output::note(&format!("z brings the settings of {} back.", one.name)),
        several => output::note(&format!(
            "{} deleted; z brings their settings back, one at a time.",
            several.len()
        )),
    }
}

/// Brings the last deleted definition back, as far as that goes.
fn bring_back(setup: &Setup) -> Result<Then, Failed> {
    let Some(deleted) = setup.deleted().pop() else {
        output::note("Nothing was deleted since you began; there is nothing to bring back.");
        return Ok(Then::Stay);
    };
    let back = match setup.engine.restore(&deleted) {
        Ok(back) => back,
        Err(error) => {
            setup.keep_deleted(&deleted);
            return Err(error.into());
        }
    };
    let called = if back.name == deleted.name {
        format!("{} is back", back.name)
    } else {
        format!("{} is back, as {}", deleted.name, back.name)
    };
    let lost_secret = deleted.registration.has_secret && !back.registration.has_secret;
    let without = if lost_secret {
        "its client secret and its sign-in"
    } else {
        "its sign-in"
    };
    output::note(&format!("Undone: {called}, without {without}."));
    if lost_secret {
        output::note(&format!(
            "  To add the secret: e {}, then client-secret",
            back.name
        ));
    }
    output::note(&setup.way_to_sign_in(back.name.as_str()));
    Ok(Then::Look)
}

fn obey(setup: &Setup, cli: &Cli, list: &mut List, line: &str) -> Result<Then, Failed> {
    let practice = setup.practice_provider().is_some();
    let (word, rest) = split(line);
    if rest.is_empty()
        && let Some(name) = list::named_like_a_word(setup, word)?
    {
        return menu::run(setup, &name).map(|()| Then::Look);
    }
    match word.to_lowercase().as_str() {
        "" => Ok(Then::ShowList),
        "q" | "quit" => Ok(Then::Leave),
        "?" | "help" => {
            output::note(HELP);
            output::note(if practice {
                HELP_IN_PRACTICE
            } else {
                HELP_OUTSIDE
            });
            Ok(Then::Stay)
        }
        "a" | "add" => connect(setup, rest).map(|()| Then::Look),
        "/" | "find" => {
            list.find(rest);
            Ok(Then::ShowList)
        }
        "l" | "lock" if practice => {
            output::note("Practice has no passphrase; there is nothing to lock.");
            Ok(Then::Stay)
        }
        "l" | "lock" => {
            setup.engine.lock_vault();
            output::note("The vault is locked. The first thing that needs a secret asks.");
            Ok(Then::Stay)
        }
        "p" | "practise" if practice => {
            output::note("This is practice already. q leaves it.");
            Ok(Then::Stay)
        }
        "p" | "practise" => {
            practice::run(cli, 0, setup.ending())?;
            Ok(Then::ShowList)
        }
        "i" | "import" if !practice => bring_over(setup, rest).map(|()| Then::ShowList),
        "z" | "undo" if rest.is_empty() => bring_back(setup),
        "h" | "history" if rest.is_empty() => {
            history::run(setup, None, RECENT, false).map(|()| Then::Stay)
        }
        _ => chosen(setup, list, line, word, rest),
    }
}

/// A number opens that connection's menu; a letter and numbers do one thing with several.
fn chosen(setup: &Setup, list: &List, line: &str, word: &str, rest: &str) -> Result<Then, Failed> {
    if let Some(action) = menu::by_letter(word) {
        let names = list.names(setup, rest)?;
        return several(setup, action, &names).map(|()| Then::Look);
    }
    let names = list.names(setup, line)?;
    let [name] = names.as_slice() else {
        return Err(Failed::usage(
            "several",
            "Say what is to be done with them.",
            "For example t 1 3 tests connections 1 and 3.",
        ));
    };
    menu::run(setup, name).map(|()| Then::Look)
}

/// Does the same with each; one that fails keeps no other from its turn, but who stops it stops all.
fn several(setup: &Setup, action: menu::Action, names: &[ConnectionName]) -> Result<(), Failed> {
    let mut failed = 0;
    for (at, name) in names.iter().enumerate() {
        if names.len() > 1 {
            output::note(&format!("{} of {}: {name}", at + 1, names.len()));
        }
        let id: Option<ConnectionId> = setup
            .engine
            .connection(name.as_str())
            .ok()
            .map(|one| one.id);
        let place = Place::List(id.as_ref());
        match told(setup, action.run(setup, name.as_str(), place), place)? {
            Told::Done(()) => {}
            Told::Not(Ending::Left | Ending::Locked) => {
                if names.len() > 1 {
                    let before = if at > 0 {
                        "what came before is done, "
                    } else {
                        ""
                    };
                    output::note(&format!(
                        "Stopped at {} of {}; {before}the rest was not touched.",
                        at + 1,
                        names.len()
                    ));
                }
                return Ok(());
            }
            Told::Not(_) => failed += 1,
        }
    }
    if names.len() > 1 && !action.asks() {
        output::note(&format!(
            "{} of {} done, {failed} failed.",
            names.len() - failed,
            names.len()
        ));
    }
    Ok(())
}

fn connect(setup: &Setup, what: &str) -> Result<(), Failed> {
    let ids = || -> Result<Vec<ConnectionId>, Failed> {
        let rows = setup.engine.rows()?;
        Ok(rows.into_iter().map(|row| row.summary.id).collect())
    };
    let before = ids()?;
    let done = if setup.practice_provider().is_some() {
        if !what.is_empty() {
            output::note("Practice has one service, the pretend one.");
        }
        practice::connect(setup)
    } else {
        add::run(
            setup,
            &Add {
                what: (!what.is_empty()).then(|| what.to_owned()),
                ..Add::default()
            },
        )
    };
    let added = ids()?.into_iter().find(|id| !before.contains(id));
    match (done, added) {
        // Only its sign-in failed; connecting it anew would make a second one.
        (Err(failed), Some(added)) => {
            told::<()>(setup, Err(failed), Place::List(Some(&added)))?;
            let name = setup.engine.connection_by_id(&added)?.name;
            output::note(&setup.way_to_sign_in(name.as_str()));
            Ok(())
        }
        (done, _) => done,
    }
}

fn bring_over(setup: &Setup, file: &str) -> Result<(), Failed> {
    let file = if file.is_empty() {
        prompt("File that `valetkey export` wrote: ", "")?
    } else {
        file.to_owned()
    };
    if file.is_empty() {
        return Ok(());
    }
    import::run(setup, &Import::of(file.into()))
}

/// The first word and the rest. `/text` needs no space.
fn split(line: &str) -> (&str, &str) {
    let line = line.trim();
    if let Some(rest) = line.strip_prefix('/') {
        return ("/", rest.trim());
    }
    line.split_once(char::is_whitespace)
        .map_or((line, ""), |(word, rest)| (word, rest.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_word_and_the_rest() {
        assert_eq!(split("  t  1 3 "), ("t", "1 3"));
        assert_eq!(split("/gi t"), ("/", "gi t"));
        assert_eq!(split("/ "), ("/", ""));
        assert_eq!(split("12"), ("12", ""));
        assert_eq!(split(""), ("", ""));
    }
}
