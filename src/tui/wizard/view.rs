//! Draws the steps of the wizard.

use super::draft::{Draft, FieldId, Tick};
use super::lines::Line;
use super::provider_list::Found;
use super::result;
use super::{Saving, Stage, Wizard};
use crate::advice::endpoints;
use crate::model::{ClientAuth, RedirectUri, RevokeRule, ScopeSet, Untrusted};
use crate::tui::face::Face as _;
use crate::tui::field::TextField;
use crate::tui::model::World;
use crate::tui::page::{Page, Pen};
use crate::tui::scope_line;
use crate::tui::text;
use crate::tui::theme::Role;

/// On narrower screens the names of providers take less, so that what stands beside them fits one line.
const NARROW: usize = 64;

impl Wizard {
    pub(super) fn draw(&self, pen: Pen, world: &World) -> Page {
        let title = match self.stage {
            Stage::Provider => "Connect a service".to_owned(),
            _ => format!("Connect {}", self.draft().provider_name()),
        };
        let mut page = Page::new(title, self.stage.words(), pen);
        match self.stage {
            Stage::Provider => self.draw_list(&mut page, world),
            Stage::Details => self.draw_details(&mut page, world),
            Stage::App => self.draw_app(&mut page, world),
            Stage::Scopes => self.draw_scopes(&mut page),
            Stage::Review => self.draw_review(&mut page, world),
        }
        page
    }

    fn draw_list(&self, page: &mut Page, world: &World) {
        page.find("Name or URL", &self.search);
        page.blank();
        let column = if page.pen().width < NARROW { 24 } else { 26 };
        // Above the list, which is longer than most terminals.
        let selected = self.selected(world);
        let refused = selected.and_then(|preset| preset.refused.as_deref());
        let remark = selected.and_then(|preset| preset.remark.as_deref());
        match (refused, remark) {
            (Some(words), _) => page.text(0, Role::Warn, words),
            (None, Some(words)) => page.text(0, Role::Plain, words),
            (None, None) => page.text(
                0,
                Role::Dim,
                "OAuth lets a program act for you with less than your password, until you end it.",
            ),
        }
        page.blank();
        for (index, found) in self.found.iter().enumerate() {
            let (label, hint) = match found {
                Found::Resume(stage) => (
                    format!("Go on connecting {}", self.draft().provider_name()),
                    stage.words().to_owned(),
                ),
                Found::Preset(preset) => match world.setup.presets.get(*preset) {
                    Some(preset) => (preset.name.clone(), preset.hint.clone()),
                    None => continue,
                },
                Found::Other => (
                    "Other OAuth provider".to_owned(),
                    "type its URLs yourself".to_owned(),
                ),
            };
            page.item(index, index == self.found_at, &label, column, &hint);
        }
    }

    fn draw_details(&self, page: &mut Page, world: &World) {
        let words = if self.draft().preset.is_some() {
            "Where this provider is found. You can change it; usually it is right as it stands."
        } else {
            "The provider's documentation names these two addresses."
        };
        page.text(0, Role::Plain, words);
        page.blank();
        for (index, line) in self.lines().iter().enumerate() {
            if *line == Line::UsePreset {
                let offered = self.offered.and_then(|at| world.setup.presets.get(at));
                let name = offered.map_or("", |preset| &preset.name);
                let words = format!("It belongs to {}: use what is known of it", shown(name));
                page.item(index, index == self.at, &words, 0, "");
            } else {
                self.draw_line(page, index, line, 19, None);
            }
        }
    }

    fn draw_app(&self, page: &mut Page, world: &World) {
        let name = self.draft().provider_name();
        let words = match &self.draft().preset {
            Some(preset) if preset.client_id.is_some() => {
                format!("{name} knows this app already: there is nothing to register.")
            }
            Some(_) => format!(
                "{name} wants to know which program asks. Register an app there, once:"
            ),
            None => "Register an app at the provider, with this redirect URL; it gives you a client ID, which is not a secret.".to_owned(),
        };
        page.text(0, Role::Plain, &words);
        page.blank();
        let lines = self.lines();
        let asks = matches!(lines.first(), Some(Line::Way(..)));
        for (index, line) in lines.iter().enumerate() {
            if asks
                && matches!(line, Line::Register(_))
                && matches!(lines[index - 1], Line::Way(..))
            {
                page.blank();
            }
            self.draw_line(page, index, line, 17, Some(index + 1));
        }
        if self.draft().wants_secret() {
            page.blank();
            page.text(0, Role::Dim, "A desktop app can't keep a client secret private: it is stored encrypted; treat it as recoverable, not confidential.");
        } else if !world.browser_here()
            && lines
                .iter()
                .any(|line| matches!(line, Line::Register(step) if step.copy.is_some()))
        {
            page.blank();
            page.text(
                0,
                Role::Dim,
                &world
                    .keys()
                    .fill("Enter or {copy} copies a line to your own machine's clipboard."),
            );
        }
    }

