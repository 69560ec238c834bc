//! What a file would bring, for a person to look at before anything is stored (conformance G-09).

use super::{Engine, Error, Import};
use crate::model::{Connection, ConnectionName, Registration, Secret};
use crate::provider::{
    Catalogue, Definition, Definitions, HostUse, Located, Origin, hosts, read_definitions,
};
use crate::vault::{Backup, Carried, VaultError, check_backup, is_backup};

/// A file as it was brought, not looked at yet.
pub enum Brought {
    Plain(String),
    Backup(Backup),
}

/// Why a file is not looked at.
#[derive(Debug, thiserror::Error)]
pub enum BringProblem {
    #[error("it is neither UTF-8 text nor a backup")]
    NotText,
    /// It is a backup, and as far as can be known without its passphrase a good one.
    #[error("it is an encrypted backup and needs its passphrase")]
    PassphraseNeeded,
    #[error(transparent)]
    Backup(#[from] Error),
}

impl Brought {
    /// Takes the bytes of a file.
    ///
    /// # Errors
    /// [`BringProblem`].
    pub fn of(bytes: &[u8]) -> Result<Self, BringProblem> {
        if is_backup(bytes) {
            check_backup(bytes).map_err(Error::from)?;
            return Err(BringProblem::PassphraseNeeded);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| BringProblem::NotText)?;
        Ok(Self::Plain(text.to_owned()))
    }

    /// Opens a backup. Takes about half a second.
    ///
    /// # Errors
    /// [`VaultError::Backup`].
    pub fn open(bytes: &[u8], passphrase: &Secret) -> Result<Self, VaultError> {
        Backup::open(bytes, passphrase).map(Self::Backup)
    }

    /// Reads its definitions as strictly as a hostile answer (conformance X-06).
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the file.
    pub fn read(&self, catalogue: &Catalogue) -> Result<Definitions, Vec<Located>> {
        let text = match self {
            Self::Plain(text) => text,
            Self::Backup(backup) => &backup.definitions,
        };
        read_definitions(text, catalogue)
    }

    /// What came with a connection beside its definition.
    fn take(&mut self, name: &ConnectionName) -> Carried {
        match self {
            Self::Plain(_) => Carried::default(),
            Self::Backup(backup) => backup.take(name).unwrap_or_default(),
        }
    }
}

/// Everything a file would bring, in its order.
pub struct ImportPlan {
    pub entries: Vec<Planned>,
}

/// What becomes of one definition.
pub struct Planned {
    pub definition: Definition,
    pub fate: Fate,
    pub carried: Carried,
    /// The app that is registered here already at the same addresses.
    pub shares: Option<Registration>,
    /// Every host, in the order people should read them.
    pub hosts: Vec<HostUse>,
    origin: Origin,
}

/// Whether it is new here.
#[derive(Debug, PartialEq, Eq)]
pub enum Fate {
    New,
    /// A connection of that name is there, and is the same.
    Same,
    /// It is another; in these fields.
    Differs(Vec<&'static str>),
}

impl Engine {
    /// [`ImportPlan::of`] with the connections that are here.
    pub fn plan_import(
        &self,
        definitions: Vec<(ConnectionName, Definition)>,
        brought: Brought,
        catalogue: &Catalogue,
    ) -> Result<ImportPlan, Error> {
        ImportPlan::of(&self.connections(&[])?, definitions, brought, catalogue)
    }
}

impl ImportPlan {
    /// Compares definitions with what is here. Each stands beside its name in the file, under which the
    /// rest of it was brought. Stores nothing and sends nothing.
    pub fn of(
        known: &[Connection],
        definitions: Vec<(ConnectionName, Definition)>,
        mut brought: Brought,
        catalogue: &Catalogue,
    ) -> Result<Self, Error> {
        let entries = definitions.into_iter().map(|(in_file, definition)| {
            Ok(Planned {
                shares: Engine::registration_for(known, &definition)?,
                carried: brought.take(&in_file),
                hosts: hosts(&definition, catalogue),
                origin: definition.origin(catalogue),
                fate: fate(known, &definition),
                definition,
            })
        });
        let entries = entries.collect::<Result<_, Error>>()?;
        Ok(Self { entries })
    }

    pub fn new_ones(&self) -> usize {
        self.entries.iter().filter(|entry| entry.is_new()).count()
    }

