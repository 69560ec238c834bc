//! Connections as they were last read. No secret among them.

use std::collections::HashMap;
use std::rc::Rc;

use crate::model::Connection;
use crate::vault::{Vault, VaultError};

/// More are not kept; a thousand connections must not fill the memory.
const MOST: usize = 64;

/// What was read since the vault was last written.
#[derive(Default)]
pub(super) struct Shelf {
    version: u64,
    known: HashMap<String, Rc<Connection>>,
}

impl Shelf {
    /// The connection of that name. The vault is asked each time whether anybody wrote it, so what
    /// another process changed or revoked counts at once.
    pub(super) fn connection(
        &mut self,
        vault: &Vault,
        name: &str,
    ) -> Result<Option<Rc<Connection>>, VaultError> {
        let version = vault.data_version()?;
        if version != self.version || self.known.len() > MOST {
            self.known.clear();
            self.version = version;
        }
        if let Some(known) = self.known.get(name) {
            return Ok(Some(known.clone()));
        }
        let Some(connection) = vault.connection(name)?.map(Rc::new) else {
            return Ok(None);
        };
        self.known.insert(name.to_owned(), connection.clone());
        Ok(Some(connection))
    }

    /// Another handle of the vault counts its versions anew.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }
}
