//! The file of hand-outs: nothing is lost, nothing hostile is obeyed, and it does not grow for ever.

use std::collections::BTreeSet;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::Barrier;

use tempfile::TempDir;

use super::*;
use crate::model::Untrusted;
use crate::vault::PrivacyProblem;

fn id(number: u8) -> ConnectionId {
    ConnectionId::from_random([number; 16])
}

fn handed(at: i64, name: &str) -> Handed {
    Handed {
        at: UnixTime(at),
        connection: id(1),
        name: "github".to_owned(),
        outcome: Outcome::Given,
        via: Via::Command,
        caller: Some(Caller {
            pid: 812,
            name: Untrusted::new(name),
        }),
    }
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn all(&self) -> Handouts {
        Handouts::in_state(&self.0.path().join("state"))
    }

    /// A file of this length that holds no line of ours, and ends with one whole line.
    fn fill(&self, length: u64) {
        let all = self.all();
        home::private_folder(&all.state).expect("made");
        let mut text = "x".repeat(usize::try_from(length).expect("small"));
        text.pop();
        text.push('\n');
        fs::write(all.current(), text).expect("written");
        let private = fs::Permissions::from_mode(home::FILE_MODE);
        fs::set_permissions(all.current(), private).expect("private");
    }
}

fn times(handed: &[Handed]) -> Vec<i64> {
    handed.iter().map(|handed| handed.at.0).collect()
}

#[test]
fn x_08_what_is_added_is_read_again_newest_first() {
    let place = Place::new();
    let all = place.all();
    assert_eq!(all.read(9, None), Ok(Vec::new()), "nothing yet");
    let mut refused = handed(7, "curl");
    refused.connection = id(2);
    refused.outcome = Outcome::Refused("denied".to_owned());
    refused.via = Via::Agent;
    let mut unknown = handed(9, "");
    unknown.caller = None;
    all.add(&[handed(5, "git"), refused.clone()])
        .expect("added");
    all.add(std::slice::from_ref(&unknown)).expect("added");
    all.add(&[]).expect("nothing to add");
    let expected = [unknown, refused.clone(), handed(5, "git")];
    assert_eq!(all.read(9, None).expect("read"), expected);
    assert_eq!(all.read(9, Some(&id(2))).expect("read"), [refused]);
    assert_eq!(times(&all.read(2, None).expect("read")), [9, 7]);
    let mode = fs::metadata(all.current())
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, home::FILE_MODE);
}

#[test]
fn x_08_a_vault_in_memory_keeps_no_hand_outs() {
    assert!(Handouts::of(&Home::Memory).is_none());
}

#[test]
fn x_08_a_full_file_makes_room_and_the_newest_are_kept() {
    let place = Place::new();
    let all = place.all();
    let batch = |from: i64| (from..from + 500).map(|at| handed(at, "git")).collect();
    for from in 0..60 {
        let lines: Vec<Handed> = batch(from * 500);
        all.add(&lines).expect("added");
    }
    let size = |path: PathBuf| fs::metadata(path).expect("there").len();
    let slack = 200 * 1024;
    assert!(size(all.current()) < FULL + slack && size(all.former()) < FULL + slack);
    let kept = times(&all.read(usize::MAX, None).expect("read"));
    assert!(kept.len() > 5_000, "{}", kept.len());
    let newest: Vec<i64> = (0..30_000).rev().take(kept.len()).collect();
    assert_eq!(kept, newest);
}

#[test]
fn x_08_programs_that_make_room_at_once_lose_no_line() {
    const WRITERS: i64 = 8;
    for round in 0..40 {
        let place = Place::new();
        // The first line of some writer fills the file.
        place.fill(FULL - 100 * (round % 4));
        let start = Barrier::new(8);
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (all, start) = (place.all(), &start);
                scope.spawn(move || {
                    start.wait();
                    for line in 0..4 {
                        let line = handed(writer * 10 + line, "git");
                        all.add(&[line]).expect("added");
                    }
                });
            }
        });
        let found = times(&place.all().read(usize::MAX, None).expect("read"));
        let different: BTreeSet<&i64> = found.iter().collect();
        assert_eq!((found.len(), different.len()), (32, 32), "round {round}");
    }
}

#[test]
fn x_08_whoever_opened_the_full_file_before_another_made_room_moves_nothing() {
    let place = Place::new();
    let all = place.all();
    place.fill(FULL);
    let late = all.open_to_add().expect("opened");
    all.add(&[handed(1, "first")]).expect("added");
    assert!(all.made_room(&late).expect("looked"), "it is to open anew");
    let expected = [handed(1, "first")];
    assert_eq!(all.read(9, None).expect("read"), expected);
    assert!(fs::metadata(all.former()).expect("kept").len() >= FULL);
}

#[test]
fn x_08_a_line_in_a_file_that_was_dropped_meanwhile_is_known_to_be_lost() {
    let place = Place::new();
    let all = place.all();
    all.add(&[handed(1, "git")]).expect("added");
    let file = all.open_to_add().expect("opened");
    assert!(is_kept(&file).expect("looked"));
    fs::rename(all.current(), all.former()).expect("moved");
    assert!(is_kept(&file).expect("looked"));
    fs::remove_file(all.former()).expect("dropped");
    assert!(!is_kept(&file).expect("looked"));
}

