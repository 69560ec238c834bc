//! Who asked for a token, as the system names it.

use super::Untrusted;

/// A process. For display only: the name is whatever the process calls itself, and the number is used
/// again after it (conformance Y-04).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub pid: u32,
    pub name: Untrusted,
}
