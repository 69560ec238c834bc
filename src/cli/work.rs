//! `test` and `refresh`.

use serde_json::json;

use super::failed::Failed;
use super::setup::Setup;
use super::{json as shape, look, output, runtime};
use crate::model::EndpointUrl;

pub(super) fn test(
    setup: &Setup,
    name: &str,
    url: Option<&str>,
    as_json: bool,
) -> Result<(), Failed> {
    let connection = setup.engine.connection(name)?;
    let url = url
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
    let report = runtime()?.block_on(setup.engine.test(name, url.as_ref()))?;
    if as_json {
        return Ok(output::json(&json!({
            "version": 1,
            "connection": connection.name.as_str(),
            "status": report.status,
            "millis": report.millis,
            "account": report.account,
            "host": report.authority,
            "lines": report.lines,
        }))?);
    }
    let account = report
        .account
        .as_ref()
        .map_or(String::new(), |account| format!("  as {account}"));
    output::note(&format!(
        "{} works: {} answered {} in {} ms{account}",
        connection.name, report.authority, report.status, report.millis
    ));
    for line in &report.lines {
        output::data(line.as_str())?;
    }
    Ok(())
}

pub(super) fn refresh(setup: &Setup, name: &str, as_json: bool) -> Result<(), Failed> {
    let id = setup.engine.connection(name)?.id;
    setup.open_vault()?;
    setup.ask_if_moved()?;
    let refreshed = runtime()?.block_on(setup.engine.refresh(&id));
    setup.tell_clock();
    let connection = refreshed?;
    if as_json {
        let verdict = setup.engine.verdict(&connection, setup.engine.now());
        let mut value = shape::connection(&connection, &verdict);
        value["version"] = json!(1);
        return Ok(output::json(&value)?);
    }
    let expiry = connection
        .grant
        .as_ref()
        .map(|grant| look::expires(grant.expiry, setup.engine.now()));
    output::note(&format!(
        "Refreshed {}. The access token expires: {}",
        connection.name,
        expiry.unwrap_or_default()
    ));
    Ok(())
}
