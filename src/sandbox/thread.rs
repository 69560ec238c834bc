//! A sandbox for synchronous tests: it brings its own runtime.

use std::io;
use std::ops::Deref;

use tokio::runtime::{Builder, Runtime};

use super::start::Options;
use super::{Browser, Sandbox, Visit};

/// A [`Sandbox`] on a thread of its own; everything of the sandbox can be called on it.
pub struct SandboxThread {
    // Ends before its runtime does: fields are dropped in order.
    sandbox: Sandbox,
    runtime: Runtime,
}

impl SandboxThread {
    /// Starts the thread and the sandbox.
    pub fn start(options: Options) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("sandbox")
            .enable_all()
            .build()?;
        let sandbox = runtime.block_on(Sandbox::start(options))?;
        Ok(Self { sandbox, runtime })
    }

    /// Like [`Browser::visit`], and waits for the end.
    pub fn visit(&self, browser: &mut Browser, url: &str) -> io::Result<Visit> {
        self.runtime.block_on(browser.visit(url))
    }

    /// Like [`Sandbox::until_held`], and waits for it.
    pub fn wait_until_held(&self, answers: usize) {
        self.runtime.block_on(self.sandbox.until_held(answers));
    }
}

impl Deref for SandboxThread {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}
