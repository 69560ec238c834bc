//! When tokens were issued by the clock that nobody sets: a note outside the vault, for this start of
//! the machine alone (conformance J-11).
//!
//! Without it a clock that is set back makes an expired token look valid. The note holds no secret
//! and is not synced: after a crash of the machine it would say nothing any more. Whoever edits it
//! can only make a token look older than it is.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Vault, VaultError, home};
use crate::model::{BootId, Grant, GrantId, UnixTime, Uptime};

/// From this size on what no longer counts is dropped, in bytes: and twice what the sign-ins that are there
/// take, so that a large vault does not write the note anew each time.
const FULL: u64 = 256 * 1024;
/// A line is shorter, in bytes.
const LINE: u64 = 128;
/// More than this was never written by this program.
const TOO_LARGE: u64 = 8 * 1024 * 1024;

/// The tokens that were noted since the machine started.
#[derive(Debug, Default)]
pub struct Issued {
    uptime: Option<Uptime>,
    /// By grant and its `issued_at`: the uptime of that moment.
    noted: Arc<Notes>,
}

type Notes = HashMap<(GrantId, UnixTime), i64>;

/// The note as it was last read, and what its file looked like then.
#[derive(Default)]
pub(super) struct LastRead(RefCell<Option<(Mark, Arc<Notes>)>>);

/// Differs after every write of the note: it only grows, or another file takes its place.
type Mark = (u64, u64, i64, i64);

/// The moment at which a grant's expiry is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JudgedAt {
    /// By whichever clock says that more time has passed.
    pub now: UnixTime,
    /// The time of day was set since the tokens were issued, by more than clocks drift.
    pub moved: bool,
    /// The tokens are noted for this start of the machine.
    pub noted: bool,
}

/// Clocks drift, and are corrected by small steps.
const DRIFT: u64 = 120;

impl Issued {
    /// When to judge this grant, as the time of day is `now`.
    pub fn judge(&self, grant: &Grant, now: UnixTime) -> JudgedAt {
        let key = (grant.id.clone(), grant.issued_at);
        let noted = self.uptime.as_ref().zip(self.noted.get(&key));
        match noted {
            Some((uptime, then)) => {
                let passed = uptime.seconds.saturating_sub(*then).max(0);
                let counted = UnixTime(grant.issued_at.0.saturating_add(passed));
                JudgedAt {
                    now: now.max(counted),
                    moved: now.0.abs_diff(counted.0) > DRIFT,
                    noted: true,
                }
            }
            // Tokens cannot come from the future.
            None => JudgedAt {
                now,
                moved: grant.issued_at.0.saturating_sub(now.0) > DRIFT.cast_signed(),
                noted: false,
            },
        }
    }
}

impl Vault {
    /// What is noted for this start of the machine. A note that cannot be read says nothing.
    pub fn issued(&self, uptime: Option<Uptime>) -> Issued {
        let (Some(state), Some(uptime)) = (&self.state, uptime) else {
            return Issued::default();
        };
        Issued {
            noted: self.issued_read.of(state, &uptime.boot),
            uptime: Some(uptime),
        }
    }

    /// Notes the tokens of this grant, which were issued a moment ago or at the time its row tells.
    /// Does nothing in memory, and a failure costs nothing but the second clock.
    pub fn note_issued(&self, grant: &Grant, now: UnixTime, uptime: Option<&Uptime>) {
        if let (Some(state), Some(uptime)) = (&self.state, uptime) {
            let age = i64::try_from(now.since(grant.issued_at).0).unwrap_or(i64::MAX);
            let then = uptime.seconds.saturating_sub(age);
            let line = line(&uptime.boot, &grant.id, grant.issued_at, then);
            let _ = append(state, &uptime.boot, &line, || self.living());
        }
    }
}

impl Vault {
    fn living(&self) -> Result<HashSet<GrantId>, VaultError> {
        let grants = self.summaries()?.into_iter().filter_map(|row| row.grant);
        Ok(grants.map(|grant| grant.id).collect())
    }
}

fn line(boot: &BootId, grant: &GrantId, issued_at: UnixTime, then: i64) -> String {
    format!("{} {grant} {} {then}\n", boot.as_str(), issued_at.0)
}

fn note(state: &Path) -> PathBuf {
    state.join("issued")
}

impl LastRead {
    /// What the note holds now; read again only when it was written.
    fn of(&self, state: &Path, boot: &BootId) -> Arc<Notes> {
        let file = note(state);
        let found = match home::check_file(&file) {
            Ok(Some(found)) if found.len() <= TOO_LARGE => found,
            _ => return Arc::default(),
        };
        let mark = (found.ino(), found.len(), found.mtime(), found.mtime_nsec());
        let mut last = self.0.borrow_mut();
        if let Some((read_as, notes)) = &*last
            && *read_as == mark
        {
            return notes.clone();
        }
        let notes = Arc::new(notes(&file, boot));
        *last = Some((mark, notes.clone()));
        notes
    }
}

fn read(state: &Path, boot: &BootId) -> Notes {
    let sound =
        matches!(home::check_file(&note(state)), Ok(Some(found)) if found.len() <= TOO_LARGE);
    if sound {
        notes(&note(state), boot)
    } else {
        Notes::new()
    }
}

fn notes(file: &Path, boot: &BootId) -> Notes {
    let text = fs::read_to_string(file).unwrap_or_default();
    // Later lines replace earlier ones.
    text.lines().filter_map(|line| entry(line, boot)).collect()
}

