//! Tokens that can be handed out as they are: the way that costs next to nothing.

use super::{Error, must_renew};
use crate::host::Clock;
use crate::model::{Connection, Seconds};
use crate::vault::{Vault, VaultError};

/// The connection of that name if its token needs nothing but the vault's key: valid by both clocks,
/// seen to work before, and known to this start of the machine. `None` when it needs more work (a
/// refresh, a note, a sign-in), which [`super::Engine::fresh_token`] does. Writes nothing.
///
/// # Errors
/// Those of reading the vault.
pub fn ready(
    vault: &Vault,
    name: &str,
    min_valid: Option<Seconds>,
    clock: &dyn Clock,
) -> Result<Option<Connection>, VaultError> {
    let Some(connection) = vault.connection(name)? else {
        return Ok(None);
    };
    let Some(grant) = &connection.grant else {
        return Ok(None);
    };
    let uptime = clock.uptime();
    let counts = uptime.is_some();
    let judged = vault.issued(uptime).judge(grant, clock.now());
    // The first hand-out is written down, and so is the first look after a start of the machine.
    let written_down = grant.proved_at.is_some() && (judged.noted || !counts);
    let ready =
        connection.ended.is_none() && written_down && !must_renew(grant, &judged, min_valid);
    Ok(ready.then_some(connection))
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
