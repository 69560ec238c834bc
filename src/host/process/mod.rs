//! Keeping this process's memory to itself, and a clean start for what it starts (conformance V-02,
//! V-03, V-10).

mod descriptors;
mod limits;
mod signals;
#[cfg(target_os = "linux")]
mod text;

use std::sync::Once;

pub use limits::{Scarce, enough_files, enough_threads};
pub use signals::{EndingSignals, Interrupts, Listening, SignalsDeferred};
#[cfg(target_os = "linux")]
pub use text::let_text_go;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The system did not let the process protect its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HardenError {
    #[error("core dumps could not be switched off")]
    CoreLimit,
    #[error("other programs of the same user could not be kept from reading this process")]
    Dumpable,
}

/// Elsewhere the system does not say where a program's text lies.
#[cfg(not(target_os = "linux"))]
pub fn let_text_go() {}

/// No core file, and on Linux no reading of our memory by other programs of the same user. Called
/// first thing by every process of the program; `exec` resets the second, so a worker calls it
/// again. Children started by us are not touched: only the soft core limit is lowered, and the
/// dumpable attribute does not survive `exec`.
pub fn harden_process() -> Result<(), HardenError> {
    let hard = getrlimit(Resource::Core).maximum;
    let none = Rlimit {
        current: Some(0),
        maximum: hard,
    };
    setrlimit(Resource::Core, none).map_err(|_| HardenError::CoreLimit)?;
    // The core limit alone is not enough: a piped core handler ignores it.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|_| HardenError::Dumpable)?;
    }
    Ok(())
}

/// Before a child is started: no descriptor of ours or of our parent's reaches it, and no signal is
/// ignored in it.
pub(super) fn prepare_for_children() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        descriptors::keep_to_ourselves();
        signals::hear_the_ignored();
    });
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, dumpable_behavior};

    use super::*;

    #[test]
    fn v_02_no_core_file_and_not_dumpable() {
        harden_process().expect("allowed");
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        assert_eq!(
            dumpable_behavior().expect("known"),
            DumpableBehavior::NotDumpable
        );
    }
}
