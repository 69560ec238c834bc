//! The person at the real browser: `click.mjs`, and how its last page looked.

use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use crate::home::{Home, in_time};

/// The script that drives Chromium; also good as `BROWSER`.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/click.mjs");

/// Waits for the script's report.
pub(crate) struct Person(TcpListener);

impl Person {
    /// Makes the script this home's browser.
    pub(crate) async fn at(home: &mut Home) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        home.set("INTEROP_REPORT_PORT", port.to_string());
        home.set("BROWSER", SCRIPT);
        Self(listener)
    }

    /// How the last page looked: `text`, `path`, and the `pages` on the way to it.
    pub(crate) async fn saw(&self) -> Value {
        let report = async {
            let (mut stream, _) = self.0.accept().await.expect("a report");
            let mut text = String::new();
            stream.read_to_string(&mut text).await.expect("text");
            text
        };
        let report: Value =
            serde_json::from_str(&in_time("the browser", report).await).expect("JSON");
        assert!(report["error"].is_null(), "{}", report["error"]);
        report
    }

    /// Opens an address and looks at where that leads.
    pub(crate) async fn opens(&self, home: &Home, address: &str) -> Value {
        let mut script = home.program(SCRIPT);
        script.arg(address);
        let mut child = script.spawn().expect("the browser");
        let report = self.saw().await;
        in_time("the browser's end", child.wait())
            .await
            .expect("a status");
        report
    }

    /// Opens a page that asks for a device's code, and types it there.
    pub(crate) async fn enter_code(&self, home: &Home, page: &str, code: &str) -> Value {
        let mut script = home.program(SCRIPT);
        script.arg(page).env("INTEROP_USER_CODE", code);
        let mut child = script.spawn().expect("the browser");
        let report = self.saw().await;
        in_time("the browser's end", child.wait())
            .await
            .expect("a status");
        report
    }
}
