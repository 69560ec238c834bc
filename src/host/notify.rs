//! A word to the person at the desktop.

use std::process::{Command, Stdio};
use std::thread;

use super::process::prepare_for_children;

/// Shows a sentence of ours as a notification, where a desktop and its `notify-send` are there; does
/// nothing elsewhere. Waits for nothing.
pub fn notify(sentence: &str) {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !set("DISPLAY") && !set("WAYLAND_DISPLAY") {
        return;
    }
    prepare_for_children();
    let spawned = Command::new("notify-send")
        .args(["--app-name=valetkey", "--", "Valetkey", sentence])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Ok(mut child) = spawned {
        // Collected when it ends.
        let reaper = thread::Builder::new()
            .name("notify-reaper".to_owned())
            .spawn(move || child.wait());
        drop(reaper);
    }
}
