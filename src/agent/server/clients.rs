//! Who is connected: a bounded number, and whoever does nothing makes room (conformance Y-09).

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Instant;

use tokio::task::AbortHandle;

/// At most so many at once.
pub(super) const MOST: usize = 64;

/// Those who are connected now.
#[derive(Default)]
pub(super) struct Clients(RefCell<Vec<(Weak<Seat>, Option<AbortHandle>)>>);

/// One client's place; it is free again when this is dropped.
pub(super) struct Seat {
    /// When it last said something whole.
    heard: Cell<Instant>,
    busy: Cell<bool>,
}

impl Clients {
    /// A place for a new client. Where all are taken, the client that has been silent for longest
    /// goes; `None` when every one of them waits for an answer.
    pub(super) fn seat(&self) -> Option<Rc<Seat>> {
        let mut seats = self.0.borrow_mut();
        seats.retain(|(seat, _)| seat.strong_count() > 0);
        if seats.len() >= MOST {
            let silent = seats
                .iter()
                .enumerate()
                .filter_map(|(at, (seat, _))| Some((at, seat.upgrade()?)))
                .filter(|(_, seat)| !seat.busy.get())
                .min_by_key(|(_, seat)| seat.heard.get());
            let (at, _) = silent?;
            let (_, task) = seats.swap_remove(at);
            if let Some(task) = task {
                task.abort();
            }
        }
        let seat = Rc::new(Seat {
            heard: Cell::new(Instant::now()),
            busy: Cell::new(false),
        });
        seats.push((Rc::downgrade(&seat), None));
        Some(seat)
    }

    /// Who talks to the client in this place.
    pub(super) fn seated(&self, seat: &Rc<Seat>, task: AbortHandle) {
        let mut seats = self.0.borrow_mut();
        let found = seats
            .iter_mut()
            .find(|(known, _)| std::ptr::eq(known.as_ptr(), Rc::as_ptr(seat)));
        if let Some((_, handle)) = found {
            *handle = Some(task);
        }
    }
}

impl Seat {
    /// A whole request came; until [`Seat::answered`] nobody takes its place.
    pub(super) fn asked(&self) {
        self.heard.set(Instant::now());
        self.busy.set(true);
    }

    pub(super) fn answered(&self) {
        self.busy.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn y_09_who_is_silent_makes_room_and_who_waits_keeps_its_place() {
        let clients = Clients::default();
        let mut seats: Vec<_> = (0..MOST).map(|_| clients.seat().expect("room")).collect();
        seats[0].asked();
        // The second has been silent for longest.
        let dropped = Rc::downgrade(&seats[1]);
        let taken = clients.seat().expect("room is made");
        let known = clients.0.borrow();
        assert_eq!(known.len(), MOST);
        assert!(!known.iter().any(|(seat, _)| seat.ptr_eq(&dropped)));
        drop(known);
        for seat in &seats {
            seat.asked();
        }
        taken.asked();
        assert!(clients.seat().is_none(), "everybody waits for an answer");
        seats.pop();
        assert!(clients.seat().is_some(), "one has left");
    }
}
