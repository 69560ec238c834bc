//! The browser and the clipboard of the person's desktop.

use super::Work;
use crate::engine::Error;
use crate::host::{BrowserUrl, NativeClipboard};
use crate::model::Secret;
use crate::tui::msg::{Doing, Reply};

impl Work {
    pub(super) async fn open_page(&self, url: String) {
        let browser = self.engine.browser();
        let opened = tokio::task::spawn_blocking(move || {
            let url = BrowserUrl::check(&url).map_err(|_| ())?;
            browser.open(&url).map_err(|_| ())
        })
        .await;
        match opened {
            Ok(Ok(_)) => self.reply(Reply::PageOpened),
            _ => self.failed(Doing::OpenPage, Error::NoBrowser),
        }
    }

    /// The program for it is looked for each time: a desktop may come and go.
    pub(super) async fn copy(&self, text: Secret) {
        let copied = tokio::task::spawn_blocking(move || {
            NativeClipboard::find().is_some_and(|clipboard| clipboard.copy(text.reveal()).is_ok())
        });
        if !matches!(copied.await, Ok(true)) {
            self.reply(Reply::NotCopied);
        }
    }
}
