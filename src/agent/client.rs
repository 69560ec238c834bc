//! Asking a running agent. Synchronous, and nothing of the program is needed before it.

use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use zeroize::Zeroizing;

use super::peer::{is_ours, server_process, server_uid};
use super::socket;
use super::wire::{self, Answer, Ask, HEAD, Question, Reply, Request, Status, Working};
use crate::advice::Advice;
use crate::model::{Seconds, Secret, UnixTime};

/// An agent that is alive says something within this time; else the caller goes its own way.
const FIRST_WORD: Duration = Duration::from_millis(200);
/// No caller waits longer for a token (conformance Y-13).
const LONGEST_WAIT: Duration = Duration::from_secs(45);

/// A connection to an agent of this user.
pub struct Client {
    stream: UnixStream,
}

/// Why the agent is of no use. The caller does the work itself.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Its socket belongs to somebody else: nothing was sent (conformance Y-03).
    #[error("the agent belongs to another user")]
    OtherUser,
    /// It does not answer in time.
    #[error("the agent does not answer")]
    Silent,
    #[error("the agent's answer is not understood")]
    NotUnderstood,
    #[error("the connection to the agent broke")]
    Broken(#[source] io::Error),
}

/// A token and what comes with it.
pub struct Given {
    pub token: Secret,
    /// Of the connection, as it is spelled.
    pub name: String,
    pub expires_at: Option<UnixTime>,
    pub scopes: Vec<String>,
    pub resources: Vec<String>,
    pub refreshed: bool,
    /// For people, on stderr.
    pub notes: Vec<String>,
}

/// What an agent answered.
pub enum Told<T> {
    Yes(T),
    /// It refuses, and says why.
    No(Advice),
}

/// What is asked of [`Client::token`].
#[derive(Clone, Copy, Default)]
pub struct Wanted<'a> {
    pub name: &'a str,
    pub min_valid: Option<Seconds>,
    pub resource: Option<&'a str>,
    /// A person at the caller's own terminal has agreed.
    pub answer: Option<Answer>,
}

impl Client {
    /// The agent whose socket lies in this folder; `None` when none is there.
    ///
    /// # Errors
    /// [`ClientError::OtherUser`], [`ClientError::Silent`] when too many already wait for it.
    pub fn connect(run: &Path) -> Result<Option<Self>, ClientError> {
        let Some(stream) = reach(&socket::path(run))? else {
            return Ok(None);
        };
        if server_uid(&stream).is_some_and(|uid| !is_ours(uid)) {
            return Err(ClientError::OtherUser);
        }
        let patience = Some(FIRST_WORD);
        let ready = stream
            .set_nonblocking(false)
            .and_then(|()| stream.set_write_timeout(patience))
            .and_then(|()| stream.set_read_timeout(patience));
        ready.map_err(broken)?;
        Ok(Some(Self { stream }))
    }

    /// The agent's process, where the system tells.
    pub fn process(&self) -> Option<u32> {
        server_process(&self.stream)
    }

    /// Ends the conversation from elsewhere when it is dropped, also while this waits to hear something.
    ///
    /// # Errors
    /// The process has too many files open.
    pub fn hang_up(&self) -> io::Result<HangUp> {
        self.stream.try_clone().map(HangUp)
    }

    /// A token of the connection of that name. Waits while the agent refreshes or asks a person, no
    /// longer than 45 s altogether.
    pub fn token(&mut self, wanted: &Wanted<'_>) -> Result<Told<Given>, ClientError> {
        let request = Request {
            name: Some(wanted.name.to_owned()),
            min_valid: wanted.min_valid.map(|span| span.0),
            resource: wanted.resource.map(str::to_owned),
            answer: wanted.answer,
            ..Request::new(Ask::Token)
        };
        let told = self.ask(&request, |reply| reply.token)?;
        Ok(match told {
            Told::Yes(token) => Told::Yes(Given {
                token: token.access,
                name: token.name,
                expires_at: token.expires_at,
                scopes: token.scopes,
                resources: token.resources,
                refreshed: token.refreshed,
                notes: token.notes,
            }),
            Told::No(advice) => Told::No(advice),
        })
    }

    /// Renews the connection's token now.
    pub fn refresh(&mut self, name: &str) -> Result<Told<()>, ClientError> {
        self.do_it(&Request {
            name: Some(name.to_owned()),
            ..Request::new(Ask::Refresh)
        })
    }

    pub fn status(&mut self) -> Result<Told<Status>, ClientError> {
        self.ask(&Request::new(Ask::Status), |reply| reply.status)
    }

    /// Has it forget the vault's key.
    pub fn lock(&mut self) -> Result<Told<()>, ClientError> {
        self.do_it(&Request::new(Ask::Lock))
    }

    /// Gives it the vault's key, in base64.
    pub fn unlock(&mut self, key: Secret) -> Result<Told<()>, ClientError> {
        self.do_it(&Request {
            key: Some(key),
            ..Request::new(Ask::Unlock)
        })
    }

    /// Ends it.
    pub fn stop(&mut self) -> Result<Told<()>, ClientError> {
        self.do_it(&Request::new(Ask::Stop))
    }

