//! The seam to the engine.

use tokio::sync::mpsc::UnboundedSender;

use super::msg::Msg;
use super::request::Request;

/// Where answers go: the queue of the loop.
pub type Replies = UnboundedSender<Msg>;

/// Performs requests. Two exist: the engine's, and a fake one in the tests.
pub trait Backend {
    /// Forwards every engine change as [`Msg::Engine`], from now on.
    fn subscribe(&mut self, changes: Replies);

    /// Starts a request and returns at once; work and answers happen elsewhere. Each request but
    /// the loop's own is answered by exactly one [`Msg::Done`], save those about a running attempt
    /// (paste, open again, device, answer, cancel, approve), whose effects are engine changes.
    fn perform(&mut self, request: Request, replies: &Replies);

    /// The program is about to be suspended: nobody sees the screen, nor answers, until it is told
    /// that somebody is back.
    fn away(&mut self, _away: bool) {}
}
