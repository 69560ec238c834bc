//! A line that takes its time: whatever goes in comes out after the delay, in order, and no slower.
//! The one place of these tests where something waits for a time to pass, because that is what it is for.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The near end of a line to `there`.
pub(crate) fn line<T: Send + 'static>(delay: Duration, there: Sender<T>) -> Sender<T> {
    let (here, arrived) = channel();
    let on_the_way = delayed(delay, arrived);
    thread::spawn(move || {
        for thing in on_the_way {
            if there.send(thing).is_err() {
                return;
            }
        }
    });
    here
}

/// A keyboard at the near end.
pub(crate) struct Keyboard(Sender<Vec<u8>>);

impl Keyboard {
    pub(crate) fn of(mut there: Box<dyn Write + Send>, delay: Duration) -> Self {
        let (here, arrived) = channel::<Vec<u8>>();
        let on_the_way = delayed(delay, arrived);
        thread::spawn(move || {
            for keys in on_the_way {
                // Nobody may be there any more.
                if there.write_all(&keys).and_then(|()| there.flush()).is_err() {
                    return;
                }
            }
        });
        Self(here)
    }
}

impl Write for Keyboard {
    fn write(&mut self, keys: &[u8]) -> io::Result<usize> {
        let sent = self.0.send(keys.to_vec());
        sent.map(|()| keys.len())
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Stamps what arrives, so that a crowd of things is not slower than one.
fn delayed<T: Send + 'static>(delay: Duration, arrived: Receiver<T>) -> impl Iterator<Item = T> {
    let (stamp, stamped) = channel();
    thread::spawn(move || {
        for thing in arrived {
            if stamp.send((Instant::now() + delay, thing)).is_err() {
                return;
            }
        }
    });
    stamped.into_iter().map(|(due, thing)| {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        thing
    })
}
