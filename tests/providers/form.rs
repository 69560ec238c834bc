//! Looking through a request: its headers, and its parameters, each of which must be known.

use std::collections::BTreeMap;

use crate::request::{Parameters, Request, value};

pub(crate) fn posted(request: &Request) -> Result<(), String> {
    match request.method.as_str() {
        "POST" => Ok(()),
        other => Err(format!("{other} is not taken")),
    }
}

pub(crate) fn check_headers(
    wanted: &BTreeMap<String, String>,
    request: &Request,
    fill: impl Fn(&str) -> String,
) -> Result<(), String> {
    for (name, wanted) in wanted {
        let wanted = fill(wanted);
        match request.header(name) {
            Some(found) if wanted == "*" || found == wanted => {}
            found => {
                return Err(format!(
                    "the header {name} is {found:?} instead of `{wanted}`"
                ));
            }
        }
    }
    Ok(())
}

/// The parameters of one request, each looked at once.
pub(crate) struct Form<'a> {
    sent: &'a Parameters,
    names: &'a BTreeMap<String, String>,
    omits: &'a [String],
    looked_at: Vec<String>,
}

impl<'a> Form<'a> {
    pub(crate) fn new(
        sent: &'a Parameters,
        names: &'a BTreeMap<String, String>,
        omits: &'a [String],
    ) -> Self {
        Self {
            sent,
            names,
            omits,
            looked_at: Vec::new(),
        }
    }

    pub(crate) fn may(&mut self, name: &str) -> Result<Option<&'a str>, String> {
        let called = self.names.get(name).map_or(name, String::as_str);
        self.looked_at.push(called.to_owned());
        match (
            value(self.sent, called),
            self.omits.contains(&name.to_owned()),
        ) {
            (Some(_), true) => Err(format!("`{called}` is not taken")),
            (found, _) => Ok(found),
        }
    }

    pub(crate) fn needs(&mut self, name: &str) -> Result<&'a str, String> {
        self.may(name)?.ok_or(format!("`{name}` is missing"))
    }

    /// It has this value, or it is left out where the service wants that.
    pub(crate) fn is(&mut self, name: &str, wanted: &str) -> Result<(), String> {
        match self.may(name)? {
            Some(found) if found == wanted => Ok(()),
            Some(found) => Err(format!("`{name}` is `{found}` instead of `{wanted}`")),
            None if self.omits.contains(&name.to_owned()) => Ok(()),
            None => Err(format!("`{name}` is missing")),
        }
    }

    pub(crate) fn demands(&mut self, wanted: &BTreeMap<String, String>) -> Result<(), String> {
        for (name, wanted) in wanted {
            self.is(name, wanted)?;
        }
        Ok(())
    }

    pub(crate) fn nothing_else(&self) -> Result<(), String> {
        match self
            .sent
            .iter()
            .find(|(name, _)| !self.looked_at.contains(name))
        {
            Some((name, _)) => Err(format!("`{name}` is not known here")),
            None => Ok(()),
        }
    }
}
