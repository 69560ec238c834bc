//! Who is at the other end of the socket.

use std::os::fd::AsFd;

/// Whether the other end belongs to this user, or to root (conformance Y-02, Y-03). File modes do not
/// decide it: the kernel tells.
pub(super) fn is_ours(uid: u32) -> bool {
    uid == 0 || uid == rustix::process::geteuid().as_raw()
}

/// The user that the server end of a connected socket belongs to; `None` where the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn server_uid(stream: impl AsFd) -> Option<u32> {
    let found = rustix::net::sockopt::socket_peercred(stream).ok()?;
    Some(found.uid.as_raw())
}

/// The process that serves the socket; `None` where the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn server_process(stream: impl AsFd) -> Option<u32> {
    let found = rustix::net::sockopt::socket_peercred(stream).ok()?;
    u32::try_from(found.pid.as_raw_nonzero().get()).ok()
}

/// Not told here.
#[cfg(not(target_os = "linux"))]
pub(super) fn server_process(_: impl AsFd) -> Option<u32> {
    None
}

/// Not asked here: the folder, which nobody else may enter, decides.
#[cfg(not(target_os = "linux"))]
pub(super) fn server_uid(_: impl AsFd) -> Option<u32> {
    None
}
