//! The arrows between the rooms of src/, read from the source itself (docs/ARCHITECTURE.md).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room and the rooms it may use.
const ARROWS: &[(&str, &[&str])] = &[
    // It wires the rooms.
    (
        "main",
        &[
            "tui", "cli", "agent", "settings", "actions", "advice", "engine", "host", "vault",
            "provider", "oauth", "model", "sandbox",
        ],
    ),
    (
        "tui",
        &[
            "agent", "settings", "actions", "advice", "engine", "host", "vault", "provider",
            "oauth", "model",
        ],
    ),
    (
        "cli",
        &[
            "agent", "settings", "actions", "advice", "engine", "host", "vault", "provider",
            "oauth", "model", "sandbox",
        ],
    ),
    ("agent", &["advice", "engine", "host", "vault", "model"]),
    (
        "advice",
        &["settings", "engine", "host", "vault", "oauth", "model"],
    ),
    ("settings", &["actions", "host", "model"]),
    (
        "actions",
        &["engine", "host", "vault", "provider", "oauth", "model"],
    ),
    ("engine", &["host", "vault", "provider", "oauth", "model"]),
    ("host", &["vault", "oauth", "model"]),
    ("vault", &["model"]),
    ("provider", &["oauth", "model"]),
    ("oauth", &["model"]),
    ("model", &[]),
    ("sandbox", &[]),
];

struct Source {
    /// Below src/.
    path: PathBuf,
    room: String,
    /// Without comment lines.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    read_folder(&root, &root, &mut found);
    assert!(found.len() > 100, "the whole house is read");
    found
}

fn read_folder(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            read_folder(root, &path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("text");
            let path = path.strip_prefix(root).expect("below src").to_owned();
            let first = path.iter().next().expect("a name").to_string_lossy();
            found.push(Source {
                room: first.trim_end_matches(".rs").to_owned(),
                code: without_comments(&text),
                path,
            });
        }
    }
}

fn without_comments(text: &str) -> String {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| [line, "\n"]).collect()
}

/// The names that directly follow `prefix` in the code, also inside braces: `crate::{a, b::c}`.
fn named_after(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(top_names(group)),
            None => names.extend(name(rest)),
        }
    }
    names
}

fn name(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    let name = &text[..end.unwrap_or(text.len())];
    (!name.is_empty()).then(|| name.to_owned())
}

fn top_names(group: &str) -> Vec<String> {
    let (mut depth, mut item, mut names) = (0, String::new(), Vec::new());
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.extend(name(std::mem::take(&mut item).trim())),
            c if depth == 0 => item.push(c),
            _ => {}
        }
    }
    names.extend(name(item.trim()));
    names
}

/// The rooms that a source reaches by climbing out of its own with `super::`.
fn climbed_to(source: &Source) -> BTreeSet<String> {
    let is_folder_file = source.path.ends_with("mod.rs");
    let parts = source.path.iter().count();
    let depth = if is_folder_file { parts - 1 } else { parts };
    named_after(&source.code, &"super::".repeat(depth))
}

fn is_room(name: &str) -> bool {
    ARROWS.iter().any(|(room, _)| *room == name)
}

fn forbidden(source: &Source) -> Vec<String> {
    if source.room == "lib" {
        return Vec::new();
    }
    let Some((_, allowed)) = ARROWS.iter().find(|(room, _)| *room == source.room) else {
        return vec![format!(
            "{} belongs to no room of the house",
            source.path.display()
        )];
    };
    let mut used = named_after(&source.code, "crate::");
    used.extend(named_after(&source.code, "valetkey::"));
    used.extend(climbed_to(source));
    used.into_iter()
        .filter(|used| is_room(used) && *used != source.room && !allowed.contains(&used.as_str()))
        .map(|used| format!("{} uses {used}", source.path.display()))
        .collect()
}

