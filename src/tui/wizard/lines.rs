//! The lines of each step that can be selected, in order.

use super::check::PLAIN_HTTP;
use super::draft::{Draft, FieldId};
use super::preset::{RegisterStep, ScopeChoice, SecretNeed};
use super::{Stage, Wizard};
use crate::model::RedirectUri;

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
    DevHttp,
    More,
    GoOn,
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
            Stage::App => app(draft),
            Stage::Scopes => scopes(draft, &self.typed_scope()),
            Stage::Review => vec![field(FieldId::Name, "Name"), Line::Start, Line::SaveOnly],
        }
    }

    /// The tick for plain http stands below the first address that wants it, else under more.
    fn details(&self) -> Vec<Line> {
        let draft = self.draft();
        let mut lines = details(draft);
        let wants = |line: &Line| matches!(line, Line::Field(id, _) if self.problems.get(id).is_some_and(|words| words == PLAIN_HTTP));
        let below = lines.iter().position(wants).map(|at| at + 1);
        let more = || lines.iter().position(|line| *line == Line::More);
        let shown = draft.more || (draft.dev_http && draft.preset.is_none());
        if let Some(at) = below.or_else(|| more().filter(|_| shown)) {
            lines.insert(at, Line::DevHttp);
        }
        lines
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
    let known = draft.preset.iter().flat_map(|preset| preset.scopes.iter());
    lines.extend(
        known
            .filter(|choice| typed.is_empty() || choice.scope.as_str().contains(typed))
            .cloned()
            .map(Line::Scope),
    );
    lines
}
