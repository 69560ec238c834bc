//! Who else is logged in here, and what this process descends from. Everything read here is outside
//! data: only whether it is there counts, and names are made harmless before they are shown.

use std::collections::BTreeSet;
use std::fs;

/// Longer chains of processes are not followed.
const DEEPEST: usize = 32;
/// A record of `utmp` and the places in it that matter (utmp(5)).
const RECORD: usize = if cfg!(target_arch = "x86_64") {
    384
} else {
    400
};
const USER_PROCESS: [u8; 2] = 7i16.to_ne_bytes();
const USER: std::ops::Range<usize> = 44..76;

/// Names of the processes that this one descends from, nearest first.
pub(super) fn ancestors() -> Vec<String> {
    let mut names = Vec::new();
    let mut id = rustix::process::getppid().map_or(0, |id| id.as_raw_nonzero().get());
    while id > 0 && names.len() < DEEPEST {
        // `id (name) state parent …`; a name may hold anything, also brackets.
        let Ok(line) = fs::read_to_string(format!("/proc/{id}/stat")) else {
            break;
        };
        let Some((head, tail)) = line.rsplit_once(')') else {
            break;
        };
        let name = head.split_once('(').map_or("", |(_, name)| name);
        names.push(name.to_owned());
        let parent = tail.split_whitespace().nth(1);
        id = parent.and_then(|parent| parent.parse().ok()).unwrap_or(0);
    }
    names
}

/// Login names with a session here. Empty where the system keeps no list.
pub(super) fn logged_in() -> BTreeSet<String> {
    let table = ["/run/utmp", "/var/run/utmp"].map(|path| fs::read(path).unwrap_or_default());
    let found = table.iter().find(|table| !table.is_empty());
    found.map(|table| read_utmp(table)).unwrap_or_default()
}

fn read_utmp(table: &[u8]) -> BTreeSet<String> {
    let sessions = table
        .chunks_exact(RECORD)
        .filter(|record| record[..2] == USER_PROCESS);
    sessions
        .filter_map(|record| {
            let name = record[USER].split(|byte| *byte == 0).next()?;
            let name = str::from_utf8(name).ok()?;
            (!name.is_empty()).then(|| name.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: i16, user: &[u8]) -> Vec<u8> {
        let mut record = vec![0; RECORD];
        record[..2].copy_from_slice(&kind.to_ne_bytes());
        record[USER.start..USER.start + user.len()].copy_from_slice(user);
        record
    }

    #[test]
    fn z_07_sessions_are_read_from_the_table_of_logins() {
        let mut table = record(7, b"ada");
        table.extend(record(2, b"reboot"));
        table.extend(record(7, b"bob"));
        table.extend(record(8, b"gone"));
        table.extend(record(7, b"\xff"));
        table.extend(record(7, &[b'x'; 32]));
        table.extend(&record(7, b"cut")[..100]);
        let long = "x".repeat(32);
        assert_eq!(
            read_utmp(&table),
            BTreeSet::from(["ada".to_owned(), "bob".to_owned(), long])
        );
        assert!(read_utmp(b"junk").is_empty());
    }

    #[test]
    fn z_01_this_process_descends_from_something() {
        assert!(!ancestors().is_empty());
    }
}
