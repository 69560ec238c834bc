//! What a process did to the files below a folder, as strace saw it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const CALLS: &str = "trace=openat,pwrite64,write,lseek,fsync,fdatasync,ftruncate,rename,renameat,\
                     renameat2,unlink,unlinkat,mkdir,mkdirat,link,linkat,copy_file_range,sendfile";

/// One change, in the order of the calls. Paths are those of the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Op {
    /// Unless it is there.
    Create(PathBuf),
    Folder(PathBuf),
    Write {
        path: PathBuf,
        at: usize,
        bytes: Vec<u8>,
    },
    Truncate(PathBuf, usize),
    /// Of a file or of a folder.
    Sync(PathBuf),
    Rename(PathBuf, PathBuf),
    Unlink(PathBuf),
}

/// Runs `command` under strace; its changes below `root`.
pub(crate) fn record(root: &Path, command: &[&std::ffi::OsStr], story: &str) -> Vec<Op> {
    let log = tempfile::NamedTempFile::new().expect("a file");
    let ended = Command::new("strace")
        .args(["-f", "-xx", "-y", "-s", "10000000", "-e", CALLS, "-o"])
        .arg(log.path())
        .args(command)
        .env("VALETKEY_FAULTS_ROOT", root)
        .output()
        .expect("strace");
    assert!(
        ended.status.success(),
        "{story}: {}{}",
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr)
    );
    let text = std::fs::read_to_string(log.path()).expect("the log");
    parse(&text, root)
}

fn parse(text: &str, root: &Path) -> Vec<Op> {
    let mut reader = Reader {
        root,
        offsets: HashMap::new(),
        ops: Vec::new(),
    };
    let mut unfinished: HashMap<&str, String> = HashMap::new();
    for line in text.lines() {
        let (pid, call) = line.split_once(' ').expect("a process and a call");
        let call = call.trim_start();
        if call.starts_with("+++") || call.starts_with("---") {
            continue;
        }
        if let Some(begun) = call.strip_suffix(" <unfinished ...>") {
            unfinished.insert(pid, begun.to_owned());
        } else if let Some((_, rest)) = call.split_once(" resumed>") {
            let whole = unfinished.remove(pid).expect("begun") + rest;
            reader.call(&whole);
        } else {
            reader.call(call);
        }
    }
    reader.ops
}

struct Reader<'a> {
    root: &'a Path,
    /// Of each descriptor that is written in order.
    offsets: HashMap<usize, usize>,
    ops: Vec<Op>,
}

impl Reader<'_> {
    fn call(&mut self, call: &str) {
        let (name, rest) = call.split_once('(').expect("a call");
        let (arguments, result) = rest.rsplit_once(" = ").expect("a result");
        let result = result.trim();
        if result.starts_with('-') || result.starts_with('?') {
            return;
        }
        let number = |text: &str| text.trim().trim_end_matches(')').parse::<usize>();
        let arguments: Vec<&str> = arguments
            .trim_end()
            .trim_end_matches(')')
            .split(", ")
            .collect();
        match name {
            "openat" => {
                let (fd, path) = descriptor(result);
                self.offsets.insert(fd, 0);
                let flags = arguments[2];
                if flags.contains("O_CREAT") {
                    self.push(path.clone(), Op::Create);
                }
                if flags.contains("O_TRUNC") {
                    self.push(path, |path| Op::Truncate(path, 0));
                }
            }
            "mkdir" => self.push(quoted(arguments[0]), Op::Folder),
            "mkdirat" => self.push(quoted(arguments[1]), Op::Folder),
            "pwrite64" => {
                let at = number(arguments[3]).expect("a place");
                self.write(descriptor(arguments[0]).1, at, arguments[1]);
            }
            "write" => {
                let (fd, path) = descriptor(arguments[0]);
                let at = *self.offsets.get(&fd).unwrap_or(&0);
                let wrote = number(result).expect("a count");
                self.offsets.insert(fd, at + wrote);
                self.write(path, at, arguments[1]);
            }
            "lseek" => {
                let at = number(result).expect("a place");
                self.offsets.insert(descriptor(arguments[0]).0, at);
            }
            "fsync" | "fdatasync" => self.push(descriptor(arguments[0]).1, Op::Sync),
            "ftruncate" => {
                let length = number(arguments[1]);
                // Shared memory is sized by the engine and never kept.
                self.push(descriptor(arguments[0]).1, |path| {
                    Op::Truncate(path, length.expect("a length"))
                });
            }
            "rename" => self.rename(arguments[0], arguments[1]),
            "renameat" | "renameat2" => self.rename(arguments[1], arguments[3]),
            "unlink" => self.unlink(arguments[0]),
            "unlinkat" => self.unlink(arguments[1]),
            other => {
                let here = arguments
                    .iter()
                    .filter_map(|argument| quoted(argument).or_else(|| descriptor(argument).1));
                for path in here {
                    assert!(!self.concerns(&path), "{other} is not understood: {call}");
                }
            }
        }
    }

    fn concerns(&self, path: &Path) -> bool {
        path.starts_with(self.root) && !path.to_string_lossy().ends_with("-shm")
    }

    fn push(&mut self, path: Option<PathBuf>, op: impl FnOnce(PathBuf) -> Op) {
        if let Some(path) = path.filter(|path| self.concerns(path)) {
            self.ops.push(op(path));
        }
    }

    fn write(&mut self, path: Option<PathBuf>, at: usize, text: &str) {
        let bytes = hex(text.trim_matches('"'));
        self.push(path, |path| Op::Write { path, at, bytes });
    }

    fn rename(&mut self, from: &str, to: &str) {
        let (from, to) = (quoted(from).expect("a path"), quoted(to).expect("a path"));
        if self.concerns(&to) {
            self.ops.push(Op::Rename(from, to));
        }
    }

    fn unlink(&mut self, path: &str) {
        self.push(quoted(path), Op::Unlink);
    }
}

/// `3<\x2f…>`: the number and the path it stands for.
fn descriptor(text: &str) -> (usize, Option<PathBuf>) {
    let Some((number, path)) = text.split_once('<') else {
        return (text.trim().parse().unwrap_or(usize::MAX), None);
    };
    let path = path.trim_end_matches('>');
    let path = path.starts_with("\\x").then(|| path_of(path));
    (number.trim().parse().unwrap_or(usize::MAX), path)
}

fn quoted(text: &str) -> Option<PathBuf> {
    let text = text.trim().strip_prefix('"')?.strip_suffix('"')?;
    Some(path_of(text))
}

fn path_of(text: &str) -> PathBuf {
    PathBuf::from(String::from_utf8(hex(text)).expect("a path in UTF-8"))
}

fn hex(text: &str) -> Vec<u8> {
    text.split("\\x")
        .skip(1)
        .map(|digits| u8::from_str_radix(digits, 16).expect("two digits"))
        .collect()
}
