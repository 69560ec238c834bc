//! Where things live on this machine (DESIGN section 4).

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use etcetera::app_strategy::{AppStrategy as _, AppStrategyArgs, Xdg};

/// The program's folders; none of them need exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    pub config: PathBuf,
    pub data: PathBuf,
    pub state: PathBuf,
    /// Sockets. Under the state folder where the system offers no runtime folder.
    pub run: PathBuf,
}

/// No home folder is known, so there is no place to keep anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no home folder is known (HOME is not set)")]
pub struct NoHome;

impl Paths {
    /// From `VALETKEY_HOME`, else the XDG variables and their defaults.
    pub fn from_env() -> Result<Self, NoHome> {
        match std::env::var_os("VALETKEY_HOME").filter(|home| !home.is_empty()) {
            Some(home) => Ok(Self::under(home)),
            None => Self::xdg(),
        }
    }

    /// All four under one folder.
    pub fn under(home: OsString) -> Self {
        let home = PathBuf::from(home);
        Self {
            config: home.join("config"),
            data: home.join("data"),
            state: home.join("state"),
            run: home.join("run"),
        }
    }

    fn xdg() -> Result<Self, NoHome> {
        let strategy = Xdg::new(AppStrategyArgs {
            top_level_domain: String::new(),
            author: String::new(),
            app_name: "valetkey".to_owned(),
        })
        .map_err(|_| NoHome)?;
        let state = strategy.state_dir().ok_or(NoHome)?;
        Ok(Self {
            config: strategy.config_dir(),
            data: strategy.data_dir(),
            run: strategy.runtime_dir().unwrap_or_else(|| state.join("run")),
            state,
        })
    }
}

/// The path that somebody typed: a leading `~` is the home folder, as in a shell.
pub fn typed_path(typed: &str) -> PathBuf {
    let home = etcetera::home_dir().ok();
    match (typed.strip_prefix('~'), home) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
            home.join(rest.trim_start_matches('/'))
        }
        _ => Path::new(typed).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leading_tilde_is_the_home_folder_and_nothing_else_is() {
        let home = etcetera::home_dir().expect("home");
        for (typed, expected) in [
            ("~", home.clone()),
            ("~/a b.toml", home.join("a b.toml")),
            ("~//a", home.join("a")),
            ("~ada/a", "~ada/a".into()),
            ("/a/~", "/a/~".into()),
            ("a", "a".into()),
        ] {
            assert_eq!(typed_path(typed), expected, "{typed}");
        }
    }

    #[test]
    fn everything_lies_under_valetkey_home() {
        let paths = Paths::under("/h".into());
        assert_eq!(paths.config, PathBuf::from("/h/config"));
        assert_eq!(paths.data, PathBuf::from("/h/data"));
        assert_eq!(paths.state, PathBuf::from("/h/state"));
        assert_eq!(paths.run, PathBuf::from("/h/run"));
    }

    #[test]
    fn xdg_folders_end_in_the_program_name() {
        let paths = Paths::xdg().expect("home");
        for path in [&paths.config, &paths.data, &paths.state] {
            assert!(path.ends_with("valetkey"), "{}", path.display());
        }
    }
}
