//! `test`: a simple read with the token, and what the provider itself says of it.

use serde_json::{Value, json};

use super::args::Test;
use super::failed::Failed;
use super::prompt::yes;
use super::setup::Setup;
use super::{json as shape, output, runtime};
use crate::advice::introspection;
use crate::engine::{Error, IntrospectionReport, TestReport};
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
    let read = runtime()?.block_on(setup.engine.test(&test.name, url.as_ref()));
    let read = match read {
        // The provider is asked all the same.
        Err(Error::NoTestRead) if test.introspect => Ok(None),
        Err(other @ Error::Provider(_)) => Err(other),
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
