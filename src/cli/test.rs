//! `test`: a simple read with the token, and what the provider itself says of it. A resource that wants more
//! scopes is told, and at a terminal they are asked for (conformance C-05).

use serde_json::{Value, json};

use super::args::{Login, Test};
use super::failed::Failed;
use super::prompt::yes;
use super::setup::Setup;
use super::{json as shape, login, output, runtime};
use crate::advice::{self, introspection, step_up};
use crate::engine::{Error, IntrospectionReport, Remedy, StepUp, TestReport};
use crate::model::{ConnectionName, EndpointUrl, Shown, UnixTime};

impl Test {
    /// The test read and nothing else.
    pub(super) fn read(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            url: None,
            introspect: false,
            send_to: None,
            json: false,
        }
    }
}

/// The test read right after a sign-in, which stands whatever comes of it.
pub(super) fn of_a_new_sign_in(setup: &Setup, name: &str) {
    if let Err(Failed(advice)) = run(setup, &Test::read(name)) {
        output::note(&format!("{} The sign-in is kept.", advice.sentence));
    }
}

pub(super) fn run(setup: &Setup, test: &Test) -> Result<(), Failed> {
    let connection = setup.engine.connection(&test.name)?;
    let url = test
        .url
        .as_ref()
        .map(|text| EndpointUrl::parse(text, connection.dev_http))
        .transpose()
        .map_err(|problem| {
            Failed::usage(
                "url",
                format!("--url: {problem}."),
                "Give an https address.",
            )
        })?;
    setup.open_vault()?;
    let read = match read_or_step_up(setup, test, url.as_ref())? {
        // The provider is asked all the same.
        Err(Unread::Failed(Error::NoTestRead)) if test.introspect => Ok(None),
        Err(other @ (Unread::Failed(Error::Provider(_)) | Unread::Told(_))) => Err(other),
        Err(Unread::Failed(Error::NoTestRead)) => {
            return Err(Failed(advice::no_test_read(Some(&connection.name))));
        }
        other => Ok(Some(other?)),
    };
    let send_to = test.send_to.as_deref();
    let told = test
        .introspect
        .then(|| introspected(setup, &test.name, send_to, test.json));
    if test.json {
        let (read, told) = (read?, told.transpose()?);
        check(&test.name, told.as_ref())?;
        return Ok(output::json(&shown(
            &connection.name,
            read.as_ref(),
            told.as_ref(),
        ))?);
    }
    if let Ok(Some(read)) = &read {
        tell(&connection.name, read)?;
    }
    if let Some(Ok(told)) = &told
        && told.active
    {
        output::note(&introspection::told(told, UnixTime::rfc3339));
    }
    read?;
    check(&test.name, told.transpose()?.as_ref())
}

/// A test read that failed.
enum Unread {
    Failed(Error),
    /// For want of scopes.
    Told(Failed),
}

impl From<Unread> for Failed {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Failed(error) => error.into(),
            Unread::Told(failed) => failed,
        }
    }
}

/// Reads. Where the resource wants more scopes, a person may sign in again with them, and it is read once more.
///
/// # Errors
/// A sign-in that failed; what is stored stays.
fn read_or_step_up(
    setup: &Setup,
    test: &Test,
    url: Option<&EndpointUrl>,
) -> Result<Result<TestReport, Unread>, Failed> {
    let asks = !test.json && output::stdin_is_terminal();
    let mut state = StepUp::default();
    loop {
        let error = match runtime()?.block_on(setup.engine.test(&test.name, url)) {
            Ok(report) => return Ok(Ok(report)),
            Err(error) => error,
        };
        let connection = setup.engine.connection(&test.name)?;
        let grant = connection.grant.as_ref();
        let granted = grant.and_then(|grant| grant.granted.as_ref());
        let name = &connection.name;
        let (missing, union) = match state.refused(&error, &connection.requested, granted) {
            Some(Remedy::SignIn { missing, union }) => (missing, union),
            Some(Remedy::NotGranted { missing }) => {
                let failed = Failed(step_up::not_granted(name, &missing));
                return Ok(Err(Unread::Told(failed)));
            }
            None => return Ok(Err(Unread::Failed(error))),
        };
        if !asks || !yes(&step_up::question(name, &missing), false)? {
            let mut failed = Failed::from(error);
            if let Some(command) = step_up::command(name, &union) {
                failed.0.hint = Some(command);
            }
            return Ok(Err(Unread::Told(failed)));
        }
        let login = Login {
            scope: Some(union.to_string()),
            ..Login::plain(&test.name)
        };
        login::run(setup, &login)?;
        state.signed_in(&union);
    }
}

/// What the provider says of the token, and no read.
pub(super) fn ask_the_provider(setup: &Setup, name: &str) -> Result<(), Failed> {
    setup.open_vault()?;
    let told = introspected(setup, name, None, false)?;
    check(name, Some(&told))?;
    output::note(&introspection::told(&told, UnixTime::rfc3339));
    Ok(())
}

/// Asks the provider about the token: a third party only after the person said so (conformance L-10).
fn introspected(
    setup: &Setup,
    name: &str,
    send_to: Option<&str>,
    as_json: bool,
) -> Result<IntrospectionReport, Failed> {
    let runtime = runtime()?;
    match runtime.block_on(setup.engine.introspect(name, send_to)) {
        Err(Error::ThirdParty { authority }) if !as_json && output::stdin_is_terminal() => {
            output::note(&introspection::question(&authority));
            if !yes("Send it there?", false)? {
                return Err(Error::ThirdParty { authority }.into());
            }
            Ok(runtime.block_on(setup.engine.introspect(name, Some(&authority)))?)
        }
        other => Ok(other?),
    }
}

/// What the provider no longer takes for active has failed its test.
fn check(name: &str, told: Option<&IntrospectionReport>) -> Result<(), Failed> {
    match told {
        Some(told) if !told.active => Err(Failed(introspection::inactive(name, told))),
        _ => Ok(()),
    }
}

fn tell(name: &ConnectionName, report: &TestReport) -> Result<(), Failed> {
    let account = report
        .account
        .as_ref()
        .map_or(String::new(), |account| format!("  as {account}"));
    output::note(&format!(
        "{name} works: {} answered {} in {} ms{account}",
        report.authority, report.status, report.millis
    ));
    for line in &report.lines {
        output::data(line.as_str())?;
    }
    Ok(())
}

fn shown(
    name: &ConnectionName,
    read: Option<&TestReport>,
    told: Option<&IntrospectionReport>,
) -> Value {
    let lines = read.map_or(&[] as &[Shown], |read| &read.lines);
    json!({
        "version": 1,
        "connection": name.as_str(),
        "status": read.map(|read| read.status),
        "millis": read.map(|read| read.millis),
        "account": read.and_then(|read| read.account.as_ref()),
        "host": read.map(|read| &read.authority),
        "lines": lines,
        "introspection": told.map(|told| json!({
            "host": told.authority,
            "active": told.active,
            "contradictory": told.contradictory,
            "scopes": told.scopes.as_ref().map(shape::list),
            "expires_at": told.expires_at.map(UnixTime::rfc3339),
            "account": told.account,
        })),
    })
}
