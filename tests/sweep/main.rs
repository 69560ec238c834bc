//! The sweep after the suite (conformance X-02, FT-10): in every home that the tests made, in
//! everything that was printed or drawn and in every log at the most verbose level there is none of
//! the secrets that were used. Run by `tests/run` with the folder that `VALETKEY_SWEEP` named.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[path = "../support/finder.rs"]
mod finder;

use finder::{Finder, planted};

/// Less than this and something was not kept: a sweep of nothing finds nothing.
const FEWEST_SECRETS: usize = 500;
const FEWEST_HOMES: usize = 100;

#[allow(clippy::print_stdout)] // it is a report
fn main() -> ExitCode {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("a folder to sweep"));
    let blind = blind_spots();
    let mut files = Vec::new();
    files_under(&folder, &mut files);
    let (secrets, places): (Vec<PathBuf>, Vec<PathBuf>) = files
        .into_iter()
        .partition(|file| name(file).starts_with("secrets-"));
    let lines = secrets.iter().flat_map(|file| {
        let text = fs::read_to_string(file).expect("text");
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    });
    let finder = Finder::of(lines);
    let (mut bytes, mut hits, mut spoke) = (0, 0, false);
    for place in &places {
        let content = fs::read(place).expect("read");
        bytes += content.len();
        spoke |= name(place).starts_with("log-")
            && String::from_utf8_lossy(&content).contains("refreshing");
        for (secret, form) in finder.find(&content) {
            hits += 1;
            println!("{form}: {secret} in {}", place.display());
        }
    }
    let homes = fs::read_dir(folder.join("homes")).map_or(0, Iterator::count);
    println!(
        "{hits} hits of {} secrets in {} files ({} MB) and {homes} homes",
        finder.secrets(),
        places.len(),
        bytes / 1_000_000
    );
    let whole = finder.secrets() >= FEWEST_SECRETS && homes >= FEWEST_HOMES && spoke;
    if !whole {
        println!("too little was kept: nothing is proved");
    }
    for form in &blind {
        println!("blind to {form}");
    }
    ExitCode::from(u8::from(hits > 0 || !whole || !blind.is_empty()))
}

/// The forms of a planted secret that are not found.
fn blind_spots() -> Vec<&'static str> {
    let (canary, texts) = planted();
    let finder = Finder::of([canary]);
    let missed = texts
        .iter()
        .filter(|(_, text)| finder.find(text).is_empty());
    missed.map(|(form, _)| *form).collect()
}

/// What the tests themselves put into a home with a secret in it: for the program to read, and copies
/// of the program, which knows the practice provider's client secret.
const OURS: [&str; 3] = ["passphrase", "secret", "program"];

/// Every file that is not ours.
fn files_under(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let (path, kind) = (entry.path(), entry.file_type().expect("a type"));
        if kind.is_dir() && name(&path) != "runtime" {
            files_under(&path, found);
        } else if kind.is_file() && !OURS.contains(&&*name(&path)) {
            found.push(path);
        }
    }
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
