//! The running agent: one thread that reads and answers, and others for what takes its time.

mod ahead;
mod books;
mod clients;
mod conversation;
mod desk;
mod frames;
mod memory;
mod rounds;
mod shelf;
mod tokens;
mod untold;

use std::io;
use std::os::unix::net::UnixListener;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{LocalSet, spawn_local, yield_now};

use super::peer;
use super::socket::Place;
use clients::Clients;
pub(super) use desk::{Desk, Terms};

/// After a descriptor could not be had for a new client.
const BREATH: Duration = Duration::from_millis(10);

/// So long a thread with nothing to do is kept. Its stack is memory that an agent has for nothing, and a
/// new one costs less than the file it is wanted for.
const SPARE_THREAD: Duration = Duration::from_secs(1);

/// So many new clients are let in before those that are there have a turn: few enough that nobody among
/// them is sent away unheard, many enough that a crowd at the door is let in quickly.
const TOGETHER: usize = clients::MOST / 4;

/// Serves until it is told to stop, or has been idle for long enough. The socket goes with it.
pub(super) fn serve(desk: Desk, listener: UnixListener, place: Place) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(SPARE_THREAD)
        .build()?;
    let local = LocalSet::new();
    let served = local.block_on(&runtime, run(Rc::new(desk), listener));
    drop(place);
    // A worker under way goes on by itself.
    runtime.shutdown_background();
    served
}

async fn run(desk: Rc<Desk>, listener: UnixListener) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::UnixListener::from_std(listener)?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // The terminal it was started from may go.
    let _hangup = signal(SignalKind::hangup())?;
    let clients = Rc::new(Clients::default());
    spawn_local(ahead::keep_fresh(desk.clone()));
    spawn_local(untold::keep_telling(desk.clone()));
    spawn_local(desk::keep_time(desk.clone()));
    spawn_local(books::keep(desk.clone()));
    spawn_local(memory::rest(desk.clone()));
    let mut arrived = 0_usize;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    welcome(&desk, &clients, stream);
                    // It is heard before a crowd behind it takes its place.
                    arrived += 1;
                    if arrived.is_multiple_of(TOGETHER) {
                        yield_now().await;
                    }
                }
                Err(_) => tokio::time::sleep(BREATH).await,
            },
            () = desk.stopped() => break,
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    desk.books.close(&desk.handouts);
    Ok(())
}

/// Nothing is read from anybody else's process, whatever the socket's mode allows (conformance Y-02).
fn welcome(desk: &Rc<Desk>, clients: &Rc<Clients>, stream: UnixStream) {
    let Ok(credentials) = stream.peer_cred() else {
        return;
    };
    if !peer::is_ours(credentials.uid()) {
        desk.turned_away(credentials.uid());
        return;
    }
    let pid = credentials.pid().and_then(|pid| u32::try_from(pid).ok());
    let Some(seat) = clients.seat() else {
        return;
    };
    let task = spawn_local(conversation::talk(desk.clone(), stream, pid, seat.clone()));
    clients.seated(&seat, task.abort_handle());
}