#[test]
fn no_room_uses_one_above_it() {
    let broken: Vec<String> = sources().iter().flat_map(forbidden).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_reader_sees_every_spelling_of_an_arrow() {
    let see = |path: &str, code: &str| {
        forbidden(&Source {
            path: PathBuf::from(path),
            room: path.split('/').next().unwrap_or_default().to_owned(),
            code: without_comments(code),
        })
    };
    for code in [
        "use crate::engine::Engine;",
        "use crate::{model::Secret, engine};",
        "use crate::{\n    model::{A, B},\n    engine::{C, D},\n};",
        "fn f() { crate::engine::go() }",
        "pub(in crate::engine) fn f() {}",
        "use super::super::engine::Engine;",
    ] {
        assert_eq!(
            see("vault/db.rs", code),
            ["vault/db.rs uses engine"],
            "{code}"
        );
    }
    for code in [
        "// use crate::engine::Engine;",
        "//! [`crate::engine`] is above.",
        "use crate::model::Secret;",
        "use super::engine;",
        "use other_crate::engine;",
    ] {
        assert!(see("vault/db.rs", code).is_empty(), "{code}");
    }
    assert_eq!(see("sandbox/mod.rs", "use super::oauth;").len(), 1);
    assert_eq!(see("attic/mod.rs", "").len(), 1, "an unknown room");
}

#[test]
fn only_the_vault_knows_its_database() {
    for source in sources() {
        if source.code.contains("rusqlite") {
            assert_eq!(source.room, "vault", "{}", source.path.display());
        }
    }
}

/// Opening and closing the file elsewhere would drop the locks that its engine holds on it. (What
/// `advice` tells people is words, and tests may look.)
#[test]
fn only_one_file_names_the_database() {
    let naming: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|source| source.room != "advice" && !source.path.starts_with("vault/tests"))
        .filter(|source| source.code.contains("\"vault.db"))
        .map(|source| source.path)
        .collect();
    assert_eq!(naming, [PathBuf::from("vault/db.rs")]);
}

/// What comes back from outside is compared by one function, and a secret by no operator (conformance F-11).
#[test]
fn f_11_secrets_are_compared_in_one_place() {
    let mut comparing: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|source| source.code.contains("ct_eq"))
        .map(|source| source.path)
        .collect();
    comparing.sort();
    assert_eq!(
        comparing,
        [
            PathBuf::from("model/secret.rs"),
            PathBuf::from("model/secret_digest.rs")
        ]
    );
    // It is sent, and it is made a digest of; nothing else is done with it.
    let otherwise = |code: &str| {
        code.lines().any(|line| {
            line.contains("state.reveal()")
                && !["append_pair(", "format!(", "SecretDigest::of("]
                    .iter()
                    .any(|use_of_it| line.contains(use_of_it))
        })
    };
    assert!(otherwise("self.state.reveal().eq_ignore_ascii_case(got)"));
    for source in sources() {
        let test = source.path.iter().any(|part| part == "tests");
        assert!(
            test || !otherwise(&source.code),
            "{}",
            source.path.display()
        );
    }
}

/// Signing in happens in the person's own browser (conformance E-01): nothing here can show a page, and no
/// request carries a person's password.
#[test]
fn e_01_no_embedded_view_and_no_password_of_a_person() {
    let lock = include_str!("../Cargo.lock");
    for view in [
        "wry",
        "tao",
        "tauri",
        "web-view",
        "webview2-com",
        "webkit2gtk",
        "webkit6",
        "objc2-web-kit",
        "cef",
        "servo",
        "cacao",
        "headless_chrome",
        "fantoccini",
        "thirtyfour",
        "chromiumoxide",
    ] {
        assert!(!lock.contains(&format!("name = \"{view}\"")), "{view}");
    }
    for source in sources() {
        // The one call that would make such a request (RFC 6749 section 4.3).
        assert!(
            !source.code.contains("exchange_password"),
            "{}",
            source.path.display()
        );
    }
    // Nor may a definition add one by hand.
    for parameter in ["username", "password", "grant_type"] {
        let refused = valetkey::oauth::check_extra_parameter(parameter);
        assert!(refused.is_err(), "{parameter}");
    }
}

/// The lint denies it everywhere; only these files may lift that.
#[test]
fn only_two_files_are_unsafe() {
    let mut lifting: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|source| source.code.contains("unsafe"))
        .map(|source| source.path)
        .collect();
    lifting.sort();
    let allowed = ["host/process/descriptors.rs", "host/process/text.rs"];
    assert_eq!(lifting, allowed.map(PathBuf::from));
}
