//! `refresh NAME`: a fresh access token now.

use serde_json::json;

use super::failed::Failed;
use super::setup::Setup;
use super::{json as shape, look, output, runtime};

pub(super) fn run(setup: &Setup, name: &str, as_json: bool) -> Result<(), Failed> {
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
