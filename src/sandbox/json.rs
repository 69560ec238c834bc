//! A JSON object kept as text, member by member, so that an answer can carry what a well-behaved
//! writer cannot produce: a member twice, a number without bounds, a value of the wrong type.

use std::fmt;

use serde::de::IgnoredAny;

use super::behaviour::Behaviour;

/// Members in order; values are JSON text.
#[derive(Clone, Debug, Default)]
pub(super) struct Object(Vec<(String, String)>);

impl Object {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a member.
    pub(super) fn with(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.0.push((name.to_owned(), value.into().to_string()));
        self
    }

    /// Adds a member where there is a value.
    pub(super) fn with_some(self, name: &str, value: Option<impl Into<serde_json::Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Replaces or adds a member with the meaning of a switch's value: `absent`, `raw:TEXT`,
    /// `text:STRING`, JSON, or else a string.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        if value == "absent" {
            self.0.retain(|(known, _)| known != name);
            return;
        }
        let text = json_text(value);
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some(member) => member.1 = text,
            None => self.0.push((name.to_owned(), text)),
        }
    }

    /// Applies all switches `prefix.<member>=<value>`.
    pub(super) fn overridden(mut self, behaviour: &Behaviour, prefix: &str) -> Self {
        for (name, value) in behaviour.members(prefix) {
            self.set(name, value);
        }
        self
    }

    /// Writes a member a second time, with another value.
    pub(super) fn duplicate(&mut self, name: &str) {
        self.0
            .push((name.to_owned(), "\"sbx_second_value\"".to_owned()));
    }

    /// Puts all members under one.
    pub(super) fn nested_under(self, name: &str) -> Self {
        let inner = self.to_string();
        Self(vec![
            ("ok".to_owned(), "true".to_owned()),
            (name.to_owned(), inner),
        ])
    }

    /// The members as a form, strings without their quotes.
    pub(super) fn to_form(&self) -> String {
        let pairs = self.0.iter().map(|(name, text)| {
            let plain = serde_json::from_str::<String>(text).unwrap_or_else(|_| text.clone());
            (name, plain)
        });
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish()
    }
}

impl fmt::Display for Object {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("{")?;
        for (place, (name, text)) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(
                out,
                "{comma}{}:{text}",
                serde_json::Value::from(name.as_str())
            )?;
        }
        out.write_str("}")
    }
}

fn json_text(value: &str) -> String {
    if let Some(raw) = value.strip_prefix("raw:") {
        return raw.to_owned();
    }
    let string = value.strip_prefix("text:");
    if string.is_none() && serde_json::from_str::<IgnoredAny>(value).is_ok() {
        return value.to_owned();
    }
    serde_json::Value::from(string.unwrap_or(value)).to_string()
}
