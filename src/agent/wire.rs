//! What travels between agent and client: frames of JSON, each behind its length.
//!
//! A frame is four bytes of length (big endian) and at most 64 KiB of JSON with `version`, so every
//! message is its own handshake (conformance Y-09). Unknown fields are ignored, unknown messages and
//! versions refused.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::advice::Advice;
use crate::model::{Caller, Secret, Shown, UnixTime, Untrusted};
use crate::model::{opt_secret_text, secret_text};

/// Version of the protocol.
pub(super) const VERSION: u32 = 1;
/// Longest frame, in bytes without its length.
pub(super) const LONGEST: usize = 64 * 1024;
/// Bytes of the length in front.
pub(super) const HEAD: usize = 4;

/// What a client asks for.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) version: u32,
    /// One of the words of [`Ask`].
    pub(super) ask: String,
    /// Of a connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) min_valid: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<String>,
    /// The vault's key, to unlock with; base64.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "opt_secret_text"
    )]
    pub(super) key: Option<Secret>,
    /// Of a question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<u64>,
    /// To a question, or for this request beforehand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<Answer>,
}

/// What can be asked. There is no word for a refresh token, a secret or a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Token,
    /// Renew now, whether due or not.
    Refresh,
    Status,
    Lock,
    Unlock,
    Stop,
    /// Be told of questions.
    Watch,
    /// Answer one.
    Answer,
    /// Reserved: a proof of possession for a request (RFC 9449).
    Proof,
    /// Reserved: a request sent on behalf of the caller, which never sees the token.
    Proxied,
}

impl Ask {
    const ALL: [(Self, &'static str); 10] = [
        (Self::Token, "token"),
        (Self::Refresh, "refresh"),
        (Self::Status, "status"),
        (Self::Lock, "lock"),
        (Self::Unlock, "unlock"),
        (Self::Stop, "stop"),
        (Self::Watch, "watch"),
        (Self::Answer, "answer"),
        (Self::Proof, "proof"),
        (Self::Proxied, "proxied"),
    ];

    pub(super) fn word(self) -> &'static str {
        let found = Self::ALL.iter().find(|(ask, _)| *ask == self);
        found.map_or("", |(_, word)| word)
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, known)| *known == word);
        found.map(|(ask, _)| *ask)
    }
}

/// A person's answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// This time.
    Once,
    /// For this terminal session.
    Session,
    No,
}

/// What the agent answers. One of the fields is there.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Reply {
    pub(super) version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<Token>,
    /// It takes longer: a refresh is under way, or a person is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) working: Option<Working>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<Status>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) done: Option<Done>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) question: Option<Question>,
    /// The question with this number is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) settled: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Refusal>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Token {
    #[serde(rename = "access_token", with = "secret_text")]
    pub(super) access: Secret,
    /// Of the connection, as it is spelled.
    pub(super) name: String,
    pub(super) expires_at: Option<UnixTime>,
    pub(super) scopes: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) refreshed: bool,
    /// For people, on stderr.
    pub(super) notes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Working {
    Refreshing,
    Asking,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Done {}

/// An advice as it travels.
#[derive(Serialize, Deserialize)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) exit: u8,
}

impl Refusal {
    pub(super) fn of(advice: &Advice) -> Self {
        Self {
            code: advice.code.to_string(),
            message: advice.sentence.clone(),
            hint: advice.hint.clone(),
            exit: advice.exit,
        }
    }
}

impl From<Refusal> for Advice {
    fn from(refusal: Refusal) -> Self {
        // Any program of this user may have put its socket there.
        let shown = |text: String| Untrusted::new(text).shown().to_string();
        Self {
            code: shown(refusal.code).into(),
            sentence: shown(refusal.message),
            hint: refusal.hint.map(shown),
            fixes: Vec::new(),
            exit: refusal.exit,
        }
    }
}

/// How an agent is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub pid: u32,
    /// Of the program.
    pub program: String,
    /// Whether it holds the vault's key.
    pub unlocked: bool,
    /// A person locked it: it stays so until a person unlocks it.
    pub locked_by_person: bool,
    pub started_at: UnixTime,
    /// When it will lock itself.
    pub locks_at: Option<UnixTime>,
    /// Tokens handed out.
    pub served: u64,
    /// Connections of other users, closed unread.
    pub turned_away: u64,
    pub clients: usize,
    /// Questions that wait for a person.
    pub waiting: usize,
    /// Connections that it renews ahead.
    pub ahead: usize,
    /// Of those, the ones a person has to sign in to again.
    pub need_sign_in: Vec<String>,
    /// Proportional set size of the process, in KiB, where the system tells.
    pub memory_kib: Option<u64>,
}

