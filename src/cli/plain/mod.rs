//! The whole program line by line: a numbered list of connections, and a numbered menu for each. For
//! screen readers, simple terminals and slow lines: nothing is redrawn, and no key acts by itself.

mod list;
mod menu;
mod practice;

use super::args::{Add, Cli};
use super::failed::{Failed, OUTPUT_GONE};
use super::prompt::{NO_ANSWER, prompt};
use super::setup::Setup;
use super::{add, history, import, output, tell};
use crate::advice::exit;
use crate::model::ConnectionName;
use list::List;

pub(super) use practice::run as practise;

/// How many events `h` tells.
const RECENT: u32 = 20;

/// What stands in the list's question besides a number.
const HELP: &str = "  a number      what can be done with that connection
  t 1 3         test connections 1 and 3; so r refresh, u re-authorize,
                x revoke or delete, h history, n rename, e edit
  a NAME        connect a service; NAME may be left out
  / TEXT        show only what has TEXT in it; / alone shows all again
  enter         the list again
  h             what happened lately
  i FILE        bring settings over from another machine
  p             practise with a pretend service; nothing of it is kept
  L             lock the vault
  q             leave";

/// Where the program goes after a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Stay,
    ShowList,
    Leave,
}

/// Talks until the person leaves. `cli`: what the program was started with.
pub(super) fn run(setup: &Setup, cli: &Cli) -> Result<u8, Failed> {
    let mut list = List::default();
    let mut then = Then::ShowList;
    loop {
        if then == Then::ShowList {
            list.show(setup)?;
        }
        let question = match (list.is_empty(), setup.practice_provider().is_some()) {
            (false, _) => "Number, or a add, / find, ? more, q quit: ",
            (true, false) => "a connect a service, p practise first, ? more, q quit: ",
            (true, true) => "a connect the practice provider, ? more, q quit: ",
        };
        let line = match prompt(question, "") {
            Ok(line) => line,
            Err(failed) if failed.0.code == NO_ANSWER => {
                output::note("");
                return Ok(exit::OK);
            }
            Err(failed) => return Err(failed),
        };
        then = match obey(setup, cli, &mut list, &line) {
            Ok(Then::Leave) => return Ok(exit::OK),
            Ok(then) => then,
            Err(failed) if failed.0.code == OUTPUT_GONE => return Err(failed),
            Err(failed) => {
                tell(&failed, false);
                // What was only mistyped has changed nothing.
                if failed.0.exit == exit::USAGE {
                    Then::Stay
                } else {
                    Then::ShowList
                }
            }
        };
    }
}

fn obey(setup: &Setup, cli: &Cli, list: &mut List, line: &str) -> Result<Then, Failed> {
    let (word, rest) = split(line);
    match word {
        "" => Ok(Then::ShowList),
        "q" | "quit" => Ok(Then::Leave),
        "?" | "help" => {
            output::note(HELP);
            Ok(Then::Stay)
        }
        "a" | "add" => connect(setup, rest).map(|()| Then::ShowList),
        "/" | "find" => {
            list.find(rest);
            Ok(Then::ShowList)
        }
        "L" | "lock" => {
            setup.engine.lock_vault();
            output::note("The vault is locked. The first thing that needs a secret asks.");
            Ok(Then::Stay)
        }
        "p" | "practise" if setup.practice_provider().is_none() => {
            practice::run(cli, 0, setup.ending())?;
            output::note("Practice is over; nothing of it was kept.");
            Ok(Then::ShowList)
        }
        "i" | "import" if setup.practice_provider().is_none() => {
            bring_over(setup, rest).map(|()| Then::ShowList)
        }
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
        return several(setup, action, &names).map(|()| Then::ShowList);
    }
    let names = list.names(setup, line)?;
    let [name] = names.as_slice() else {
        return Err(Failed::usage(
            "several",
            "Say what is to be done with them.",
            "For example t 1 3 tests connections 1 and 3.",
        ));
    };
    menu::run(setup, name).map(|()| Then::ShowList)
}

/// Does the same with each; one that fails keeps no other from its turn.
fn several(setup: &Setup, action: menu::Action, names: &[ConnectionName]) -> Result<(), Failed> {
    let mut failed = 0;
    for (at, name) in names.iter().enumerate() {
        if names.len() > 1 {
            output::note(&format!("{} of {}: {name}", at + 1, names.len()));
        }
        match action.run(setup, name.as_str()) {
            Ok(()) => {}
            Err(problem) if [OUTPUT_GONE, NO_ANSWER].contains(&&*problem.0.code) => {
                return Err(problem);
            }
            Err(problem) => {
                failed += 1;
                tell(&problem, false);
            }
        }
    }
    if names.len() > 1 {
        output::note(&format!(
            "{} of {} done, {failed} failed.",
            names.len() - failed,
            names.len()
        ));
    }
    Ok(())
}

fn connect(setup: &Setup, what: &str) -> Result<(), Failed> {
    if setup.practice_provider().is_some() {
        return practice::connect(setup);
    }
    let what = (!what.is_empty()).then(|| what.to_owned());
    add::run(
        setup,
        &Add {
            what,
            ..Add::default()
        },
    )
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
    import::run(setup, &super::args::Import::of(file.into()))
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
