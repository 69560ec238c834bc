//! The loop: the current thread owns the terminal, one queue brings everything that happens, and
//! a frame is drawn once for each wake-up. It wakes only for events, answers, signals, and when a
//! visible text changes with the clock.

use std::future::poll_fn;
use std::io::{self, IsTerminal, stdin, stdout};
use std::task::Poll;
use std::time::Duration;

use crossterm::event::{Event, EventStream, MouseEventKind};
use futures_util::StreamExt;
use rustix::process::{Signal, getpid, kill_process};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep_until, timeout};

use super::backend::{Backend, Replies};
use super::model::{Model, Setup};
use super::msg::{AgentNews, Msg};
use super::request::Request;
use super::terminal::Guard;
use super::update::{now as model_now, update};
use crate::model::{Secret, UnixTime};

/// Between two wake-ups for the clock's sake while nothing counts seconds.
const CALM: Duration = Duration::from_secs(60);
/// How long the first frame waits for the rows, so that no empty one flashes by.
const FIRST: Duration = Duration::from_millis(50);

/// How the face ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The person left.
    Quit,
    /// The person left practice, to where it was begun.
    Back,
    /// The person wants to practise: start again with the practice provider.
    Practise,
    /// By a signal, with its number.
    Signal(i32),
    /// The terminal went away.
    TerminalLost,
}

/// Why the face could not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Input or output is no terminal.
    #[error("not a terminal")]
    NoTerminal,
    #[error("the terminal does not work: {0}")]
    Terminal(#[from] io::Error),
}

/// Runs the face until the person leaves. `clock` tells the time.
pub async fn run(
    backend: &mut dyn Backend,
    setup: Setup,
    clock: &dyn Fn() -> UnixTime,
) -> Result<Ended, RunError> {
    // The event reader panics without a terminal, so this comes first.
    if !stdin().is_terminal() || !stdout().is_terminal() {
        return Err(RunError::NoTerminal);
    }
    let guard = Guard::enter(setup.mouse)?;
    let model = Model::new(setup, guard.size()?, clock());
    let (replies, queue) = unbounded_channel();
    backend.subscribe(replies.clone());
    let mut face = Running {
        backend,
        guard,
        model,
        replies,
        queue,
        clock,
        last_tick: Instant::now(),
        outside: false,
    };
    let ended = face.go().await?;
    face.give_up(ended);
    Ok(ended)
}

struct Running<'a> {
    backend: &'a mut dyn Backend,
    guard: Guard,
    model: Model,
    replies: Replies,
    queue: UnboundedReceiver<Msg>,
    clock: &'a dyn Fn() -> UnixTime,
    last_tick: Instant,
    /// Texts stand on the normal screen until the next key.
    outside: bool,
}

/// What the loop does next.
enum Next {
    Draw,
    Sleep,
    End(Ended),
}

