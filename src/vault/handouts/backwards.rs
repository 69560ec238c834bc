//! The lines of a file from its end to its start, in little memory however long file and lines are.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Longer lines are passed over.
const LONGEST: usize = 4096;
const PIECE: usize = 16 * 1024;

pub(super) struct Backwards {
    file: File,
    /// Where the bytes of `rest` start in the file.
    at: u64,
    /// Read, and not given back yet.
    rest: Vec<u8>,
    /// The end of the line at hand was too long to keep.
    too_long: bool,
    done: bool,
}

impl Backwards {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let at = file.metadata()?.len();
        Ok(Self {
            file,
            at,
            rest: Vec::new(),
            too_long: false,
            done: false,
        })
    }

    /// The line before, without its line break; `None` at the start of the file.
    pub(super) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        while !self.done {
            if let Some(line) = self.line()? {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    /// `None`: it was too long, or the file has no more.
    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let line = loop {
            if let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') {
                let line = self.rest.split_off(end + 1);
                self.rest.truncate(end);
                break line;
            }
            if self.at == 0 {
                self.done = true;
                break std::mem::take(&mut self.rest);
            }
            if self.rest.len() > LONGEST {
                self.too_long = true;
                self.rest.clear();
            }
            self.read_piece()?;
        };
        let whole = !std::mem::take(&mut self.too_long) && line.len() <= LONGEST;
        Ok(whole.then_some(line))
    }

    fn read_piece(&mut self) -> io::Result<()> {
        let length = self.at.min(PIECE as u64);
        let mut piece = vec![0; usize::try_from(length).unwrap_or(PIECE)];
        self.at -= length;
        self.file.read_exact_at(&mut piece, self.at)?;
        piece.append(&mut self.rest);
        self.rest = piece;
        Ok(())
    }
}