#[test]
fn x_08_a_file_that_is_moved_while_it_is_read_is_read_once() {
    let place = Place::new();
    let all = place.all();
    all.add(&[handed(1, "git")]).expect("added");
    // As a reader sees it who opened it under its name before it was moved, and under the other after.
    fs::hard_link(all.current(), all.former()).expect("a link");
    assert_eq!(all.read(9, None).expect("read"), [handed(1, "git")]);
}

#[test]
fn x_08_while_another_makes_room_the_full_file_takes_the_line() {
    let place = Place::new();
    let all = place.all();
    place.fill(FULL);
    let other = all.open_to_add().expect("opened");
    other.try_lock().expect("nobody has it");
    all.add(&[handed(1, "git")]).expect("added");
    assert!(!all.former().exists());
    assert_eq!(all.read(9, None).expect("read"), [handed(1, "git")]);
}

#[test]
fn x_08_what_is_no_whole_line_of_ours_is_passed_over() {
    let place = Place::new();
    let all = place.all();
    all.add(&[handed(1, "git")]).expect("added");
    let line = fs::read_to_string(all.current()).expect("text");
    let long = "x".repeat(5_000);
    let mut text = b"\xff\xfe\n\n{}\n[1]\nnull\n".to_vec();
    for bad in [
        &line[..line.len() / 2],
        &line[line.len() / 2..],
        &line.replace("given", "granted"),
        &line.replace("command", "telepathy"),
        &line.replace("github", "a\\u001b[2J"),
        &line.replace(
            "\"given\",\"code\":null",
            "\"refused\",\"code\":\"\\u001b[2J\"",
        ),
        &line.replace("1970-", "9970-99-"),
        &line.replace(id(1).as_str(), "../../etc"),
        &line.replace("812", "-1"),
        &line.replace("git\"", &format!("{long}\"")),
        &long.repeat(20),
        &line.replace("00:00:01", "00:00:02"),
        // Unfinished, as by a disk that was full.
        &line[..9],
    ] {
        text.extend(bad.trim_end().as_bytes());
        text.push(b'\n');
    }
    text.pop();
    fs::write(all.current(), text).expect("written");
    all.add(&[handed(3, "git")]).expect("added");
    assert_eq!(
        all.read(9, None).expect("read"),
        [handed(3, "git"), handed(2, "git")]
    );
}

#[test]
fn x_08_w_01_a_hostile_process_name_is_harmless_in_the_file_and_after_it() {
    let place = Place::new();
    let all = place.all();
    let name = "\u{1b}]0;x\u{7}\n{\"at\":\"\u{9b}\u{202e}";
    all.add(&[handed(1, name)]).expect("added");
    all.add(&[handed(2, &"\u{202e}".repeat(9_999))])
        .expect("added");
    let text = fs::read_to_string(all.current()).expect("text");
    assert_eq!(text.lines().count(), 2);
    assert!(
        !text.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']),
        "{text}"
    );
    let read = all.read(9, None).expect("read");
    assert_eq!(times(&read), [2, 1]);
    let shown = read[1].caller.as_ref().expect("known").name.shown();
    assert_eq!(shown.as_str(), "␛]0;x␇␊{\"at\":\"⟨U+009B⟩⟨U+202E⟩");
}

#[test]
fn x_08_u_02_a_link_or_a_file_open_to_others_is_neither_read_nor_written() {
    let elsewhere = Place::new();
    elsewhere.all().add(&[handed(1, "git")]).expect("added");
    let before = fs::read(elsewhere.all().current()).expect("there");
    for name in ["history.jsonl", "history.jsonl.1"] {
        let place = Place::new();
        let all = place.all();
        home::private_folder(&all.state).expect("made");
        symlink(elsewhere.all().current(), all.state.join(name)).expect("a link");
        let problem = |error: VaultError| match error {
            VaultError::NotPrivate { problem, .. } => problem,
            other => panic!("{other:?}"),
        };
        let read = all.read(9, None).expect_err("a link");
        assert_eq!(problem(read), PrivacyProblem::Symlink);
        if name == "history.jsonl" {
            let added = all.add(&[handed(2, "git")]).expect_err("a link");
            assert_eq!(problem(added), PrivacyProblem::Symlink);
        }
    }
    assert_eq!(fs::read(elsewhere.all().current()).expect("there"), before);
    let open = fs::Permissions::from_mode(0o666);
    fs::set_permissions(elsewhere.all().current(), open).expect("opened");
    elsewhere.all().add(&[handed(2, "git")]).expect_err("open");
    elsewhere.all().read(9, None).expect_err("open");
}

#[test]
fn x_08_lines_are_read_across_the_pieces_that_are_read_at_once() {
    let place = Place::new();
    let all = place.all();
    for length in 1..60 {
        all.add(&[handed(
            length,
            &"n".repeat(usize::try_from(length).expect("small")),
        )])
        .expect("added");
        let many: Vec<Handed> = (0..9).map(|_| handed(0, "git")).collect();
        all.add(&many).expect("added");
    }
    let read = all.read(usize::MAX, None).expect("read");
    assert_eq!(read.len(), 59 * 10);
    let counted = read.iter().filter(|handed| handed.at.0 > 0);
    let expected: Vec<i64> = (1..60).rev().collect();
    assert_eq!(
        counted.map(|handed| handed.at.0).collect::<Vec<_>>(),
        expected
    );
}
