//! The program's own text in memory: a process that waits for hours need not hold what it used at the
//! start. The pages are those of the file on the disk, so giving them back loses nothing; whatever is
//! needed again is mapped again, from the system's cache as a rule.
//!
//! `unsafe` because the standard library cannot speak of the memory a program lies in.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::fs;
use std::os::unix::fs::MetadataExt as _;

use rustix::mm::{Advice, madvise};

/// Takes the pages of this program's text out of this process. Those of its data stay: they were
/// written to. Does nothing where the list of mappings cannot be read (proc(5)).
pub fn let_text_go() {
    let Ok(maps) = fs::read_to_string("/proc/self/maps") else {
        return;
    };
    let Ok(program) = fs::metadata("/proc/self/exe") else {
        return;
    };
    for (start, length) in maps.lines().filter_map(|line| text_of(line, program.ino())) {
        // SAFETY: the range is one mapping of the program's file that nobody can write to, as the
        // system just said; this package unmaps nothing. Pages of such a mapping hold what the file
        // holds, so that reading them again, even by the next instruction, finds the same.
        let _ = unsafe { madvise(start as *mut c_void, length, Advice::LinuxDontNeed) };
    }
}

/// Start and length of a mapping that holds text of the file with this number, by its line in the
/// list of mappings. A mapping that could have been written to, and made read-only since, is none.
fn text_of(line: &str, file: u64) -> Option<(usize, usize)> {
    let mut words = line.split_ascii_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let rights = words.next()?;
    let inode: u64 = words.nth(2)?.parse().ok()?;
    if rights != "r-xp" || inode != file {
        return None;
    }
    let address = |text| usize::from_str_radix(text, 16).ok();
    let start = address(start)?;
    Some((start, address(end)?.checked_sub(start)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_of_the_program_itself_is_given_back() {
        let line =
            |rights, file| format!("1000-3000 {rights} 00293000 fe:00 {file}    /usr/bin/it");
        assert_eq!(text_of(&line("r-xp", 7), 7), Some((0x1000, 0x2000)));
        for (rights, file) in [
            ("r--p", 7),
            ("rw-p", 7),
            ("rwxp", 7),
            ("r-xs", 7),
            ("r-xp", 8),
        ] {
            assert_eq!(text_of(&line(rights, file), 7), None, "{rights} {file}");
        }
        for line in [
            "",
            "x",
            "1000-3000 r-xp",
            "3000-1000 r-xp 0 0:0 7",
            "1-g r-xp 0 0:0 7",
        ] {
            assert_eq!(text_of(line, 7), None, "{line}");
        }
    }

    #[test]
    fn the_program_goes_on_without_the_pages_it_gave_back() {
        let held = || {
            let maps = fs::read_to_string("/proc/self/smaps").expect("maps");
            let exe = fs::metadata("/proc/self/exe").expect("a program").ino();
            let mut of_text = false;
            let mut sum = 0;
            for line in maps.lines() {
                if line
                    .split_ascii_whitespace()
                    .nth(1)
                    .is_some_and(|word| word.len() == 4)
                {
                    of_text = text_of(line, exe).is_some();
                } else if let Some(size) = line.strip_prefix("Rss:").filter(|_| of_text) {
                    let size = size.split_ascii_whitespace().next().expect("a size");
                    sum += size.parse::<u64>().expect("a number");
                }
            }
            sum
        };
        // As much of it as can be is there first.
        let program = fs::read("/proc/self/exe").expect("reads");
        drop(program);
        let maps = fs::read_to_string("/proc/self/maps").expect("maps");
        let exe = fs::metadata("/proc/self/exe").expect("a program").ino();
        let (start, length) = maps
            .lines()
            .find_map(|line| text_of(line, exe))
            .expect("text");
        for page in (start..start + length).step_by(4096) {
            // SAFETY: it can be read for as long as the program runs.
            std::hint::black_box(unsafe { std::ptr::read_volatile(page as *const u8) });
        }
        let before = held();
        let_text_go();
        assert!(held() < before / 2, "{} of {before} KiB are left", held());
    }
}
