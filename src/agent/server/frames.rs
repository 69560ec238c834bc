//! Frames off a socket, with bounds on their length and on the time they may take.

use std::io;
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::time::timeout;
use zeroize::{Zeroize as _, Zeroizing};

use crate::agent::wire::{HEAD, LONGEST, length};

/// From the first byte of a message to its last, and for an answer to be taken.
const PER_MESSAGE: Duration = Duration::from_secs(2);
/// Room for most requests.
const FIRST: usize = 1024;

/// Why a conversation ends.
#[derive(Debug)]
pub(super) enum Broken {
    /// The client left, or the system says so.
    Gone,
    /// No frame is that long, or that short.
    Length,
    /// It stopped in the middle of a message.
    Slow,
}

impl From<io::Error> for Broken {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// What has come in and is not read yet. Wiped: a request may hold the vault's key.
pub(super) struct Frames {
    buffer: Zeroizing<Vec<u8>>,
    filled: usize,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self {
            buffer: Zeroizing::new(vec![0; FIRST]),
            filled: 0,
        }
    }

    /// The next message. Waits for its beginning as long as it takes, and for its end two seconds.
    pub(super) async fn next(&mut self, stream: &UnixStream) -> Result<Zeroizing<Vec<u8>>, Broken> {
        if self.filled == 0 {
            self.fill(stream).await?;
        }
        if let Some(frame) = self.take()? {
            return Ok(frame);
        }
        let rest = async {
            loop {
                self.fill(stream).await?;
                if let Some(frame) = self.take()? {
                    return Ok(frame);
                }
            }
        };
        timeout(PER_MESSAGE, rest)
            .await
            .unwrap_or(Err(Broken::Slow))
    }

    /// Waits until the client leaves; what it says meanwhile is kept for later.
    pub(super) async fn gone(&mut self, stream: &UnixStream) {
        while self.filled < self.buffer.len() {
            if self.fill(stream).await.is_err() {
                return;
            }
        }
        std::future::pending::<()>().await;
    }

    async fn fill(&mut self, stream: &UnixStream) -> Result<(), Broken> {
        loop {
            match stream.try_read(&mut self.buffer[self.filled..]) {
                Ok(0) => return Err(Broken::Gone),
                Ok(read) => {
                    self.filled += read;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    stream.readable().await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Takes the first message out, if it is whole.
    fn take(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, Broken> {
        let Some(head) = self.buffer[..self.filled].first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let length = length(*head).ok_or(Broken::Length)?;
        let whole = HEAD + length;
        if self.filled < whole {
            if self.buffer.len() < whole {
                let mut larger = Zeroizing::new(vec![0; HEAD + LONGEST.min(length)]);
                larger[..self.filled].copy_from_slice(&self.buffer[..self.filled]);
                self.buffer = larger;
            }
            return Ok(None);
        }
        let frame = Zeroizing::new(self.buffer[HEAD..whole].to_vec());
        self.buffer.copy_within(whole..self.filled, 0);
        self.filled -= whole;
        self.buffer[self.filled..].zeroize();
        if self.filled == 0 && self.buffer.len() > FIRST {
            self.buffer = Zeroizing::new(vec![0; FIRST]);
        }
        Ok(Some(frame))
    }
}

/// Sends a frame; a client that does not take it in time is dropped.
pub(super) async fn send(stream: &UnixStream, frame: &[u8]) -> Result<(), Broken> {
    let mut sent = 0;
    loop {
        match stream.try_write(&frame[sent..]) {
            Ok(wrote) if sent + wrote == frame.len() => return Ok(()),
            Ok(wrote) => sent += wrote,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let ready = timeout(PER_MESSAGE, stream.ready(Interest::WRITABLE)).await;
                ready.map_err(|_| Broken::Slow)??;
            }
            Err(error) => return Err(error.into()),
        }
    }
}
