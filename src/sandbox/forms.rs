//! Reading and filling in the sandbox's own forms, for the played browser.

use super::Approval;

/// The first form of a page.
pub(super) struct Form {
    pub(super) action: String,
    inputs: Vec<Input>,
}

struct Input {
    kind: String,
    name: String,
    value: String,
}

/// Finds the form and its inputs.
pub(super) fn read(page: &[u8]) -> Option<Form> {
    let page = std::str::from_utf8(page).ok()?;
    let form = &page[page.find("<form ")?..];
    let inputs = form.split("<input ").skip(1).map(|text| {
        let tag = text.split('>').next().unwrap_or_default();
        let of = |name: &str| attribute(tag, name).unwrap_or_default();
        Input {
            kind: of("type"),
            name: of("name"),
            value: of("value"),
        }
    });
    Some(Form {
        action: attribute(form, "action")?,
        inputs: inputs.collect(),
    })
}

impl Form {
    /// The body of the form as the person would send it; `None` declines.
    pub(super) fn filled(&self, approval: Option<&Approval>) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for input in &self.inputs {
            let chosen = match (input.kind.as_str(), approval) {
                ("hidden", _) => true,
                ("checkbox", Some(approval)) => approval
                    .scopes
                    .as_ref()
                    .is_none_or(|scopes| scopes.contains(&input.value)),
                ("radio", Some(approval)) => approval.account == input.value,
                _ => false,
            };
            if chosen {
                form.append_pair(&input.name, &input.value);
            }
        }
        let decision = if approval.is_some() {
            "approve"
        } else {
            "deny"
        };
        form.append_pair("decision", decision).finish()
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    Some(value.to_owned())
}