impl Running<'_> {
    async fn go(&mut self) -> io::Result<Ended> {
        let mut signals = Signals::listen()?;
        let mut events = EventStream::new();
        self.backend.perform(Request::LoadRows, &self.replies);
        if let Ok(Some(msg)) = timeout(FIRST, self.queue.recv()).await
            && let Next::End(ended) = self.take(msg)?
        {
            return Ok(ended);
        }
        self.guard.draw(&self.model)?;
        loop {
            let deadline = self.deadline();
            let next = tokio::select! {
                biased;
                signal = signals.next() => match signal {
                    Caught::End(number) => return Ok(Ended::Signal(number)),
                    Caught::Stop => Next::Sleep,
                    Caught::Continue => {
                        self.guard.reenter()?;
                        // The clock went on meanwhile; so does the first frame.
                        self.tick()?
                    }
                },
                Some(msg) = self.queue.recv() => self.take(msg)?,
                event = events.next() => match event {
                    Some(Ok(event)) => self.event(event)?,
                    Some(Err(_)) | None => return Ok(Ended::TerminalLost),
                },
                () = sleep_to(deadline) => self.tick()?,
            };
            let next = match next {
                Next::Draw => self.drain(&mut events).await?,
                next => next,
            };
            match next {
                Next::Draw => self.draw()?,
                Next::End(ended) => return Ok(ended),
                Next::Sleep => {
                    self.suspend(&mut signals).await?;
                    self.tick()?;
                    self.draw()?;
                }
            }
        }
    }

    /// Draws at the size of this moment. The event of a change can be lost when a key comes at the
    /// same time (crossterm 0.29).
    fn draw(&mut self) -> io::Result<()> {
        if self.outside {
            return Ok(());
        }
        let (width, height) = self.guard.size()?;
        if (width, height) != self.model.size() {
            // A new size asks for nothing.
            drop(update(&mut self.model, Msg::Resize(width, height)));
        }
        self.guard.draw(&self.model)
    }

    /// Whatever else is waiting belongs into the same frame.
    async fn drain(&mut self, events: &mut EventStream) -> io::Result<Next> {
        loop {
            let next = if let Ok(msg) = self.queue.try_recv() {
                self.take(msg)?
            } else if let Some(event) = at_hand(events).await {
                self.event(event)?
            } else {
                return Ok(Next::Draw);
            };
            if !matches!(next, Next::Draw) {
                return Ok(next);
            }
        }
    }

    fn event(&mut self, event: Event) -> io::Result<Next> {
        let pressed = matches!(event, Event::Key(_) | Event::Paste(_));
        if self.outside && pressed {
            self.outside = false;
            self.guard.come_back()?;
            // The key was for coming back; a paste is meant for the screen.
            if matches!(event, Event::Key(_)) {
                return Ok(Next::Draw);
            }
        }
        let msg = match event {
            Event::Key(key) => Msg::Key(key),
            Event::Paste(text) => Msg::Paste(Secret::new(text)),
            Event::Mouse(mouse) if mouse.kind != MouseEventKind::Moved => Msg::Mouse(mouse),
            Event::Resize(width, height) => Msg::Resize(width, height),
            Event::FocusGained => {
                // Where the folder cannot be watched, this is when others' changes show.
                self.backend.perform(Request::LoadRows, &self.replies);
                return Ok(Next::Draw);
            }
            Event::Mouse(_) | Event::FocusLost => return Ok(Next::Draw),
        };
        self.take(msg)
    }

    fn tick(&mut self) -> io::Result<Next> {
        self.last_tick = Instant::now();
        self.take(Msg::Tick((self.clock)()))
    }

    /// Lets the model take a message, at the present time, and sees to what it wants.
    fn take(&mut self, msg: Msg) -> io::Result<Next> {
        let now = (self.clock)();
        let mut requests = Vec::new();
        if now != model_now(&self.model) {
            requests = update(&mut self.model, Msg::Tick(now));
        }
        requests.extend(update(&mut self.model, msg));
        let mut next = Next::Draw;
        for request in requests {
            match request {
                Request::Quit => return Ok(Next::End(Ended::Quit)),
                Request::LeavePractice => return Ok(Next::End(Ended::Back)),
                Request::Practise => return Ok(Next::End(Ended::Practise)),
                Request::Suspend => next = Next::Sleep,
                Request::Redraw => self.guard.forget()?,
                Request::Mouse(on) => self.guard.set_mouse(on)?,
                Request::Copy(text) => {
                    let inside = self.model.multiplexer();
                    self.guard.copy(text.reveal(), inside)?;
                }
                Request::PrintRaw(text) => {
                    self.guard.print_outside(text.reveal())?;
                    self.outside = true;
                }
                other => self.backend.perform(other, &self.replies),
            }
        }
        Ok(next)
    }

    fn deadline(&self) -> Option<Instant> {
        if self.model.counts_seconds() {
            return Some(self.last_tick + Duration::from_secs(1));
        }
        let change = self.model.next_change()?;
        let left = Duration::from_secs(change.since((self.clock)()).0);
        Some((Instant::now() + left).max(self.last_tick + CALM))
    }

    async fn suspend(&mut self, signals: &mut Signals) -> io::Result<()> {
        // The reader of keys stays: stopped it takes none from the shell, and the wake-up by which
        // it would end can swallow the first key after the suspension (crossterm 0.29).
        self.backend.away(true);
        // The first frame afterwards must not offer what is asked elsewhere meanwhile.
        drop(update(&mut self.model, Msg::Agent(AgentNews::Gone)));
        self.guard.leave();
        kill_process(getpid(), Signal::STOP)?;
        // The stop may reach this thread a moment later; only the continuation may go on.
        signals.go_on.recv().await;
        self.backend.away(false);
        self.guard.reenter()
    }

    /// A sign-in that still waits is stopped: nobody would see how it ends.
    fn give_up(&mut self, ended: Ended) {
        let running = self
            .model
            .running()
            .and_then(|authorize| authorize.attempt().cloned());
        if let Some(attempt) = running {
            let request = match ended {
                Ended::Quit | Ended::Back | Ended::Practise => Request::Cancel { attempt },
                // Whoever was cut off may go on with it (conformance Z-10).
                Ended::Signal(_) | Ended::TerminalLost => Request::Interrupt { attempt },
            };
            self.backend.perform(request, &self.replies);
        }
    }
}

/// An event that is there already. It is asked for with the loop's own waker: the stream keeps the
/// first one it is given until an event comes, so any other would swallow the next key.
async fn at_hand(events: &mut EventStream) -> Option<Event> {
    poll_fn(|context| {
        Poll::Ready(match events.poll_next_unpin(context) {
            Poll::Ready(Some(Ok(event))) => Some(event),
            _ => None,
        })
    })
    .await
}

async fn sleep_to(deadline: Option<Instant>) {
    match deadline {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// What a signal asks for.
enum Caught {
    End(i32),
    Stop,
    Continue,
}

struct Signals {
    ends: Vec<(i32, tokio::signal::unix::Signal)>,
    stop: tokio::signal::unix::Signal,
    go_on: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        let of = |which: Signal| signal(SignalKind::from_raw(which.as_raw()));
        let ends = [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT]
            .into_iter()
            .map(|which| Ok((which.as_raw(), of(which)?)))
            .collect::<io::Result<_>>()?;
        Ok(Self {
            ends,
            stop: of(Signal::TSTP)?,
            go_on: of(Signal::CONT)?,
        })
    }

    async fn next(&mut self) -> Caught {
        let Self { ends, stop, go_on } = self;
        let [term, hup, int, quit] = ends.as_mut_slice() else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = term.1.recv() => Caught::End(term.0),
            _ = hup.1.recv() => Caught::End(hup.0),
            _ = int.1.recv() => Caught::End(int.0),
            _ = quit.1.recv() => Caught::End(quit.0),
            _ = stop.recv() => Caught::Stop,
            _ = go_on.recv() => Caught::Continue,
        }
    }
}
