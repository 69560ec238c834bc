//! Finds secrets in whatever was left behind: in clear, thinly veiled, and cut in two.

use std::collections::HashMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Shorter ones would be found by chance.
const SHORTEST: usize = 12;
/// How much of a pattern is looked up first.
const PREFIX: usize = 8;
const FILTER_BITS: u32 = 22;

pub(crate) struct Finder {
    secrets: Vec<String>,
    patterns: Vec<Pattern>,
    /// Patterns by their first bytes.
    by_prefix: HashMap<u64, Vec<usize>>,
    /// Which first bytes there may be, by hash: most places are passed over with one look.
    filter: Vec<bool>,
}

struct Pattern {
    bytes: Vec<u8>,
    form: &'static str,
    secret: usize,
}

impl Finder {
    pub(crate) fn of(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut secrets: Vec<String> = secrets
            .into_iter()
            .filter(|secret| secret.len() >= SHORTEST)
            .collect();
        secrets.sort();
        secrets.dedup();
        let mut finder = Self {
            secrets,
            patterns: Vec::new(),
            by_prefix: HashMap::new(),
            filter: vec![false; 1 << FILTER_BITS],
        };
        for secret in 0..finder.secrets.len() {
            for (form, spelt) in spellings(&finder.secrets[secret]) {
                for part in halves(&spelt) {
                    finder.add(part, form, secret);
                }
            }
        }
        finder
    }

    fn add(&mut self, part: &[u8], form: &'static str, secret: usize) {
        let prefix = number(part);
        self.filter[hash(prefix)] = true;
        let same = self.by_prefix.entry(prefix).or_default();
        // Several spellings of plain letters are the same.
        if !same.iter().any(|at| self.patterns[*at].bytes == part) {
            same.push(self.patterns.len());
            self.patterns.push(Pattern {
                bytes: part.to_owned(),
                form,
                secret,
            });
        }
    }

    #[allow(dead_code)] // told by the sweep after the suite
    pub(crate) fn secrets(&self) -> usize {
        self.secrets.len()
    }

    /// What is in there, each secret once, and in which form it was seen first.
    pub(crate) fn find(&self, bytes: &[u8]) -> Vec<(&str, &'static str)> {
        let mut found: Vec<(&str, &'static str)> = Vec::new();
        for at in 0..bytes.len().saturating_sub(PREFIX - 1) {
            let prefix = number(&bytes[at..]);
            if !self.filter[hash(prefix)] {
                continue;
            }
            for pattern in self.by_prefix.get(&prefix).into_iter().flatten() {
                let pattern = &self.patterns[*pattern];
                let secret = self.secrets[pattern.secret].as_str();
                if bytes[at..].starts_with(&pattern.bytes)
                    && !found.iter().any(|(seen, _)| *seen == secret)
                {
                    found.push((secret, pattern.form));
                }
            }
        }
        found
    }
}

/// A text that is cut in two anywhere still holds one of its halves.
fn halves(spelt: &str) -> Vec<&[u8]> {
    let bytes = spelt.as_bytes();
    if bytes.len() >= 2 * SHORTEST {
        let (left, right) = bytes.split_at(bytes.len() / 2);
        vec![left, right]
    } else if bytes.len() >= PREFIX {
        vec![bytes]
    } else {
        Vec::new()
    }
}

fn number(bytes: &[u8]) -> u64 {
    let first: [u8; PREFIX] = bytes[..PREFIX].try_into().expect("long enough");
    u64::from_le_bytes(first)
}

fn hash(prefix: u64) -> usize {
    let mixed = prefix.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - FILTER_BITS);
    usize::try_from(mixed).expect("fits")
}

/// A secret in every form that is looked for.
pub(crate) fn spellings(secret: &str) -> Vec<(&'static str, String)> {
    let hex = each_byte(secret, |byte, text| write!(text, "{byte:02x}"));
    let mut all = vec![
        ("plain", secret.to_owned()),
        ("reversed", secret.chars().rev().collect()),
        ("upper hex", hex.to_uppercase()),
        ("hex", hex),
        (
            "URL-encoded",
            url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        ),
        (
            "percent-encoded",
            each_byte(secret, |byte, text| write!(text, "%{byte:02X}")),
        ),
    ];
    // Base64 spells a text in three ways, by the place it begins at in a longer one.
    for skipped in 0..3 {
        for (form, engine) in [("base64", &STANDARD), ("base64url", &URL_SAFE)] {
            let whole = engine.encode([vec![b' '; skipped], secret.as_bytes().to_vec()].concat());
            // The characters at both ends depend on the neighbours.
            let inner = whole.trim_end_matches('=');
            all.push((form, inner[4..inner.len() - 3].to_owned()));
        }
    }
    all
}

fn each_byte(text: &str, spell: impl Fn(u8, &mut String) -> std::fmt::Result) -> String {
    text.bytes().fold(String::new(), |mut spelt, byte| {
        spell(byte, &mut spelt).expect("a text takes it");
        spelt
    })
}

/// A canary and texts that hold it in every form; a sweep that does not find them all is blind.
pub(crate) fn planted() -> (String, Vec<(&'static str, Vec<u8>)>) {
    let canary = "canary-0123456789-ÿ~?abcdefgh-9876543210".to_owned();
    let mut texts: Vec<(&'static str, Vec<u8>)> = spellings(&canary)
        .into_iter()
        .map(|(form, spelt)| (form, format!("x{spelt}y").into_bytes()))
        .collect();
    for before in ["", "x", "xy"] {
        let longer = format!("{before}{canary}, and more");
        texts.push(("base64 of a longer text", STANDARD.encode(&longer).into()));
        texts.push((
            "base64url of a longer text",
            URL_SAFE.encode(&longer).into(),
        ));
    }
    for (at, _) in canary.char_indices().skip(1) {
        let (left, right) = canary.split_at(at);
        texts.push(("two lines", format!("{left}\r\n{right}").into()));
        texts.push(("two chunks", format!("{left}\",\"{right}").into()));
    }
    (canary, texts)
}
