//! One client: its requests, one after the other.

use std::cell::OnceCell;
use std::rc::Rc;

use tokio::net::UnixStream;
use tokio::task::yield_now;
use zeroize::Zeroizing;

use super::clients::Seat;
use super::desk::Desk;
use super::frames::{Broken, Frames, send};
use super::tokens;
use crate::advice::{Advice, agent as words};
use crate::agent::wire::{Answer, Ask, Reply, Request, VERSION, Working, frame};
use crate::host::{SinceBoot, process};
use crate::model::Caller;
use crate::vault::{Handed, Outcome, Via};

/// A client's end, as the work for it sees it.
pub(super) struct Client<'a> {
    stream: &'a UnixStream,
    seat: &'a Seat,
    frames: &'a mut Frames,
    /// Of its process, where the system tells.
    pub(super) pid: Option<u32>,
    /// Who it is, once that was looked up.
    caller: &'a OnceCell<Option<Caller>>,
    connected: SinceBoot,
}

impl Client<'_> {
    /// Tells it to wait longer.
    pub(super) async fn wait(&self, why: Working) -> Result<(), Broken> {
        say(self.stream, &Reply::working(why)).await
    }

    /// Who it is, to show and to write down. Looked up before it is answered: it may be gone then.
    pub(super) fn caller(&self) -> Option<Caller> {
        let look = || process(self.pid?, self.connected);
        self.caller.get_or_init(look).clone()
    }

    /// Answers it; whether that went well. Whoever does not take its answer loses its place to others.
    async fn tell(&self, reply: &Reply) -> bool {
        self.seat.answered();
        say(self.stream, reply).await.is_ok()
    }

    /// Ends when the client leaves.
    pub(super) async fn gone(&mut self) {
        self.frames.gone(self.stream).await;
    }
}

/// Talks to one client until it leaves or breaks a rule.
pub(super) async fn talk(desk: Rc<Desk>, stream: UnixStream, pid: Option<u32>, seat: Rc<Seat>) {
    desk.clients.set(desk.clients.get() + 1);
    let _counted = Counted(&desk);
    let connected = SinceBoot::now();
    let caller = OnceCell::new();
    let mut frames = Frames::new();
    loop {
        let request = match frames.next(&stream).await {
            Ok(request) => request,
            Err(Broken::Length) => {
                let refusal = Reply::refusal(&words::not_understood());
                let _ = say(&stream, &refusal).await;
                return;
            }
            Err(Broken::Gone | Broken::Slow) => return,
        };
        seat.asked();
        desk.was_asked();
        let mut client = Client {
            stream: &stream,
            seat: &seat,
            frames: &mut frames,
            pid,
            caller: &caller,
            connected,
        };
        let went_on = answer(&desk, &mut client, &request).await;
        if !went_on {
            return;
        }
        // However much one client sends, the others have their turns.
        yield_now().await;
    }
}

struct Counted<'a>(&'a Desk);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.clients.set(self.0.clients.get().saturating_sub(1));
    }
}

/// Answers one request; whether the conversation goes on.
async fn answer(desk: &Rc<Desk>, client: &mut Client<'_>, request: &Zeroizing<Vec<u8>>) -> bool {
    let (ask, request) = match understand(request) {
        Ok(understood) => understood,
        Err(advice) => {
            // Whoever speaks another language is told so once.
            client.tell(&Reply::refusal(&advice)).await;
            return false;
        }
    };
    let told = match ask {
        Ask::Token => return hand_over(desk, client, &request).await,
        Ask::Refresh => tokens::refresh(desk, client, &request)
            .await
            .map(|()| Reply::done()),
        Ask::Status => Ok(Reply {
            status: Some(desk.status()),
            ..Reply::new()
        }),
        Ask::Lock => {
            desk.lock(true);
            Ok(Reply::done())
        }
        Ask::Unlock => match &request.key {
            Some(key) => desk.unlock(key).map(|()| Reply::done()),
            None => Err(words::no_key()),
        },
        Ask::Stop => {
            client.tell(&Reply::done()).await;
            desk.stop();
            return false;
        }
        Ask::Answer => settle(desk, &request),
        Ask::Watch => return watch(desk, client).await,
        Ask::Proof | Ask::Proxied => Err(words::not_supported()),
    };
    let reply = told.unwrap_or_else(|advice| Reply::refusal(&advice));
    client.tell(&reply).await
}

/// Gives a token, and writes down that it did.
async fn hand_over(desk: &Rc<Desk>, client: &mut Client<'_>, request: &Request) -> bool {
    let (id, token) = match tokens::token(desk, client, request).await {
        Ok(given) => given,
        Err(advice) => {
            return client.tell(&Reply::refusal(&advice)).await;
        }
    };
    let (name, caller) = (token.name.clone(), client.caller());
    let reply = Reply {
        token: Some(token),
        ..Reply::new()
    };
    let sent = client.tell(&reply).await;
    if sent {
        desk.count_served();
        desk.books.note(Handed {
            at: desk.clock.now(),
            connection: id,
            name,
            outcome: Outcome::Given,
            via: Via::Agent,
            caller,
        });
    }
    sent
}

fn understand(frame: &[u8]) -> Result<(Ask, Request), Advice> {
    let request: Request = serde_json::from_slice(frame).map_err(|_| words::not_understood())?;
    if request.version != VERSION {
        return Err(words::other_version(request.version, VERSION));
    }
    let ask = Ask::parse(&request.ask).ok_or_else(words::not_understood)?;
    Ok((ask, request))
}

fn settle(desk: &Desk, request: &Request) -> Result<Reply, Advice> {
    let answer: Option<(u64, Answer)> = request.id.zip(request.answer);
    let (id, answer) = answer.ok_or_else(words::not_understood)?;
    if desk.questions.borrow_mut().answer(id, answer) {
        Ok(Reply::done())
    } else {
        Err(words::settled())
    }
}

/// Tells of questions until the client leaves.
async fn watch(desk: &Desk, client: &mut Client<'_>) -> bool {
    let watching = desk.questions.borrow_mut().watch();
    let Some(mut news) = watching else {
        let refusal = Reply::refusal(&words::too_many_watchers());
        return client.tell(&refusal).await;
    };
    if !client.tell(&Reply::done()).await {
        return false;
    }
    // It says nothing for hours, and keeps its place.
    client.seat.asked();
    loop {
        tokio::select! {
            told = news.recv() => match told {
                Some(reply) if say(client.stream, &reply).await.is_ok() => {}
                _ => break,
            },
            () = client.gone() => break,
        }
    }
    drop(news);
    desk.questions.borrow_mut().left();
    false
}

async fn say(stream: &UnixStream, reply: &Reply) -> Result<(), Broken> {
    match frame(reply, reply.room()) {
        Some(frame) => send(stream, &frame).await,
        None => Err(Broken::Length),
    }
}
