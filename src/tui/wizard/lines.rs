//! The lines of each step that can be selected, in order.

use super::draft::{Draft, FieldId, Tick};
use super::preset::{RegisterStep, ScopeChoice, SecretNeed};
use super::{Stage, Wizard};
use crate::model::RedirectUri;
use crate::tui::scope_line;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Field(FieldId, String),
    Secret,
    /// One of several ways to sign in, which differ in what is registered.
    Way(usize, String),
    Register(RegisterStep),
    /// Unfolds the secret field.
    AddSecret,
    /// Basic or body.
    SecretPlace,
    Scope(ScopeChoice),
    Tick(Tick),
    /// Takes the preset that an address belongs to.
    UsePreset,
    More,
    GoOn,
    /// Puts each of the two addresses into the other's place.
    Swap,
    Start,
    SaveOnly,
}

impl Line {
    /// A field into which text may be typed.
    pub(super) fn is_field(&self) -> bool {
        matches!(self, Self::Field(..) | Self::Secret)
    }

    /// The line that Enter aims at once everything is filled in.
    pub(super) fn is_goal(&self) -> bool {
        matches!(self, Self::GoOn | Self::Start)
    }
}

impl Wizard {
    pub(super) fn lines(&self) -> Vec<Line> {
        let draft = self.draft();
        match self.stage {
            Stage::Provider => Vec::new(),
            Stage::Details => self.details(),
            Stage::App => self.ticked(app(draft)),
            Stage::Scopes => scopes(draft, &self.typed_scope()),
            Stage::Review => {
                let swap = self.swapped().then_some(Line::Swap);
                let rest = [field(FieldId::Name, "Name"), Line::Start, Line::SaveOnly];
                swap.into_iter().chain(rest).collect()
            }
        }
    }

    /// The tick for plain http stands below the first address that wants it, else under more.
    fn details(&self) -> Vec<Line> {
        let draft = self.draft();
        let mut lines = self.ticked(details(draft));
        if draft.preset.is_none() && self.offered.is_some() {
            let token = lines
                .iter()
                .position(|line| matches!(line, Line::Field(FieldId::Token, _)));
            lines.insert(token.unwrap_or_default(), Line::UsePreset);
        }
        let dev_http = Line::Tick(Tick::DevHttp);
        let more = lines.iter().position(|line| *line == Line::More);
        let shown = draft.more || (draft.dev_http() && draft.preset.is_none());
        if let Some(at) = more.filter(|_| shown && !lines.contains(&dev_http)) {
            lines.insert(at, dev_http);
        }
        lines
    }

    /// The lines, each tick below the first field that wants it. One of a single field stays there while
    /// it is ticked, so that it can be taken off.
    fn ticked(&self, lines: Vec<Line>) -> Vec<Line> {
        let mut out: Vec<Line> = Vec::new();
        for line in lines {
            let id = match &line {
                Line::Field(id, _) => Some(*id),
                _ => None,
            };
            out.push(line);
            let wanted = id.and_then(|id| self.problems.get(&id)?.tick);
            let kept = match id {
                Some(FieldId::ClientId) => Some(Tick::Blanks),
                Some(FieldId::TestRead) => Some(Tick::TestElsewhere),
                _ => None,
            };
            let kept = kept.filter(|tick| self.draft().ticked(*tick));
            if let Some(tick) = wanted.or(kept)
                && !out.contains(&Line::Tick(tick))
            {
                out.push(Line::Tick(tick));
            }
        }
        out
    }
}

fn field(id: FieldId, label: &str) -> Line {
    Line::Field(id, label.to_owned())
}

/// Every line of the details but the tick for plain http.
fn details(draft: &Draft) -> Vec<Line> {
    let variables = draft
        .preset
        .iter()
        .flat_map(|preset| preset.variables.iter().enumerate());
    let mut lines: Vec<Line> = variables
        .map(|(index, variable)| field(FieldId::Variable(index), &variable.label))
        .collect();
    lines.push(field(FieldId::Authorization, "Authorization URL"));
    lines.push(field(FieldId::Token, "Token URL"));
    if draft.more {
        lines.extend([
            field(FieldId::Device, "Device URL"),
            field(FieldId::Revocation, "Revocation URL"),
            field(FieldId::Introspection, "Introspection URL"),
            field(FieldId::Userinfo, "Userinfo URL"),
            field(FieldId::Issuer, "Issuer"),
            field(FieldId::TestRead, "Test read URL"),
            field(FieldId::Resource, "Resource"),
            field(FieldId::Extra, "Extra parameters"),
            field(FieldId::Authority, "CA file"),
        ]);
        if draft.preset.is_some() {
            lines.push(field(FieldId::Redirect, "Redirect URL"));
        }
    }
    lines.push(Line::More);
    lines.push(Line::GoOn);
    lines
}

fn app(draft: &Draft) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(preset) = &draft.preset {
        if preset.ways.len() > 1 {
            let ways = preset.ways.iter().enumerate();
            lines.extend(ways.map(|(index, way)| Line::Way(index, way.label.clone())));
        }
        let redirect = RedirectUri::parse(draft.text(FieldId::Redirect));
        let steps = (preset.steps)(
            &draft.values(),
            &redirect.unwrap_or_else(|_| preset.redirect.clone()),
        );
        lines.extend(steps.into_iter().map(Line::Register));
    } else {
        lines.push(field(FieldId::Redirect, "Redirect URL"));
    }
    lines.push(field(FieldId::ClientId, "Client ID"));
    if draft.wants_secret() {
        lines.push(Line::Secret);
        lines.push(Line::SecretPlace);
    } else if draft.chosen_way().secret == SecretNeed::None {
        lines.push(Line::AddSecret);
    }
    lines.push(Line::GoOn);
    lines
}

fn scopes(draft: &Draft, typed: &str) -> Vec<Line> {
    let mut lines = vec![field(FieldId::Scopes, "Scopes"), Line::GoOn];
    let known = scope_line::fitting(typed, draft.known_scopes());
    lines.extend(known.cloned().map(Line::Scope));
    lines
}