    /// Whether the vault must be open to store it.
    pub fn carries_secrets(&self) -> bool {
        let mut new = self.entries.iter().filter(|entry| entry.is_new());
        new.any(|entry| entry.carried.has_client_secret() || entry.carried.signed_in().is_some())
    }

    /// What is to be stored.
    pub fn take_new(&mut self) -> Vec<Import> {
        let new = self.entries.iter_mut().filter(|entry| entry.is_new());
        new.map(|entry| Import {
            definition: entry.definition.clone(),
            carried: std::mem::take(&mut entry.carried),
        })
        .collect()
    }
}

impl Planned {
    pub fn name(&self) -> &ConnectionName {
        &self.definition.name
    }

    pub fn is_new(&self) -> bool {
        self.fate == Fate::New
    }

    /// It is what the preset of its id makes.
    pub fn is_as_the_preset(&self) -> bool {
        self.origin == Origin::Shipped
    }

    /// Where it differs from the preset whose id it carries.
    pub fn unlike_preset(&self) -> &[&'static str] {
        match &self.origin {
            Origin::Changed(fields) => fields,
            _ => &[],
        }
    }

    /// It says that it is a preset, and there is none of that id.
    pub fn preset_is_unknown(&self) -> bool {
        self.origin == Origin::Unknown
    }
}

fn fate(known: &[Connection], definition: &Definition) -> Fate {
    let same = |known: &&Connection| same_name(known.name.as_str(), definition.name.as_str());
    let there = known.iter().find(same);
    match there.map(|there| definition.differences(&Definition::of(there))) {
        None => Fate::New,
        Some(fields) if fields.is_empty() => Fate::Same,
        Some(fields) => Fate::Differs(fields),
    }
}

/// Names are compared without case.
pub fn same_name(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "version = 1\n\n[[connection]]\nname = \"notes\"\nclient_id = \"c\"\n\
        redirect_uri = \"http://127.0.0.1/callback\"\nscopes = [\"read\"]\n\n[connection.provider]\nid = \"own\"\nname = \"Notes\"\n\n\
        [connection.provider.endpoints]\nauthorization = \"https://notes.example/a\"\ntoken = \"https://notes.example/t\"\n";

    fn definitions(text: &str) -> Vec<(ConnectionName, Definition)> {
        let brought = Brought::of(text.as_bytes()).expect("text");
        let read = brought.read(Catalogue::built_in());
        let read = read.unwrap_or_else(|problems| panic!("{problems:?}"));
        let all = read.definitions.into_iter();
        all.map(|known| (known.name.clone(), known)).collect()
    }

    fn planned(known: &[Connection], text: &str) -> ImportPlan {
        let brought = Brought::of(text.as_bytes()).expect("text");
        let plan = ImportPlan::of(known, definitions(text), brought, Catalogue::built_in());
        plan.expect("a plan")
    }

    #[test]
    fn g_09_what_is_here_stays_as_it_is_and_only_the_rest_is_taken() {
        let here = definitions(HERE).remove(0).1;
        let known = [Engine::unstored(&here).expect("a connection")];
        for (text, fate) in [
            (HERE.to_owned(), Fate::Same),
            (HERE.replace("\"notes\"", "\"Notes\""), Fate::Same),
            (
                HERE.replace("notes.example/t", "evil.example/t"),
                Fate::Differs(vec!["endpoints"]),
            ),
            (HERE.replace("\"notes\"", "\"other\""), Fate::New),
        ] {
            let mut plan = planned(&known, &text);
            assert_eq!(plan.entries[0].fate, fate, "{text}");
            let taken = usize::from(fate == Fate::New);
            assert_eq!(plan.new_ones(), taken);
            assert_eq!(plan.take_new().len(), taken);
        }
    }

    #[test]
    fn g_09_a_host_in_another_domain_is_told_before_anything_is_taken() {
        let text = HERE.replace("notes.example/t", "evil.example/t");
        let plan = planned(&[], &text);
        let hosts = plan.entries[0].hosts.iter();
        let away: Vec<_> = hosts
            .map(|known| (known.host.as_str(), known.away_from.as_deref()))
            .collect();
        let expected = [
            ("notes.example", None),
            ("evil.example", Some("notes.example")),
        ];
        assert_eq!(away, expected);
    }

    #[test]
    fn x_06_what_is_no_text_and_no_backup_is_refused() {
        assert!(matches!(Brought::of(b"\xff"), Err(BringProblem::NotText)));
        let cut = Brought::of(b"valetkey backup\n");
        assert!(matches!(cut, Err(BringProblem::Backup(_))));
    }
}
