//! What a panic leaves behind: a code and a place in the program, never a value (conformance V-07).

use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::panic::{Location, PanicHookInfo};
use std::path::{Path, PathBuf};
use std::thread;

use super::Paths;

/// Names a file that holds the name of the point to panic at. Not in release builds.
#[cfg(debug_assertions)]
pub(super) const DEBUG_PANIC: &str = "VALETKEY_DEBUG_PANIC";

/// Notes that are kept; the oldest go first.
const NOTES: usize = 10;
/// No thread's name is written out further than this.
const LONGEST_NAME: usize = 32;
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const OTHERS: u32 = 0o077;

/// A fault of the program itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The same for the same place: `E-1234`.
    pub code: String,
    /// File and line, without anything of this machine.
    pub place: String,
    /// Where it was written down, if it was.
    pub note: Option<PathBuf>,
}

/// From now on a panic is written down and told by `tell`; the message, which may hold any value, is
/// dropped.
pub fn on_panic(tell: fn(&Fault)) {
    std::panic::set_hook(Box::new(move |info| tell(&note_fault(info))));
}

/// Writes a panic down under `crash/` in the state folder, if there is such a folder.
pub fn note_fault(info: &PanicHookInfo<'_>) -> Fault {
    let place = info.location().map_or_else(String::new, place);
    let mut fault = Fault {
        code: code(&place),
        place,
        note: None,
    };
    let state = Paths::from_env().map(|paths| paths.state);
    fault.note = state.ok().and_then(|state| write_note(&state, &fault).ok());
    fault
}

/// Panics if a test asks for it at the point of this name, with everything that the test wrote into
/// its file as the message. Does nothing in release builds.
#[cfg_attr(not(debug_assertions), allow(unused_variables))]
pub fn fault_point(name: &str) {
    #[cfg(debug_assertions)]
    if let Some(file) = std::env::var_os(DEBUG_PANIC)
        && let Ok(asked) = fs::read_to_string(file)
    {
        assert!(asked.split_whitespace().next() != Some(name), "{asked}");
    }
}

fn place(location: &Location<'_>) -> String {
    format!("{}:{}", short(location.file()), location.line())
}

/// The part of a source's path that is the same on every machine.
fn short(file: &str) -> &str {
    // Libraries: registry/src/INDEX/NAME-VERSION/src/…
    if let Some((_, rest)) = file.split_once("/registry/src/") {
        return rest.split_once('/').map_or(rest, |(_, rest)| rest);
    }
    // The standard library: /rustc/COMMIT/library/… or …/rustlib/src/rust/library/…
    if let Some(at) = file.find("/library/") {
        return &file[at + 1..];
    }
    if file.starts_with('/') {
        file.rsplit('/').next().unwrap_or_default()
    } else {
        file
    }
}

/// Four digits made of the place (FNV-1a), so that two reports of one fault look alike.
fn code(place: &str) -> String {
    let hash = place.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    format!("E-{:04}", hash % 10_000)
}

fn write_note(state: &Path, fault: &Fault) -> io::Result<PathBuf> {
    if !is_private_folder(&fs::symlink_metadata(state)?) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let folder = state.join("crash");
    match DirBuilder::new().mode(FOLDER_MODE).create(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    if !is_private_folder(&fs::symlink_metadata(&folder)?) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    make_room(&folder);
    let now = jiff::Timestamp::now();
    let name = format!("{}-{}.txt", now.as_millisecond(), std::process::id());
    let file = folder.join(name);
    let mut note = File::options()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(&file)?;
    let thread = thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let thread: String = thread.chars().take(LONGEST_NAME).collect();
    writeln!(
        note,
        "valetkey {} on {}: internal error {}\nat {}\nin thread {thread}\non {now:.0}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        fault.code,
        fault.place,
    )?;
    Ok(file)
}

/// A folder, no link to one, of this user alone.
fn is_private_folder(found: &Metadata) -> bool {
    let ours = found.uid() == rustix::process::geteuid().as_raw();
    found.is_dir() && ours && found.mode() & OTHERS == 0
}

/// Removes the oldest notes; their names begin with the time.
fn make_room(folder: &Path) {
    let Ok(notes) = fs::read_dir(folder) else {
        return;
    };
    let mut notes: Vec<PathBuf> = notes.flatten().map(|entry| entry.path()).collect();
    notes.sort();
    let surplus = (notes.len() + 1).saturating_sub(NOTES);
    for note in notes.iter().take(surplus) {
        let _ = fs::remove_file(note);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn fault() -> Fault {
        Fault {
            code: code("src/x.rs:1"),
            place: "src/x.rs:1".to_owned(),
            note: None,
        }
    }

    fn state() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let private = fs::Permissions::from_mode(FOLDER_MODE);
        fs::set_permissions(folder.path(), private).expect("made private");
        folder
    }

    #[test]
    fn v_07_a_place_names_nothing_of_the_machine() {
        for (file, shown) in [
            ("src/tui/run.rs", "src/tui/run.rs"),
            (
                "/home/ada/.cargo/registry/src/index-1f2e/tokio-1.54.0/src/task/mod.rs",
                "tokio-1.54.0/src/task/mod.rs",
            ),
            (
                "/rustc/0a1b2c/library/core/src/option.rs",
                "library/core/src/option.rs",
            ),
            (
                "/home/ada/.rustup/lib/rustlib/src/rust/library/std/src/fs.rs",
                "library/std/src/fs.rs",
            ),
            ("/home/ada/work/x.rs", "x.rs"),
        ] {
            assert_eq!(short(file), shown);
        }
    }

    #[test]
    fn v_07_a_code_belongs_to_its_place() {
        assert_eq!(code("src/a.rs:1"), code("src/a.rs:1"));
        assert_ne!(code("src/a.rs:1"), code("src/a.rs:2"));
        assert_eq!(code("").len(), "E-1234".len());
    }

    #[test]
    fn v_07_notes_are_private_and_bounded() {
        let state = state();
        let mut last = write_note(state.path(), &fault()).expect("written");
        for old in 0..2 * NOTES {
            fs::rename(&last, last.with_file_name(format!("{old:02}.txt"))).expect("made old");
            last = write_note(state.path(), &fault()).expect("written");
        }
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&last), 0o600);
        assert_eq!(mode(&state.path().join("crash")), 0o700);
        let notes = fs::read_dir(state.path().join("crash")).expect("notes");
        assert_eq!(notes.count(), NOTES);
        let text = fs::read_to_string(&last).expect("text");
        assert!(text.contains("src/x.rs:1") && text.len() < 1000, "{text}");
    }

    #[test]
    fn v_07_no_note_goes_where_others_could_see_or_misplace_it() {
        let elsewhere = state();
        let state = state();
        std::os::unix::fs::symlink(elsewhere.path(), state.path().join("crash")).expect("a link");
        assert!(write_note(state.path(), &fault()).is_err());
        assert_eq!(fs::read_dir(elsewhere.path()).expect("read").count(), 0);
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(elsewhere.path(), open).expect("opened");
        assert!(write_note(elsewhere.path(), &fault()).is_err());
        assert!(write_note(&elsewhere.path().join("none"), &fault()).is_err());
    }
}
