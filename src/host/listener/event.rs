//! What the listener asks its caller, and what it tells it.

use crate::model::Secret;

/// Says what a callback's raw query is. Must be pure and quick; it is asked again about later
/// requests.
pub type Judge = Box<dyn FnMut(&str) -> Judgement + Send>;

/// The judge's word on a raw query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Broken parameters, whatever their values (F-09); told apart because it comes before the
    /// cookie in the order of checks.
    Malformed(&'static str),
    /// Not an answer to this attempt: keep waiting. The token says why.
    Ignore(&'static str),
    /// Nothing but the bare path: the answer is in the fragment, which no server sees.
    FragmentAnswer,
    /// The genuine answer, good or bad.
    Settles,
}

/// What happened at the listener.
pub enum ListenerEvent {
    /// A browser came by a start link.
    Opened,
    /// The genuine answer: its raw query. Comes once.
    Answer(Secret),
    /// A request was ignored; `count` counts all that were, unrelated ones included. Reasons are
    /// the judge's, or `other_browser`, or `too_many`.
    Ignored { reason: &'static str, count: u32 },
    /// A second, different answer that would settle too (F-18). The first stays.
    SecondDifferentAnswer,
    /// A start link was used twice: nothing is served any more (F-17).
    StartLinkReused,
    /// Too many wrong guesses: start links no longer work, other ways do.
    StartLinkClosed,
    /// Another user's process tried (F-23); told once.
    OtherUser,
    /// The kernel does not say whose process it is; it was served; told once.
    UnknownPeer,
    /// The browser tried https on the local http address; told once.
    TlsHello,
}