    /// Answers a question.
    pub fn answer(&mut self, id: u64, answer: Answer) -> Result<Told<()>, ClientError> {
        self.do_it(&Request {
            id: Some(id),
            answer: Some(answer),
            ..Request::new(Ask::Answer)
        })
    }

    /// From now on this connection hears of questions, through `heard`, until that returns false or
    /// the agent ends. At once when the agent has enough watchers.
    pub fn watch(mut self, mut heard: impl FnMut(Heard) -> bool) -> Result<(), ClientError> {
        if let Told::No(_) = self.do_it(&Request::new(Ask::Watch))? {
            return Ok(());
        }
        self.stream.set_read_timeout(None).map_err(broken)?;
        loop {
            let reply = self.read()?;
            let news = match (reply.question, reply.settled) {
                (Some(question), _) => Heard::Asked(question),
                (None, Some(id)) => Heard::Settled(id),
                (None, None) => continue,
            };
            if !heard(news) {
                return Ok(());
            }
        }
    }

    fn do_it(&mut self, request: &Request) -> Result<Told<()>, ClientError> {
        self.ask(request, |reply| reply.done.map(|_| ()))
    }

    fn ask<T>(
        &mut self,
        request: &Request,
        pick: impl FnOnce(Reply) -> Option<T>,
    ) -> Result<Told<T>, ClientError> {
        let frame = wire::frame(request, request.room()).ok_or(ClientError::NotUnderstood)?;
        self.stream.write_all(&frame).map_err(broken)?;
        let give_up = Instant::now() + LONGEST_WAIT;
        loop {
            let mut reply = self.read()?;
            if let Some(refusal) = reply.error.take() {
                return Ok(Told::No(refusal.into()));
            }
            if let Some(Working::Refreshing | Working::Asking) = reply.working {
                let left = give_up.saturating_duration_since(Instant::now());
                let left = left.max(Duration::from_millis(1));
                self.stream.set_read_timeout(Some(left)).map_err(broken)?;
                continue;
            }
            return pick(reply).map(Told::Yes).ok_or(ClientError::NotUnderstood);
        }
    }

    /// Most answers are short, and come at once with their length.
    fn read(&mut self) -> Result<Reply, ClientError> {
        let mut first = Zeroizing::new([0; 4096]);
        let mut filled = 0;
        while filled < HEAD {
            filled += self.some(&mut first[filled..])?;
        }
        let mut head = [0; HEAD];
        head.copy_from_slice(&first[..HEAD]);
        let length = wire::length(head).ok_or(ClientError::NotUnderstood)?;
        if filled - HEAD > length {
            return Err(ClientError::NotUnderstood);
        }
        if HEAD + length <= first.len() {
            while filled < HEAD + length {
                filled += self.some(&mut first[filled..HEAD + length])?;
            }
            return understood(&first[HEAD..HEAD + length]);
        }
        let mut whole = Zeroizing::new(vec![0; length]);
        whole[..filled - HEAD].copy_from_slice(&first[HEAD..filled]);
        self.stream
            .read_exact(&mut whole[filled - HEAD..])
            .map_err(broken)?;
        understood(&whole)
    }

    fn some(&mut self, buffer: &mut [u8]) -> Result<usize, ClientError> {
        match self.stream.read(buffer) {
            Ok(0) => Err(broken(io::ErrorKind::UnexpectedEof.into())),
            Ok(read) => Ok(read),
            Err(error) => Err(broken(error)),
        }
    }
}

/// See [`Client::hang_up`].
pub struct HangUp(UnixStream);

impl Drop for HangUp {
    fn drop(&mut self) {
        // The other end may have gone first.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// What a watching client hears.
pub enum Heard {
    Asked(Question),
    /// Answered elsewhere, or nobody waits for it any more.
    Settled(u64),
}

fn understood(frame: &[u8]) -> Result<Reply, ClientError> {
    let reply: Reply = serde_json::from_slice(frame).map_err(|_| ClientError::NotUnderstood)?;
    if reply.version == wire::VERSION {
        Ok(reply)
    } else {
        Err(ClientError::NotUnderstood)
    }
}

/// Never waits: a frozen agent with a full queue would keep its callers for ever.
fn reach(path: &Path) -> Result<Option<UnixStream>, ClientError> {
    use rustix::io::Errno;

    let Ok(address) = SocketAddrUnix::new(path) else {
        return Ok(None);
    };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
        .map_err(|errno| broken(errno.into()))?;
    match connect(&socket, &address) {
        Ok(()) => Ok(Some(UnixStream::from(socket))),
        // Nobody listens there, or a listener that is gone left its file.
        Err(Errno::NOENT | Errno::NOTDIR | Errno::CONNREFUSED | Errno::NOTSOCK) => Ok(None),
        Err(Errno::AGAIN) => Err(ClientError::Silent),
        Err(Errno::ACCESS | Errno::PERM) => Err(ClientError::OtherUser),
        Err(errno) => Err(broken(errno.into())),
    }
}

fn broken(error: io::Error) -> ClientError {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => ClientError::Silent,
        _ => ClientError::Broken(error),
    }
}
