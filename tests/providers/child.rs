//! The process in which the presets meet the dressed provider.
//!
//! A preset is used with its real addresses. The program finds its proxy and its trusted certificates
//! where every program does, in the environment of its process. So a test runs itself once more, with a
//! proxy on loopback and an authority of its own; nothing in the program knows of it.

use std::net::TcpListener;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::process::Command;

/// Set in the process that does the work: where its certificate authority is to be written.
const MARK: &str = "VALETKEY_TEST_DRESSED";
/// Would lead requests elsewhere, or trust somebody else.
const CLEARED: [&str; 9] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SSL_CERT_DIR",
    "NEXTEST",
];

/// What the environment of that process leads to.
pub(crate) struct Surroundings {
    /// The proxy that `HTTPS_PROXY` names.
    pub(crate) listener: TcpListener,
    /// The only authority that is trusted there.
    pub(crate) authority: PathBuf,
}

/// Runs `body` in a process of its own. `test` is the name under which the test itself is found.
pub(crate) fn run(test: &str, body: impl FnOnce(Surroundings)) {
    if let Some(authority) = std::env::var_os(MARK) {
        let listener = std::io::stdin().as_fd().try_clone_to_owned();
        body(Surroundings {
            listener: TcpListener::from(listener.expect("the proxy's listener")),
            authority: PathBuf::from(authority),
        });
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let folder = tempfile::tempdir().expect("a folder");
    let authority = folder.path().join("authority.pem");
    let mut again = Command::new(std::env::current_exe().expect("this program"));
    again.args(["--exact", test, "--nocapture"]);
    for name in CLEARED {
        again.env_remove(name);
    }
    let output = again
        .env(MARK, &authority)
        .env("SSL_CERT_FILE", &authority)
        .env("HTTPS_PROXY", format!("http://127.0.0.1:{port}"))
        .stdin(OwnedFd::from(listener))
        .output()
        .expect("it runs again");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{complained}"
    );
}
