//! Less would do, perhaps: a broad scope that is asked for, and the narrower one that the preset knows.

use super::preset::ScopeHelp;
use crate::model::ScopeSet;

/// A broad scope and what may be enough in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Narrower<'a> {
    pub asked: &'a ScopeHelp,
    pub enough: &'a ScopeHelp,
}

impl Narrower<'_> {
    /// What is asked for, what may be enough, and what that allows: as people are told.
    pub fn told<T>(&self, words: impl FnOnce(&str, &str, &str) -> T) -> T {
        words(&self.asked.name, &self.enough.name, &self.enough.help)
    }
}

/// For every scope of `scopes`, in their order, that has a narrower one among `known`. Who asks for both has
/// seen both.
pub fn narrower<'a>(
    known: impl IntoIterator<Item = &'a ScopeHelp>,
    scopes: &ScopeSet,
) -> Vec<Narrower<'a>> {
    let known: Vec<&ScopeHelp> = known.into_iter().collect();
    let help = |name: &str| known.iter().copied().find(|help| help.name == name);
    let asked = |name: &str| scopes.iter().any(|scope| scope.as_str() == name);
    scopes
        .iter()
        .filter_map(|scope| {
            let asked_for = help(scope.as_str())?;
            let enough = help(asked_for.narrower.as_deref()?)?;
            (!asked(&enough.name)).then_some(Narrower {
                asked: asked_for,
                enough,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(name: &str, narrower: Option<&str>) -> ScopeHelp {
        ScopeHelp {
            name: name.to_owned(),
            help: format!("{name}."),
            broad: narrower.is_some(),
            narrower: narrower.map(str::to_owned),
        }
    }

    #[test]
    fn b_08_a_narrower_scope_is_named_where_it_is_known_and_not_asked_for() {
        let known = [
            help("read", None),
            help("write", Some("read")),
            help("admin", Some("write")),
        ];
        let found = |scopes: &str| {
            let scopes = ScopeSet::parse(scopes).expect("scopes");
            let found = narrower(&known, &scopes);
            found
                .iter()
                .map(|one| format!("{}>{}", one.asked.name, one.enough.name))
                .collect::<Vec<_>>()
        };
        assert_eq!(found("write"), ["write>read"]);
        assert_eq!(found("admin write"), ["write>read"]);
        assert_eq!(found("unheard admin"), ["admin>write"]);
        assert!(found("").is_empty() && found("read").is_empty());
        assert!(found("read write").is_empty());
    }
}