    fn draw_scopes(&self, page: &mut Page) {
        page.text(0, Role::Plain, "Scopes decide what this connection may touch. Ask only for what you need; you can add more later.");
        page.blank();
        let draft = self.draft();
        let known = draft.known_scopes();
        let chosen = ScopeSet::typed(draft.text(FieldId::Scopes), draft.commas());
        for (index, line) in self.lines().iter().enumerate() {
            self.draw_line(page, index, line, 9, None);
            if index == 1 {
                page.blank();
                if let Ok(chosen) = &chosen {
                    scope_line::draw_count(page, chosen, known);
                }
            }
        }
        if known.is_empty() {
            let words = if draft.preset.is_some() {
                "None are known of this service, and most people need none. Go on."
            } else {
                "Type them with blanks between, as the provider's documentation names them."
            };
            page.text(0, Role::Dim, words);
        }
    }

    fn draw_review(&self, page: &mut Page, world: &World) {
        let draft = self.draft();
        let Some(provider) = result::provider(draft) else {
            page.text(
                0,
                Role::Bad,
                "Something is missing in an earlier step; Enter goes there.",
            );
            for (index, line) in self.lines().iter().enumerate() {
                self.draw_line(page, index, line, 10, None);
            }
            return;
        };
        let scopes = draft.text(FieldId::Scopes);
        let secret = draft.wants_secret() && !draft.secret.is_empty();
        page.pair("Talks to", 10, Role::Strong, &provider.hosts().join("  "));
        page.pair(
            "Sends",
            10,
            Role::Plain,
            &format!("client ID {}", shown(draft.text(FieldId::ClientId))),
        );
        let sent = match result::auth(draft, secret) {
            ClientAuth::None => "no client secret; a one-time proof (PKCE) protects the sign-in",
            ClientAuth::Basic => {
                "client secret as Basic authentication, and a one-time proof (PKCE)"
            }
            ClientAuth::Post => "client secret in the body, and a one-time proof (PKCE)",
        };
        page.pair("", 10, Role::Plain, sent);
        let asked = if scopes.is_empty() {
            "no scopes: the provider chooses its default".to_owned()
        } else {
            format!("scopes {}", shown(scopes))
        };
        page.pair("", 10, Role::Plain, &asked);
        page.pair(
            "",
            10,
            Role::Plain,
            &format!("redirect URL {}", shown(draft.text(FieldId::Redirect))),
        );
        for (key, value) in &provider.extra.authorize {
            page.pair(
                "",
                10,
                Role::Plain,
                &format!("{} = {}", shown(key), shown(value)),
            );
        }
        let authority = draft.text(FieldId::Authority);
        if !authority.is_empty() {
            let words = format!("also the authority in {}", shown(authority));
            page.pair("Trusts", 10, Role::Plain, &words);
        }
        let stored = if world.setup.practice {
            "in memory only: this is practice"
        } else {
            "these settings in clear, secrets and tokens encrypted, on this machine"
        };
        page.pair("Stores", 10, Role::Plain, stored);
        if provider.revoke == RevokeRule::None
            || (provider.revoke == RevokeRule::Standard && provider.endpoints.revocation.is_none())
        {
            let words = if draft.preset.is_some() {
                "only on the provider's own pages: it offers no revocation"
            } else {
                "only on the provider's own pages: no revocation URL was typed (step 2, More)"
            };
            page.pair("Ends", 10, Role::Plain, words);
        }
        let quirks = provider.quirks.iter();
        for quirk in quirks.filter(|quirk| quirk.concerns(secret)) {
            page.pair("Quirk", 10, Role::Dim, quirk.meaning());
        }
        self.draw_look(page);
        page.blank();
        for (index, line) in self.lines().iter().enumerate() {
            self.draw_line(page, index, line, 10, None);
        }
        if self.saving == Some(Saving::ThenSignIn) || self.saving == Some(Saving::ThenDone) {
            page.text(0, Role::Dim, "Storing it.");
        }
    }

    /// What answers at the addresses, which were asked without anything secret.
    fn draw_look(&self, page: &mut Page) {
        let Some(looking) = self.look_of_now() else {
            return;
        };
        let Some(look) = &looking.found else {
            page.pair("Answers", 10, Role::Dim, "looking; nothing secret is sent");
            return;
        };
        for (at, (good, words)) in endpoints::seen(look).into_iter().enumerate() {
            let label = if at == 0 { "Answers" } else { "" };
            let role = if good { Role::Plain } else { Role::Warn };
            page.pair(label, 10, role, &words);
        }
        if look.swapped() {
            page.pair("", 10, Role::Warn, endpoints::SWAPPED);
        }
    }

