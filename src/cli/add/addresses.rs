//! The addresses of a provider of one's own, typed one by one.

use std::borrow::Cow;
use std::cell::Cell;

use super::super::args::Add;
use super::super::failed::Failed;
use super::super::output;
use super::super::prompt::{prompt, yes, yes_or_why};
use super::assemble::provider;
use super::questions::Answers;
use super::values::address;
use crate::advice::fields::about;
use crate::engine::{Doubt, Field};
use crate::model::{EndpointUrl, Provider, TestRead, Untrusted};
use crate::oauth::check_test_address;

const PLAIN_HTTP: &str = "Plain http: only for a server of yours on this machine. Allow it?";

const MORE: &str = "More addresses: device code, revocation, test read?";

/// What each is good for; its own question explains it.
const WHY_MORE: &str = "Optional: for approving by a code, for ending a sign-in at the provider, for seeing that it works. Edit adds them later too.";

/// Asks for an address until it will do, so that a mistake costs nothing that was typed before.
/// `http`: plain http on this machine was allowed.
pub(super) fn ask(question: &str, field: Field, http: &Cell<bool>) -> Result<String, Failed> {
    asked(question, field, |text| sound(text, field, http))
}

impl Answers {
    /// Asks for the addresses that a provider may have besides the two that it needs.
    pub(super) fn ask_more_addresses(&mut self, add: &Add) -> Result<(), Failed> {
        let given = [&add.device_url, &add.revocation_url, &add.test_url];
        // Whoever gives addresses as flags has flags for these too.
        if !self.has_addresses()
            || given.into_iter().all(Option::is_some)
            || !yes_or_why(MORE, false, WHY_MORE)?
        {
            return Ok(());
        }
        let http = Cell::new(add.dev_http || self.dev_http);
        let optional = |question, field| {
            let typed = asked(question, field, |text| match text {
                "" => Ok(Ok(String::new())),
                text => sound(text, field, &http),
            });
            typed.map(|text| (!text.is_empty()).then_some(text))
        };
        if add.device_url.is_none() {
            self.device_url = optional("Device URL, enter for none: ", Field::Device)?;
        }
        if add.revocation_url.is_none() {
            self.revocation_url = optional("Revocation URL, enter for none: ", Field::Revocation)?;
        }
        if add.test_url.is_none() {
            let so_far = provider(&self.allowing(add), None, self, "").0;
            let typed = asked(
                "Test read URL, enter for none: ",
                Field::TestRead,
                |text| match text {
                    "" => Ok(Ok(String::new())),
                    text => test_read(text, so_far.as_ref(), &http),
                },
            )?;
            self.test_url = (!typed.is_empty()).then_some(typed);
        }
        self.dev_http = http.get();
        Ok(())
    }
}

/// The address as it is kept, or why it will not do.
fn sound(text: &str, field: Field, http: &Cell<bool>) -> Result<Result<String, String>, Failed> {
    let text = with_scheme(text);
    if let Err(problem) = address(&text, http.get()) {
        let wanted = !http.get() && address(&text, true).is_ok();
        if !wanted || !yes(PLAIN_HTTP, false)? {
            return Ok(Err(problem));
        }
        http.set(true);
    }
    let bare = address(&text, true).is_ok_and(|url| url.is_bare());
    if let (true, Some(what)) = (bare, with_a_path(field)) {
        output::note(&format!(
            "This address has no path; {what} URLs usually have one."
        ));
        if !yes("Is it right?", false)? {
            return Ok(Err("Type it with its path".to_owned()));
        }
    }
    Ok(Ok(text.into_owned()))
}

/// What is called so usually has a path; what is read may well be the whole of a host.
fn with_a_path(field: Field) -> Option<&'static str> {
    Some(match field {
        Field::Authorization => "authorization",
        Field::Token => "token",
        Field::Device => "device",
        Field::Revocation => "revocation",
        _ => return None,
    })
}

/// The same for a test read, which gets the token: another host is asked about at once, while the address
/// can still be typed anew.
fn test_read(
    text: &str,
    so_far: Option<&Provider>,
    http: &Cell<bool>,
) -> Result<Result<String, String>, Failed> {
    let text = match sound(text, Field::TestRead, http)? {
        Ok(text) => text,
        refused => return Ok(refused),
    };
    let url = match address(&text, http.get()) {
        Ok(url) => url,
        Err(problem) => return Ok(Err(problem)),
    };
    if let Err(problem) = check_test_address(&url) {
        return Ok(Err(problem.to_string()));
    }
    for doubt in so_far.into_iter().flat_map(|so_far| doubts(so_far, &url)) {
        output::note(&format!("{doubt}."));
        if !yes("Keep it so?", false)? {
            return Ok(Err("Type another one, or enter for none".to_owned()));
        }
    }
    Ok(Ok(text))
}

fn doubts(so_far: &Provider, url: &EndpointUrl) -> Vec<Doubt> {
    let with_test = Provider {
        test: Some(TestRead::at(url.clone())),
        ..so_far.clone()
    };
    Doubt::of(&with_test, None, true)
}

/// An address that begins with its host is read as https, and that is said.
fn with_scheme(text: &str) -> Cow<'_, str> {
    let Some(whole) = EndpointUrl::with_https(text) else {
        return text.into();
    };
    output::note(&format!("Read as  {}", Untrusted::new(&*whole).shown()));
    whole.into()
}

/// Asks until the answer will do. `check` may ask about it: who stops there leaves the question too. It
/// gives what is taken.
fn asked(
    question: &str,
    field: Field,
    check: impl Fn(&str) -> Result<Result<String, String>, Failed>,
) -> Result<String, Failed> {
    loop {
        let text = prompt(question, "")?;
        if text == "?" {
            output::note(about(field));
            continue;
        }
        match check(&text)? {
            Ok(text) => return Ok(text),
            Err(problem) => {
                let problem = Untrusted::new(problem.trim_end_matches('.')).shown();
                output::note(&format!("  {problem}. Once more:"));
            }
        }
    }
}