fn entry(line: &str, boot: &BootId) -> Option<((GrantId, UnixTime), i64)> {
    let mut parts = line.split(' ');
    if parts.next()? != boot.as_str() {
        return None;
    }
    let grant = GrantId::parse(parts.next()?)?;
    let issued_at = UnixTime(parts.next()?.parse().ok()?);
    let then = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some(((grant, issued_at), then))
}

/// One short write at the end of the file: lines of several programs do not mix.
fn append(
    state: &Path,
    boot: &BootId,
    line: &str,
    living: impl FnOnce() -> Result<HashSet<GrantId>, VaultError>,
) -> Result<(), VaultError> {
    home::private_folder(state)?;
    let file = note(state);
    let size = home::check_file(&file)?.map_or(0, |found| found.len());
    // A vault that does not answer now is asked with the next tokens.
    if size > FULL
        && let Ok(living) = living()
        && size > FULL + 2 * LINE * living.len() as u64
    {
        rewrite(state, boot, &living)?;
    }
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(home::FILE_MODE)
        .open(file)?;
    home::make_private(&file)?;
    file.write_all(line.as_bytes())?;
    Ok(())
}

/// Keeps the newest tokens of each grant that is there. A line that another program adds at the same
/// moment may be lost, which costs the second clock of one token.
fn rewrite(state: &Path, boot: &BootId, living: &HashSet<GrantId>) -> io::Result<()> {
    let mut newest: HashMap<GrantId, (UnixTime, i64)> = HashMap::new();
    let mut notes = read(state, boot);
    notes.retain(|(grant, _), _| living.contains(grant));
    for ((grant, issued_at), then) in notes {
        let kept = newest.entry(grant).or_insert((issued_at, then));
        if then > kept.1 {
            *kept = (issued_at, then);
        }
    }
    let mut file = home::temporary_file(state, ".issued-")?;
    for (grant, (issued_at, then)) in &newest {
        file.write_all(line(boot, grant, *issued_at, *then).as_bytes())?;
    }
    file.persist(note(state)).map_err(|failed| failed.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOT: &str = "0f1e2d3c-0000-4000-8000-00000000000a";

    fn boot() -> BootId {
        BootId::parse(BOOT).expect("a boot")
    }

    fn id(number: u8) -> GrantId {
        GrantId::from_random([number; 16])
    }

    /// Where the first grant alone is there.
    fn note_down(state: &Path, line: &str) -> Result<(), VaultError> {
        append(state, &boot(), line, || Ok(HashSet::from([id(1)])))
    }

    #[test]
    fn j_11_what_is_noted_is_read_and_anything_else_ignored() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("state");
        note_down(&state, &line(&boot(), &id(1), UnixTime(7), 70)).expect("noted");
        note_down(&state, &line(&boot(), &id(1), UnixTime(9), -90)).expect("noted");
        let other = BootId::parse(&BOOT.replace('a', "b")).expect("a boot");
        for rubbish in [
            line(&other, &id(2), UnixTime(1), 1),
            format!("{BOOT} ../x 1 1\n"),
            format!("{BOOT} {} 1\n", id(3)),
            format!("{BOOT} {} 1 99999999999999999999\n", id(3)),
            format!("{BOOT} {} 1 1 1\n", id(3)),
            "\n".to_owned(),
            "half a li".to_owned(),
        ] {
            note_down(&state, &rubbish).expect("written");
        }
        let noted = read(&state, &boot());
        let expected = [((id(1), UnixTime(7)), 70), ((id(1), UnixTime(9)), -90)];
        assert_eq!(noted, HashMap::from(expected));
    }

    #[test]
    fn j_11_the_note_does_not_grow_for_ever_and_keeps_the_newest() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("state");
        let many = 8_000;
        for at in 0..many {
            // A grant that is there and gets new tokens, and one after the other that comes and goes.
            let gone =
                GrantId::from_random(u128::try_from(1000 + at).expect("small").to_be_bytes());
            for grant in [id(1), gone] {
                note_down(&state, &line(&boot(), &grant, UnixTime(at), at)).expect("noted");
            }
        }
        let size = fs::metadata(note(&state)).expect("there").len();
        assert!(size <= FULL + 3 * LINE, "{size}");
        let noted = read(&state, &boot());
        assert_eq!(noted.get(&(id(1), UnixTime(many - 1))), Some(&(many - 1)));
    }

    #[test]
    fn j_11_a_note_of_many_sign_ins_is_not_written_anew_each_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("state");
        home::private_folder(&state).expect("made");
        let many: Vec<GrantId> = (0..6_000_u128)
            .map(|number| GrantId::from_random(number.to_be_bytes()))
            .collect();
        let lines: String = many
            .iter()
            .map(|grant| line(&boot(), grant, UnixTime(7), 70))
            .collect();
        note_down(&state, &lines).expect("noted");
        let before = fs::metadata(note(&state)).expect("there");
        assert!(before.len() > FULL);
        let living = || Ok(many.iter().cloned().collect());
        let last = line(&boot(), &many[0], UnixTime(8), 80);
        append(&state, &boot(), &last, living).expect("noted");
        let after = fs::metadata(note(&state)).expect("there");
        assert_eq!(after.ino(), before.ino());
        assert_eq!(read(&state, &boot()).len(), many.len() + 1);
    }

    #[test]
    fn u_02_a_note_that_is_a_link_or_open_to_others_is_neither_read_nor_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("state");
        home::private_folder(&state).expect("made");
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, line(&boot(), &id(1), UnixTime(1), 1)).expect("written");
        std::os::unix::fs::symlink(&elsewhere, note(&state)).expect("a link");
        assert!(read(&state, &boot()).is_empty());
        note_down(&state, "x\n").expect_err("a link");
        assert!(!fs::read_to_string(&elsewhere).expect("there").contains('x'));
    }
}
