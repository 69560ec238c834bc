//! Everything outside the process, behind small doors: network, callback listener, browser,
//! keychain, worker processes, programs run for a person, clock, randomness, environment, folders, clipboard.
//!
//! May use: vault (only the `Keychain` trait it implements), model, and oauth's message types
//! (plain `http::Request` and `http::Response`). It decides nothing about a sign-in: it moves
//! bytes, enforces limits, and says what happened in typed errors.

mod askpass;
mod browser;
mod caller;
mod child;
mod clipboard;
mod clock;
mod environment;
mod fault;
mod folder;
mod forward;
mod http;
mod keychain;
mod links;
mod listener;
mod log;
mod notify;
mod others;
mod paths;
mod process;
mod prompt;
mod qr;
mod random;
mod session;
mod signing;
mod terminal;
mod text_file;
mod watch;
mod worker;

pub use crate::model::{MemoryLock, memory_lock};
pub use askpass::run_askpass;
pub use browser::{
    Browser, BrowserError, BrowserUrl, NamedBrowser, Opened, SystemBrowser, UnsafeAddress, open,
    open_with,
};
pub use caller::{SinceBoot, caller, process};
pub use child::{Ended, HandOver, Program, run_with_token};
pub use clipboard::{Multiplexer, NativeClipboard, osc52};
pub use clock::{Clock, ManualClock, SystemClock};
pub use environment::{Environment, FirstWay, Sources, Ssh, Suggestion, Wishes};
pub use fault::{Fault, fault_point, note_fault, on_panic};
pub use folder::{Folder, FolderUse, look_at_folder};
pub use forward::{ForwardLines, SshTarget, remember_target, remembered_target};
pub use http::{
    Http, HttpError, Limits, METADATA_LIMITS, TEST_LIMITS, TOKEN_LIMITS, TlsFault, Transport,
    UNKNOWN_ISSUER, proxy_in_use,
};
pub use keychain::{KEYCHAIN_PATIENCE, OsKeychain, prove_keychain};
pub use links::{can_take_links, takes_links};
pub use listener::{BindError, Judge, Judgement, Listener, ListenerEvent, Page, Serving};
pub use log::{tell_all_if_asked, tell_more};
pub use notify::notify;
pub use paths::{NoHome, Paths, typed_path};
pub use process::{
    EndingSignals, HardenError, Interrupts, Listening, Scarce, SignalsDeferred, enough_files,
    enough_threads, harden_process, let_text_go,
};
pub use prompt::{HiddenLines, Unshown, read_hidden_line};
pub use qr::qr_lines;
pub use random::{NoSecureRandom, fill, random_bytes};
pub use session::{Session, session_of};
pub use signing::Signing;
pub use terminal::{ask_on_terminal, columns_of_stderr};
pub use text_file::{TextFileError, read_given, read_own_text};
pub use watch::watch;
pub use worker::{
    Job, WORKER_ARGUMENT, WorkerError, WorkerLink, attach, become_agent, defer_signals, spawn,
    spawn_agent,
};
