//! A sandbox for synchronous tests: it brings its own runtime.

use std::io;
use std::ops::Deref;

use tokio::runtime::{Builder, Runtime};

use super::start::Options;
use super::{Browser, Sandbox, Visit};

/// A [`Sandbox`] on a thread of its own; everything of the sandbox can be called on it.
pub struct SandboxThread {
    sandbox: Sandbox,
    runtime: Option<Runtime>,
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
        Ok(Self {
            sandbox,
            runtime: Some(runtime),
        })
    }

    /// Like [`Browser::visit`], and waits for the end.
    pub fn visit(&self, browser: &mut Browser, url: &str) -> io::Result<Visit> {
        self.block_on(browser.visit(url))
    }

    /// Like [`Sandbox::until_held`], and waits for it.
    pub fn wait_until_held(&self, answers: usize) {
        self.block_on(self.sandbox.until_held(answers));
    }

    fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        let runtime = self.runtime.as_ref().expect("the runtime lives until drop");
        runtime.block_on(work)
    }
}

impl Deref for SandboxThread {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl Drop for SandboxThread {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
