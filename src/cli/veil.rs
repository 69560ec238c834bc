//! Names that a report does without, so that it can be pasted in public (conformance X-04).

use crate::model::{Connection, Untrusted};

/// Names and what stands in their place, longest name first.
#[derive(Default)]
pub(super) struct Veil(Vec<(String, String)>);

impl Veil {
    /// Hides the way to the person's home folder, which tells their name.
    pub(super) fn of_home() -> Self {
        let mut veil = Self::default();
        if let Some(home) = std::env::var("HOME").ok().filter(|home| home.len() > 1) {
            veil.hide(home.trim_end_matches('/'), "~");
        }
        veil
    }

    /// Hides the login names of this session.
    pub(super) fn hide_users(&mut self) {
        for name in ["USER", "LOGNAME", "SUDO_USER"] {
            if let Ok(user) = std::env::var(name) {
                self.hide(&user, "user");
            }
        }
    }

    /// Hides what identifies a connection: its name, hosts, client ID and account.
    pub(super) fn hide_connection(&mut self, connection: &Connection) {
        for (number, host) in connection.provider.hosts().iter().enumerate() {
            let stand_in = format!("host-{}", number + 1);
            self.hide(host, &stand_in);
            if let Some((name, _)) = host.rsplit_once(':') {
                self.hide(name, &stand_in);
            }
        }
        self.hide(&connection.registration.client_id, "client-1");
        self.hide(connection.name.as_str(), "NAME");
        let account = connection
            .grant
            .as_ref()
            .and_then(|grant| grant.account.as_ref());
        if let Some(account) = account {
            self.hide(&account.label.shown().to_string(), "account-1");
            if let Some(id) = &account.id {
                self.hide(&id.shown().to_string(), "account-1");
            }
        }
    }

    fn hide(&mut self, name: &str, stand_in: &str) {
        // As it would be shown, which is what is searched for.
        let name = Untrusted::new(name).shown().to_string();
        if !name.is_empty() {
            self.0.push((name, stand_in.to_owned()));
            self.0
                .sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        }
    }

    /// The text with every whole name replaced.
    pub(super) fn over(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let found = self.0.iter().find(|(name, _)| {
                rest.starts_with(name.as_str())
                    && !ends_inside_word(out.chars().next_back(), name.chars().next())
                    && !ends_inside_word(
                        name.chars().next_back(),
                        rest[name.len()..].chars().next(),
                    )
            });
            if let Some((name, stand_in)) = found {
                out.push_str(stand_in);
                rest = &rest[name.len()..];
            } else {
                out.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        out
    }
}

/// A short login name such as `al` is not replaced inside `valetkey`.
fn ends_inside_word(before: Option<char>, after: Option<char>) -> bool {
    before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x_04_whole_names_are_replaced_the_longest_first() {
        let mut veil = Veil::default();
        veil.hide("/home/al", "~");
        veil.hide("al", "user");
        veil.hide("login.example", "host-1");
        veil.hide("example", "host-2");
        for (text, told) in [
            ("/home/al/valetkey", "~/valetkey"),
            ("/home/alice", "/home/alice"),
            ("login.example was not reached", "host-1 was not reached"),
            ("valetkey of al", "valetkey of user"),
            ("al", "user"),
            ("in:/home/al", "in:~"),
        ] {
            assert_eq!(veil.over(text), told, "{text}");
        }
    }
}
