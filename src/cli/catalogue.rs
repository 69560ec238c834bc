//! The presets: those that ship with the program, and the user's own files.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::output;
use crate::provider::Catalogue;

/// Longest preset file that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// The built-in presets and those of `providers/*.toml` in the configuration folder. A file with a
/// mistake is named on stderr and left out; the others work.
pub(super) fn load(config: &Path) -> Catalogue {
    of(&own_files(config))
}

/// As [`load`], without a word: nobody would see it.
pub(super) fn quiet(config: &Path) -> Catalogue {
    read(config).0
}

/// The same with what is wrong, ready to be shown.
pub(super) fn read(config: &Path) -> (Catalogue, Vec<String>) {
    with_files(Catalogue::built_in().clone(), &own_files(config))
}

/// A catalogue that is put together when somebody asks for it.
pub type LaterCatalogue = Box<dyn FnOnce() -> Catalogue>;

/// As [`load`], later: the table does not wait for it. The user's own files are read at once, since what
/// is wrong with them is told before the screens take over.
pub(super) fn later(config: &Path) -> LaterCatalogue {
    let files = own_files(config);
    if files.is_empty() {
        return Box::new(|| Catalogue::built_in().clone());
    }
    let catalogue = of(&files);
    Box::new(|| catalogue)
}

fn of(files: &[PathBuf]) -> Catalogue {
    let (catalogue, problems) = with_files(Catalogue::built_in().clone(), files);
    for problem in problems {
        output::note(&format!("valetkey: {problem}. This file was left out."));
    }
    for preset in catalogue.presets() {
        if preset.replaces_built_in {
            output::note(&format!(
                "valetkey: the preset {} is your own, not the built-in one.",
                preset.id
            ));
        }
    }
    catalogue
}

fn with_files(mut catalogue: Catalogue, files: &[PathBuf]) -> (Catalogue, Vec<String>) {
    let mut problems = Vec::new();
    for file in files {
        match checked(catalogue.clone(), file) {
            Ok(more) => catalogue = more,
            Err(problem) => problems.push(problem),
        }
    }
    (catalogue, problems)
}

/// The catalogue with the presets of one more file.
///
/// # Errors
/// Where the mistake stands and what it is, ready to be shown.
pub(super) fn checked(catalogue: Catalogue, file: &Path) -> Result<Catalogue, String> {
    let name = output::path(file);
    let text = text_of(file).map_err(|problem| format!("{name}: {problem}"))?;
    catalogue.with_user_file(&name, &text).map_err(|error| {
        crate::model::Untrusted::new(error.to_string())
            .shown()
            .to_string()
    })
}

fn text_of(file: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| output::unreadable(&error);
    // A pipe would keep us waiting.
    if !std::fs::metadata(file).map_err(unreadable)?.is_file() {
        return Err("it is not a file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > LONGEST {
        return Err("it is larger than 1 MiB".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
}

/// In the order of their names, so that it is always the same file that is told to be wrong.
fn own_files(config: &Path) -> Vec<PathBuf> {
    let Ok(folder) = std::fs::read_dir(config.join("providers")) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = folder
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preset(id: &str) -> String {
        format!(
            r#"
[[preset]]
id = "{id}"
name = "Corp"
hint = "our own"
[preset.client]
ways = ["browser"]
secret = "never"
auth = "none"
client_id = "team-app"
[preset.endpoints]
authorization = "https://id.corp.example/authorize"
token = "https://id.corp.example/token"
"#
        )
    }

    fn loaded(files: &[(&str, &str)]) -> (Catalogue, Vec<String>) {
        let config = tempfile::tempdir().expect("a folder");
        let folder = config.path().join("providers");
        std::fs::create_dir(&folder).expect("made");
        for (name, text) in files {
            std::fs::write(folder.join(name), text).expect("written");
        }
        with_files(Catalogue::built_in().clone(), &own_files(config.path()))
    }

    #[test]
    fn a_users_preset_stands_beside_the_built_in_ones() {
        let (catalogue, problems) = loaded(&[("corp.toml", &preset("corp")), ("note.txt", "?")]);
        assert_eq!(problems, Vec::<String>::new());
        let corp = catalogue.find("corp").expect("loaded");
        assert_eq!(corp.client.client_id.as_deref(), Some("team-app"));
        assert!(catalogue.find("github").is_some());
    }

    #[test]
    fn a_file_with_a_mistake_is_named_and_the_others_work() {
        let broken = "\n[[preset]]\nid = 7\n";
        let (catalogue, problems) = loaded(&[("a.toml", broken), ("b.toml", &preset("corp"))]);
        assert!(catalogue.find("corp").is_some());
        let [problem] = problems.as_slice() else {
            panic!("{problems:?}");
        };
        assert!(problem.contains("a.toml:3:"), "{problem}");
    }

    #[test]
    fn f16_a_built_in_id_is_taken_over_and_a_second_file_is_refused_with_words() {
        let own = preset("github");
        let (catalogue, problems) = loaded(&[("a.toml", &own), ("b.toml", &own)]);
        let github = catalogue.find("github").expect("there");
        assert!(github.replaces_built_in);
        assert_eq!(github.client.client_id.as_deref(), Some("team-app"));
        let [problem] = problems.as_slice() else {
            panic!("{problems:?}");
        };
        assert!(problem.contains("b.toml:3:6"), "{problem}");
        assert!(problem.contains("`github` is taken"), "{problem}");
    }

    #[test]
    fn what_is_too_large_or_no_file_is_left_out() {
        let config = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(config.path().join("providers/folder.toml")).expect("made");
        std::fs::write(
            config.path().join("providers/large.toml"),
            "#".repeat(1024 * 1024 + 1),
        )
        .expect("written");
        let (_, problems) = with_files(Catalogue::default(), &own_files(config.path()));
        assert!(problems[0].contains("not a file"), "{problems:?}");
        assert!(problems[1].contains("larger than 1 MiB"), "{problems:?}");
    }
}
