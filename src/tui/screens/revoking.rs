//! Revoke or delete: numbered choices, the first of which changes nothing (conformance L-05, L-06).

use crate::actions::{Action, Key, Place};
use crate::advice::{half_revoked, still_waits};
use crate::engine::{Detail, Row, siblings};
use crate::model::{ConnectionId, ConnectionName, EndReason, UnixTime, Waiting};
use crate::tui::bulk::{Bulk, Deed, Job, Lack, Left};
use crate::tui::face::{Effect, Face, moved, picked};
use crate::tui::model::World;
use crate::tui::msg::Revocation;
use crate::tui::notice::Notice;
use crate::tui::page::{Page, Pen};
use crate::tui::request::Request;
use crate::tui::table::{account_of, provider_of};
use crate::tui::theme::Role;

/// What a choice does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Keep,
    Revoke,
    RevokeAndDelete,
    Delete,
    TellAgain,
    Drop,
}

struct Target {
    id: ConnectionId,
    name: ConnectionName,
    provider: String,
    account: String,
    signed_in: bool,
}

/// The question about one connection or several.
pub(in crate::tui) struct Revoking {
    targets: Vec<Target>,
    /// Others that use the same app and account: revoking may end them too.
    siblings: Vec<String>,
    /// Whether the provider can be told; unknown until its definition was read.
    can_revoke: Option<bool>,
    page: Option<String>,
    /// A revocation that the provider did not hear yet.
    waits: Option<Box<Waiting>>,
    at: usize,
}

impl Revoking {
    pub(in crate::tui) fn new(targets: &[&Row], world: &World) -> Self {
        let summaries: Vec<_> = targets.iter().map(|row| &row.summary).collect();
        let siblings = siblings(&summaries, world.table.rows())
            .into_iter()
            .map(|row| row.summary.name.to_string())
            .collect();
        let targets: Vec<Target> = targets
            .iter()
            .map(|row| Target {
                id: row.summary.id.clone(),
                name: row.summary.name.clone(),
                provider: provider_of(row),
                account: if over(row) {
                    String::new()
                } else {
                    account_of(row)
                },
                signed_in: row.summary.grant.is_some() && !over(row),
            })
            .collect();
        // Several are revoked where that is possible; what came of each is told afterwards.
        let several = targets.len() > 1;
        Self {
            targets,
            siblings,
            can_revoke: several.then_some(true),
            page: None,
            waits: None,
            at: 0,
        }
    }

    /// The definition was read.
    pub(in crate::tui) fn know(&mut self, detail: &Detail) {
        if self.targets.len() == 1 && self.targets[0].id == detail.connection.id {
            let provider = &detail.connection.provider;
            self.can_revoke = Some(detail.connection.no_revocation().is_none());
            self.waits = detail.waiting.first().cloned().map(Box::new);
            self.page = provider.manage_url.as_ref().map(ToString::to_string);
        }
    }

    fn choices(&self) -> Vec<Choice> {
        let signed_in = self.targets.iter().any(|target| target.signed_in);
        match self.can_revoke {
            None => vec![Choice::Keep],
            Some(_) if self.waits.is_some() && !signed_in => vec![
                Choice::Keep,
                Choice::TellAgain,
                Choice::Drop,
                Choice::Delete,
            ],
            Some(true) if signed_in => {
                vec![
                    Choice::Keep,
                    Choice::Revoke,
                    Choice::RevokeAndDelete,
                    Choice::Delete,
                ]
            }
            Some(_) => vec![Choice::Keep, Choice::Delete],
        }
    }

    fn press(&self, at: usize) -> Vec<Effect> {
        let Some(choice) = self.choices().get(at).copied() else {
            return Vec::new();
        };
        let request = |target: &Target| {
            let id = target.id.clone();
            match choice {
                Choice::Keep => None,
                Choice::Revoke if !target.signed_in => None,
                // One that waits is told again.
                Choice::Revoke | Choice::TellAgain => Some(Request::Revoke {
                    id,
                    then_remove: false,
                }),
                Choice::Drop => Some(Request::DropRevocation(id)),
                Choice::RevokeAndDelete if target.signed_in => Some(Request::Revoke {
                    id,
                    then_remove: true,
                }),
                Choice::RevokeAndDelete | Choice::Delete => Some(Request::Remove(id)),
            }
        };
        let job = |target: &Target| {
            Some(Job {
                request: request(target)?,
                id: target.id.clone(),
                name: target.name.clone(),
            })
        };
        let mut jobs: Vec<Job> = Vec::new();
        let mut left = Left::default();
        for target in &self.targets {
            match job(target) {
                Some(job) => jobs.push(job),
                None => left.add(Lack::SignIn),
            }
        }
        let deed = match choice {
            Choice::Keep | Choice::Revoke | Choice::TellAgain | Choice::Drop => Deed::Revoke,
            Choice::RevokeAndDelete => Deed::RevokeAndDelete,
            Choice::Delete => Deed::Delete,
        };
        let then = match (jobs.len(), self.targets.len()) {
            (0, _) => None,
            (_, 1) => jobs.pop().map(|job| Effect::Ask(job.request)),
            _ => Some(Effect::Bulk(Box::new(Bulk::new(deed, jobs, left)))),
        };
        [Effect::Close].into_iter().chain(then).collect()
    }

