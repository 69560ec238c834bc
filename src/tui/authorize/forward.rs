//! Forwarding the port: this machine's name, asked once, and the line in its three forms.

use super::Authorize;
use super::view::clean;
use crate::engine::Way;
use crate::host::ForwardLines;
use crate::model::Secret;
use crate::tui::face::Effect;
use crate::tui::field::TextField;
use crate::tui::page::Page;
use crate::tui::request::Request;
use crate::tui::theme::Role;

/// The forward of an attempt.
pub(super) struct Forward<'a> {
    pub lines: &'a ForwardLines,
    /// What the person types after `ssh`; `None` until they told.
    pub target: Option<&'a str>,
    pub start_url: &'a str,
}

impl Authorize {
    pub(super) fn forward(&self) -> Option<Forward<'_>> {
        self.ways.iter().find_map(|way| match way {
            Way::Forward {
                lines,
                target,
                start_url,
            } => Some(Forward {
                lines,
                target: target.as_deref(),
                start_url,
            }),
            _ => None,
        })
    }

    /// Opens the field for this machine's name.
    pub(super) fn ask_host(&mut self) {
        let known = self.forward().and_then(|forward| forward.target);
        self.host = Some(TextField::new(known.unwrap_or_default()));
    }

    pub(super) fn send_host(&mut self) -> Vec<Effect> {
        let Some(field) = self.host.take_if(|field| !field.is_empty()) else {
            return Vec::new();
        };
        vec![Effect::Ask(Request::ReachedAs(field.trimmed().to_owned()))]
    }

    /// Everything that a person may want to select with the mouse, each on one line.
    pub(in crate::tui) fn lines_to_print(&self, address: &Secret) -> Secret {
        let mut text = String::new();
        if let Some(forward) = self.forward() {
            let Forward {
                lines, start_url, ..
            } = forward;
            text = format!("{}\n{start_url}\n", lines.command);
        }
        text.push_str(&clean(address.reveal()));
        Secret::new(text)
    }

    pub(super) fn draw_host(&self, field: &TextField, page: &mut Page) {
        page.text(
            0,
            Role::Plain,
            "What did you type after ssh to get here? For example ada@build, or -p 2200 ada@build. This machine cannot know it, and remembers it.",
        );
        page.blank();
        page.field(0, true, "ssh", 5, field, None);
        page.blank();
        let Some(Forward { lines, .. }) = self.forward() else {
            return;
        };
        page.text(0, Role::Dim, "Other ways to forward the same port:");
        page.text(
            0,
            Role::Plain,
            "In the window you are in: Enter, then ~C, then type",
        );
        page.text(2, Role::Strong, &lines.escape);
        page.text(
            2,
            Role::Dim,
            "OpenSSH 9.2 and later ask for EnableEscapeCommandline yes in your own ssh configuration. Not with mosh.",
        );
        page.text(
            0,
            Role::Plain,
            "Where your ssh shares its connections (ControlMaster):",
        );
        page.text(2, Role::Strong, &lines.control);
    }
}
