//! Looking at a file that is to be imported, and storing what a person has looked at.

use std::sync::Arc;

use super::super::msg::{Doing, ImportFound, Reply};
use super::super::request::Request;
use super::Work;
use crate::advice::import::{placed, unlooked, unread};
use crate::engine::{BringProblem, Brought, Engine, Error, ImportPlan, VaultFacts};
use crate::host::{read_given, typed_path};
use crate::model::Secret;
use crate::provider::Catalogue;
use crate::vault::{BackupProblem, LONGEST_BACKUP, VaultError};

impl Work {
    pub(super) async fn read_import(
        self,
        catalogue: Arc<Catalogue>,
        file: String,
        passphrase: Option<Secret>,
    ) {
        let engine = self.engine.clone();
        let typed = file.clone();
        let looking = tokio::task::spawn_blocking(move || {
            look(&engine, &catalogue, &typed, passphrase.as_ref())
        });
        match looking.await {
            Ok(Ok(found)) => self.reply(Reply::ImportRead { file, found }),
            Ok(Err(error)) => self.failed(Doing::Import, error),
            Err(_) => self.failed(Doing::Import, Error::Internal("this broke off")),
        }
    }

    /// A definition is stored in the vault too; it has to be made first.
    pub(super) fn import_needs_vault(&self, request: &Request) -> bool {
        let Request::Import(plan) = request else {
            return false;
        };
        plan.carries_secrets() || matches!(self.engine.vault_facts(), Ok(VaultFacts::NotMade))
    }

    pub(super) fn import(&self, mut plan: ImportPlan) {
        match self.engine.import(plan.take_new()) {
            Ok(imported) => self.reply(Reply::Imported(imported)),
            Err(error) => self.failed(Doing::Import, error),
        }
    }
}

fn look(
    engine: &Engine,
    catalogue: &Catalogue,
    typed: &str,
    passphrase: Option<&Secret>,
) -> Result<ImportFound, Error> {
    let refused = |why: String| Ok(ImportFound::Refused(vec![why]));
    // One byte more than the longest file that makes sense.
    let bytes = match read_given(&typed_path(typed), LONGEST_BACKUP + 1) {
        Ok(bytes) => bytes,
        Err(problem) => return refused(unread(problem)),
    };
    let brought = match (Brought::of(&bytes), passphrase) {
        (Ok(brought), _) => brought,
        (Err(BringProblem::PassphraseNeeded), None) => {
            return Ok(ImportFound::NeedsPassphrase { wrong: false });
        }
        (Err(BringProblem::PassphraseNeeded), Some(passphrase)) => {
            match Brought::open(&bytes, passphrase) {
                Ok(brought) => brought,
                Err(VaultError::Backup(BackupProblem::Passphrase)) => {
                    return Ok(ImportFound::NeedsPassphrase { wrong: true });
                }
                Err(error) => return refused(unlooked(&Error::from(error).into())),
            }
        }
        (Err(problem), _) => return refused(unlooked(&problem)),
    };
    let read = match brought.read(catalogue) {
        Ok(read) => read,
        Err(problems) => {
            return Ok(ImportFound::Refused(problems.iter().map(placed).collect()));
        }
    };
    let warnings = read.warnings.iter().map(placed).collect();
    let named = read.definitions.into_iter();
    let named = named.map(|known| (known.name.clone(), known)).collect();
    let plan = engine.plan_import(named, brought, catalogue)?;
    Ok(ImportFound::Plan(Box::new(plan), warnings))
}