    fn words(&self, choice: Choice) -> (&'static str, String) {
        let provider = match self.targets.as_slice() {
            [one] => one.provider.as_str(),
            _ => "the provider",
        };
        let signed_in = self.targets.iter().any(|target| target.signed_in);
        match choice {
            Choice::Keep => ("Keep", "nothing changes".to_owned()),
            Choice::Revoke => (
                "Revoke",
                format!(
                    "{provider} is told; programs using it stop working; the settings stay, you can re-authorize"
                ),
            ),
            Choice::RevokeAndDelete => ("Revoke and delete", "the settings go too".to_owned()),
            Choice::TellAgain => (
                "Tell it again now",
                format!("{provider} is asked once more"),
            ),
            Choice::Drop => (
                "Tell it no more",
                format!("the sign-in may stay valid at {provider}"),
            ),
            Choice::Delete if self.waits.is_some() => (
                "Delete",
                "the settings go; the revocation goes on waiting".to_owned(),
            ),
            Choice::Delete if !signed_in => {
                ("Delete", "the settings go; nobody is signed in".to_owned())
            }
            Choice::Delete => (
                "Delete here only",
                format!("the sign-in stays valid at {provider}"),
            ),
        }
    }
}

/// Whether the person ended its sign-in at the provider already.
fn over(row: &Row) -> bool {
    row.summary.ended == Some(EndReason::RevokedByYou)
}

impl Face for Revoking {
    fn place(&self) -> Place {
        Place::Choices
    }

    fn facts(&self, _world: &World, facts: &mut crate::actions::Facts) {
        facts.copyable = self.page.is_some() && self.can_revoke == Some(false);
    }

    fn act(&mut self, action: Action, key: Key, _world: &World) -> Vec<Effect> {
        if let Some(at) = moved(self.at, self.choices().len(), 1, action) {
            self.at = at;
            return Vec::new();
        }
        match action {
            Action::Choose => self.press(self.at),
            Action::Pick => picked(key).map_or_else(Vec::new, |at| self.press(at)),
            Action::Back => vec![Effect::Close],
            Action::Copy => self
                .page
                .iter()
                .map(|page| Effect::Copy("The provider's page", page.clone()))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, _world: &World) -> bool {
        std::mem::replace(&mut self.at, item) == item
    }

    fn page(&self, pen: Pen, world: &World) -> Page {
        let (what, aside) = match self.targets.as_slice() {
            [one] if one.account.is_empty() || !one.signed_in => {
                (one.name.to_string(), String::new())
            }
            [one] => (
                one.name.to_string(),
                format!("signed in as {}", one.account),
            ),
            many => (format!("{} connections", many.len()), String::new()),
        };
        let mut page = Page::new(format!("Revoke or delete {what}"), aside, pen);
        if self.targets.len() > 1 {
            let names: Vec<&str> = self
                .targets
                .iter()
                .map(|target| target.name.as_str())
                .collect();
            page.text(
                0,
                Role::Plain,
                &format!("This is about {}.", names.join(", ")),
            );
            page.blank();
        }
        // Before the choices: on a low screen what follows them is out of view.
        if !self.siblings.is_empty() && self.can_revoke == Some(true) {
            let words = format!(
                "Revoking may also end: {} (same app and account).",
                self.siblings.join(", ")
            );
            page.text(0, Role::Warn, &words);
            page.blank();
        }
        for (index, choice) in self.choices().into_iter().enumerate() {
            let (label, words) = self.words(choice);
            page.item(
                index,
                index == self.at,
                &format!("{}  {label}", index + 1),
                24,
                &words,
            );
        }
        page.blank();
        if let Some(waits) = &self.waits {
            let waits = still_waits(waits, |at| world.clock_time(at));
            page.text(0, Role::Warn, &waits);
            if let Some(url) = &self.page {
                page.text(0, Role::Plain, "Or end it on its own page:");
                page.with_address(url, |page| page.text(0, Role::Strong, url));
            }
        }
        if self.can_revoke.is_none() {
            page.text(0, Role::Dim, "Reading what the provider offers.");
        }
        if self.can_revoke == Some(false) && self.targets.iter().any(|target| target.signed_in) {
            let provider = &self.targets[0].provider;
            let words = format!(
                "{provider} offers no way to revoke from here; access may still exist there after deleting."
            );
            page.text(0, Role::Plain, &words);
            if let Some(url) = &self.page {
                page.text(0, Role::Plain, "End it on its own page:");
                page.with_address(url, |page| page.text(0, Role::Strong, url));
            }
        }
        page
    }
}

/// Exactly what happened, in a sentence; `time` tells a moment.
pub(in crate::tui) fn told(
    name: &str,
    outcome: &Revocation,
    removed: bool,
    time: impl Fn(UnixTime) -> String,
) -> Notice {
    let also = if removed {
        " The settings are deleted."
    } else {
        ""
    };
    let fate = if removed { "deleted here" } else { "kept here" };
    match outcome {
        Revocation::Revoked if removed => {
            Notice::info(format!("{name}: revoked at the provider and deleted here."))
        }
        Revocation::Revoked => Notice::info(format!(
            "{name}: revoked at the provider. The settings are kept."
        )),
        Revocation::AccessTokenLives { until } => {
            let words = half_revoked("the provider", until.map(time));
            Notice::bad(format!("{name}: {words}{also}"))
        }
        Revocation::Waits {
            sentence,
            page: None,
        } => Notice::bad(format!("{sentence}{also}")),
        Revocation::Waits {
            sentence,
            page: Some(url),
        } => Notice::bad(format!("{sentence}{also}")).with_copy(url.clone()),
        Revocation::Dropped { sentence } => Notice::info(sentence.clone()),
        Revocation::AlreadyOver => Notice::info(format!(
            "{name}: it was over at the provider already; {fate}."
        )),
        Revocation::NotOffered { page: None } => Notice::bad(format!(
            "{name}: {fate}. The provider has no revocation; access may still exist there."
        )),
        Revocation::NotOffered { page: Some(url) } => Notice::bad(format!(
            "{name}: {fate}. The provider could not be told; revoke it yourself at {url}"
        ))
        .with_copy(url.clone()),
    }
}
