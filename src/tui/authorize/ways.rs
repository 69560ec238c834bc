//! Draws the ways to finish a sign-in: browser, code, forward, paste.

use super::Authorize;
use super::choice::Choice;
use super::view::{Ways, clean};
use crate::engine::Way;
use crate::host::qr_lines;
use crate::model::{Secret, Untrusted};
use crate::tui::model::World;
use crate::tui::page::Page;
use crate::tui::text;
use crate::tui::theme::Role;

/// Fewer rows than this are a low screen.
const LOW: usize = 12;

/// A way in one line, on a narrow screen too.
fn in_short(choice: &Choice) -> Option<(&'static str, &'static str)> {
    Some(match choice {
        Choice::Code => ("Code", "type it on its page"),
        Choice::Forward => ("Forward", "from another machine"),
        Choice::OpenAgain => ("Open", "the page again"),
        Choice::CopyAddress => ("Address", "copy it"),
        Choice::Paste => ("Paste", "the address it ends on"),
        Choice::UseCode => ("Code", "on another device"),
        Choice::ApproveHere => ("Here", "approve here (practice)"),
        _ => return None,
    })
}

impl Authorize {
    pub(super) fn draw_ways(&self, ways: Ways, page: &mut Page, world: &World) {
        if self.attempt.is_none() {
            page.text(0, Role::Dim, "Getting ready.");
            return;
        }
        // On a low screen what is to be typed or opened needs the rows.
        let low = page.pen().height < LOW;
        for (index, choice) in self.choices().into_iter().enumerate() {
            let selected = index == self.at;
            let mut line = |label: &str, words: &str| {
                let label = self.numbered(index, label);
                page.item(index, selected, &label, 13, words);
            };
            if ways == Ways::Folded && !selected {
                if let Some((label, words)) = in_short(&choice) {
                    line(label, words);
                }
                continue;
            }
            match choice {
                Choice::Code => {
                    let words = if low {
                        "type it on its page"
                    } else {
                        "type it on the provider's page"
                    };
                    line("Code", words);
                    self.draw_code(page, world);
                }
                Choice::Forward => self.draw_forward(page, index, selected),
                Choice::OpenAgain => line("Open", "the page again"),
                Choice::CopyAddress => {
                    let words = if self.options.no_browser {
                        "copy it, and open it in a browser anywhere; {show-the-address} shows it"
                    } else {
                        "copy it, for another browser; {show-the-address} shows it"
                    };
                    line("Address", &world.keys().fill(words));
                }
                Choice::Paste => {
                    line(
                        "Paste",
                        "approve; if the browser then fails to load a page, paste its whole address here. Never send it to anyone.",
                    );
                }
                Choice::UseCode => line("Code", "use a code on another device instead"),
                Choice::ApproveHere => line("Here", "approve here, without a browser (practice)"),
                _ => {}
            }
        }
    }

    /// The address on a page of its own, whole or not at all: a part of it would only fail.
    pub(super) fn draw_address(address: &Secret, page: &mut Page, world: &World) {
        let address = Untrusted::new(address.reveal());
        // Longer than what is ever shown of outside text: it is ours.
        let parts = text::wrap(&clean(address.raw()), page.room(0));
        if parts.len() + 3 > page.pen().height {
            let words = "The address is too long for this window. {print-outside} prints it outside, {copy} copies it.";
            page.text(0, Role::Warn, &world.keys().fill(words));
            return;
        }
        let words = "Good for this sign-in only. {show-the-address} hides it, {print-outside} prints it on one line:";
        page.text(0, Role::Dim, &world.keys().fill(words));
        page.blank();
        page.with_address(address.raw(), |page| {
            for part in parts {
                page.raw(part);
            }
        });
    }

    /// A label with its number, if it has one yet.
    fn numbered(&self, index: usize, label: &str) -> String {
        if self.is_numbered() {
            format!("{}  {label}", index + 1)
        } else {
            format!("   {label}")
        }
    }

    /// The warning, the page and the code (conformance K-02, K-03, K-04).
    fn draw_code(&self, page: &mut Page, world: &World) {
        for way in &self.ways {
            let Way::Device {
                user_code,
                verification_uri,
                expires_at,
                foreign_host,
                ..
            } = way
            else {
                continue;
            };
            let indent = if page.pen().width >= 60 { 13 } else { 3 };
            page.text(
                indent,
                Role::Warn,
                "Only type a code that you asked for yourself here.",
            );
            page.text(
                indent,
                Role::Warn,
                "Never give it to anyone, never enter one somebody sent you.",
            );
            let host: String = clean(verification_uri);
            page.with_address(verification_uri, |page| page.led(indent, "open  ", &host));
            if *foreign_host {
                page.text(
                    indent,
                    Role::Warn,
                    "This page is on another host than the provider.",
                );
            }
            page.spans(
                indent,
                &[
                    (Role::Dim, "type  ".to_owned()),
                    (Role::Banner, format!(" {} ", user_code.as_str())),
                ],
            );
            let left = expires_at.since(world.now);
            page.spans(
                indent,
                &[(Role::Dim, format!("ends in {}", text::clock(left)))],
            );
        }
    }

    fn draw_forward(&self, page: &mut Page, index: usize, selected: bool) {
        let Some(forward) = self.forward() else {
            return;
        };
        let label = self.numbered(index, "Forward");
        if !self.options.no_browser {
            page.item(
                index,
                selected,
                &label,
                13,
                "copy a command that forwards the port from another machine",
            );
            return;
        }
        let words = if page.pen().height < LOW {
            "from another machine"
        } else if forward.target.is_some() {
            "on your own machine, in another terminal:"
        } else {
            "on your own machine, in another terminal (h fills in HOST, the name you typed to get here):"
        };
        page.item(index, selected, &label, 13, words);
        let indent = if page.pen().width >= 60 { 13 } else { 3 };
        page.text(indent, Role::Strong, &forward.lines.command);
        page.with_address(forward.start_url, |page| {
            page.led(indent, "then open  ", forward.start_url);
        });
    }

    pub(super) fn draw_picture(&self, page: &mut Page, world: &World) {
        for way in &self.ways {
            if let Way::Device { user_code, .. } = way {
                page.text(
                    0,
                    Role::Plain,
                    &format!("Check that the page shows {user_code}"),
                );
            }
        }
        let picture = self.code_picture(world);
        if picture.is_none() {
            let words = "The picture does not fit on this screen. Make it larger.";
            page.text(0, Role::Plain, words);
        }
        for line in picture.unwrap_or_default() {
            page.raw(line);
        }
    }

    /// The code's page as a QR picture, if it fits the screen. Only of a device code: an
    /// authorization address is too long for 80x24.
    pub(super) fn code_picture(&self, world: &World) -> Option<Vec<String>> {
        if world.setup.look.ascii {
            return None;
        }
        let target = self.ways.iter().find_map(|way| match way {
            Way::Device {
                complete,
                verification_uri,
                ..
            } => Some(complete.as_ref().unwrap_or(verification_uri)),
            _ => None,
        })?;
        let lines = qr_lines(target)?;
        let wide = lines.first().map_or(0, |line| text::width(line));
        let fits = wide + 4 <= usize::from(world.size.0) && lines.len() < world.page_lines();
        fits.then_some(lines)
    }
}