    fn draw_line(
        &self,
        page: &mut Page,
        index: usize,
        line: &Line,
        column: usize,
        number: Option<usize>,
    ) {
        let selected = index == self.at;
        let draft = self.draft();
        let numbered = |words: &str| match number {
            // Only what a key can pick has a number, and in a field a digit is text.
            Some(n) if n > 9 || self.typing() => format!("   {words}"),
            Some(n) => format!("{n}  {words}"),
            None => words.to_owned(),
        };
        match line {
            Line::Field(id, label) => self.draw_field(page, index, *id, &numbered(label), column),
            Line::Secret => {
                let problem = self.secret_problem.as_deref();
                page.masked(
                    index,
                    selected,
                    &numbered("Secret"),
                    column,
                    &draft.secret,
                    problem,
                );
            }
            Line::Way(way, label) => {
                let mark = if *way == draft.way { "(x)" } else { "( )" };
                page.item(
                    index,
                    selected,
                    &numbered(&format!("{mark} {label}")),
                    0,
                    "",
                );
            }
            Line::Register(step) => {
                let (label, value) = (numbered(&step.action), shown(&step.value));
                let address = step.copy.as_deref().filter(|_| step.page);
                page.with_address(address.unwrap_or_default(), |page| {
                    page.item(index, selected, &label, column, &value);
                });
            }
            Line::AddSecret => {
                page.item(
                    index,
                    selected,
                    &numbered("Secret"),
                    column,
                    "none needed (PKCE); enter adds one anyway",
                );
            }
            Line::SecretPlace => {
                let place = match result::auth(draft, true) {
                    ClientAuth::Post => "in the body",
                    ClientAuth::Basic | ClientAuth::None => "as Basic authentication",
                };
                page.item(index, selected, &numbered("is sent"), column, place);
            }
            Line::Scope(choice) => {
                let line = draft.text(FieldId::Scopes);
                scope_line::draw(page, index, selected, choice, line);
            }
            Line::Tick(tick) => {
                let on = draft.ticked(*tick);
                let mark = if on { "[x]" } else { "[ ]" };
                let words = match tick {
                    Tick::DevHttp => "Plain http on this machine (development)",
                    Tick::Blanks => "The blank belongs to it",
                    Tick::TestElsewhere => "Send the access token there",
                };
                page.item(
                    index,
                    selected,
                    &numbered(&format!("{mark} {words}")),
                    0,
                    "",
                );
            }
            Line::More => {
                if draft.more {
                    page.item(index, selected, "Fewer addresses", 0, "");
                } else {
                    // Seen also by who does not stop there.
                    let what = if page.pen().width < NARROW {
                        ""
                    } else {
                        "a code, ending sign-ins, tests, a certificate"
                    };
                    page.item(index, selected, "More addresses and options", 28, what);
                }
            }
            // Drawn by the step that has it, which knows its name.
            Line::UsePreset => {}
            Line::Swap => page.item(index, selected, "Swap the two addresses", 0, ""),
            Line::GoOn => page.item(index, selected, &numbered("Go on"), 0, ""),
            Line::Start => page.item(index, selected, "Save and sign in", 0, ""),
            Line::SaveOnly => page.item(index, selected, "Save only, sign in later", 0, ""),
        }
    }

    fn draw_field(&self, page: &mut Page, index: usize, id: FieldId, label: &str, column: usize) {
        let empty = TextField::default();
        let field = self.draft().field(id).unwrap_or(&empty);
        let problem = self.problems.get(&id).map(|fault| fault.words.as_str());
        let column = column.max(text::width(label) + 1);
        page.long_field(index, index == self.at, label, column, field, problem);
        let redirect = (id == FieldId::Redirect).then(|| RedirectUri::parse(field.trimmed()));
        if let Some(words) = redirect.and_then(Result::ok).and_then(|uri| uri.advice()) {
            page.pair("", column + 1, Role::Warn, &words);
        }
        let remark = self.draft().remark(id);
        let whole = self.typing_in != Some(id) && problem.is_none();
        if let Some(words) = remark.filter(|_| whole) {
            page.pair("", column + 1, Role::Warn, &words);
        }
        if id == FieldId::Name && field.is_empty() {
            page.pair("", column + 1, Role::Dim, &default_name(self.draft()));
        }
    }
}

fn default_name(draft: &Draft) -> String {
    let base = match &draft.preset {
        Some(preset) => preset.id.clone(),
        None => draft.own_host().unwrap_or_default(),
    };
    format!("left empty: {base}, with a number when that is taken")
}

fn shown(words: &str) -> String {
    Untrusted::new(words).shown().into()
}
