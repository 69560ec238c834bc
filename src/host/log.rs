//! The log: off unless asked for, and an allow-list. Only this program's own events are written, which
//! consist of named fields: never a URL's query, a header, a body or another library's words
//! (conformance X-01).

use std::io;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Names a file to which every process of the program adds all it can tell. Not in release builds.
#[cfg(debug_assertions)]
pub(super) const DEBUG_LOG: &str = "VALETKEY_DEBUG_LOG";

/// Tells more on stderr from now on.
pub fn tell_more() {
    start(LevelFilter::DEBUG, io::stderr);
}

/// Writes down everything if the sweep of the tests asks for it. Does nothing in release builds.
pub fn tell_all_if_asked() {
    #[cfg(debug_assertions)]
    if let Some(file) = std::env::var_os(DEBUG_LOG)
        && let Ok(file) = std::fs::File::options()
            .append(true)
            .create(true)
            .open(file)
    {
        start(LevelFilter::TRACE, std::sync::Arc::new(file));
    }
}

fn start(level: LevelFilter, to: impl for<'a> MakeWriter<'a> + Send + Sync + 'static) {
    let ours = Targets::new().with_target("valetkey", level);
    let lines = tracing_subscriber::fmt::layer()
        .without_time()
        .with_ansi(false)
        .with_writer(to);
    // Whoever came first stays.
    let _ = tracing_subscriber::registry()
        .with(ours)
        .with(lines)
        .try_init();
}