/// A person is to decide whether a program gets a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub id: u64,
    /// Of the connection.
    pub name: String,
    pub scopes: String,
    /// Whether a yes may hold for the caller's terminal session.
    pub session: bool,
    /// Who asks, as far as the system tells.
    pub caller: Option<Caller>,
}

impl Question {
    /// Who asks, to show.
    pub fn who(&self) -> Shown {
        match &self.caller {
            Some(caller) => {
                Untrusted::new(format!("{} ({})", caller.name.raw(), caller.pid)).shown()
            }
            None => Untrusted::new("A program").shown(),
        }
    }
}

/// [`Question`] as it travels.
#[derive(Serialize, Deserialize)]
struct QuestionText {
    id: u64,
    name: String,
    scopes: String,
    session: bool,
    pid: Option<u32>,
    program: Option<String>,
}

impl Serialize for Question {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        QuestionText {
            id: self.id,
            name: self.name.clone(),
            scopes: self.scopes.clone(),
            session: self.session,
            pid: self.caller.as_ref().map(|caller| caller.pid),
            program: self
                .caller
                .as_ref()
                .map(|caller| caller.name.raw().to_owned()),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for Question {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = QuestionText::deserialize(from)?;
        Ok(Self {
            id: text.id,
            name: text.name,
            scopes: text.scopes,
            session: text.session,
            caller: text.pid.zip(text.program).map(|(pid, name)| Caller {
                pid,
                name: Untrusted::new(name),
            }),
        })
    }
}

impl Request {
    pub(super) fn new(ask: Ask) -> Self {
        Self {
            version: VERSION,
            ask: ask.word().to_owned(),
            ..Self::default()
        }
    }
}

impl Reply {
    pub(super) fn new() -> Self {
        Self {
            version: VERSION,
            ..Self::default()
        }
    }

    pub(super) fn refusal(advice: &Advice) -> Self {
        Self {
            error: Some(Refusal::of(advice)),
            ..Self::new()
        }
    }

    pub(super) fn done() -> Self {
        Self {
            done: Some(Done {}),
            ..Self::new()
        }
    }

    pub(super) fn working(how: Working) -> Self {
        Self {
            working: Some(how),
            ..Self::new()
        }
    }
}

/// A frame, its length in front. `room`: enough for the message, from the start, since a growing buffer
/// would leave copies of secrets behind. `None` when it would be too long.
pub(super) fn frame(message: &impl Serialize, room: usize) -> Option<Zeroizing<Vec<u8>>> {
    let mut frame = Zeroizing::new(Vec::with_capacity(HEAD + room));
    frame.extend([0; HEAD]);
    serde_json::to_writer(&mut *frame, message).ok()?;
    let length = frame.len() - HEAD;
    if length > LONGEST {
        return None;
    }
    frame[..HEAD].copy_from_slice(&u32::try_from(length).ok()?.to_be_bytes());
    Some(frame)
}

/// For everything in a message that is neither secret nor long.
const REST: usize = 1024;

impl Request {
    /// Bytes that it may take.
    pub(super) fn room(&self) -> usize {
        REST + self.key.as_ref().map_or(0, |key| escaped(key.reveal()))
    }
}

impl Reply {
    /// Bytes that it may take.
    pub(super) fn room(&self) -> usize {
        let texts = |texts: &[String]| texts.iter().map(|text| escaped(text) + 3).sum::<usize>();
        let token = self.token.as_ref().map_or(0, |token| {
            escaped(token.access.reveal())
                + escaped(&token.name)
                + texts(&token.scopes)
                + texts(&token.resources)
                + texts(&token.notes)
        });
        REST + token
    }
}

/// Bytes of a text as JSON writes it.
fn escaped(text: &str) -> usize {
    let width = |byte: u8| match byte {
        b'"' | b'\\' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(width).sum()
}

/// The length that stands in front of a frame; `None` when no frame has it.
pub(super) fn length(head: [u8; HEAD]) -> Option<usize> {
    let length = usize::try_from(u32::from_be_bytes(head)).ok()?;
    (1..=LONGEST).contains(&length).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w_01_the_words_of_whoever_holds_the_socket_are_made_harmless() {
        let advice = Advice::from(Refusal {
            code: "\u{1b}c".to_owned(),
            message: "\u{1b}[2Jgone".to_owned(),
            hint: Some("a\u{202e}b".to_owned()),
            exit: 1,
        });
        assert_eq!(advice.code, "␛c");
        assert_eq!(advice.sentence, "␛[2Jgone");
        assert_eq!(advice.hint.as_deref(), Some("a⟨U+202E⟩b"));
    }
}
