//! Tokens that can be handed out as they are: the way that costs next to nothing.

use super::{Error, must_renew};
use crate::host::Clock;
use crate::model::{Connection, Seconds};
use crate::vault::Vault;

/// Whether the connection's token needs nothing but the vault's key: valid by both clocks, seen to work
/// before, and known to this start of the machine. Anything else (a refresh, a note, a sign-in) is work
/// for [`super::Engine::fresh_token`]. Writes nothing.
pub fn is_ready(
    vault: &Vault,
    connection: &Connection,
    min_valid: Option<Seconds>,
    clock: &dyn Clock,
) -> bool {
    let Some(grant) = &connection.grant else {
        return false;
    };
    let uptime = clock.uptime();
    let counts = uptime.is_some();
    let judged = vault.issued(uptime).judge(grant, clock.now());
    // The first hand-out is written down, and so is the first look after a start of the machine.
    let written_down = grant.proved_at.is_some() && (judged.noted || !counts);
    connection.ended.is_none() && written_down && !must_renew(grant, &judged, min_valid)
}

/// A token goes nowhere but to the resources it was issued for (conformance C-02, Y-16).
///
/// # Errors
/// [`Error::OtherResource`].
pub fn check_resource(connection: &Connection, resource: &str) -> Result<(), Error> {
    if connection.resources.iter().any(|known| known == resource) {
        return Ok(());
    }
    Err(Error::OtherResource {
        name: connection.name.to_string(),
        known: connection.resources.clone(),
    })
}
