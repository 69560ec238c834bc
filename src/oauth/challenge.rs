//! Challenges of a protected resource: `WWW-Authenticate` (RFC 9110 section 11.6.1, RFC 6750 section 3).

use super::HttpResponse;
use crate::model::Untrusted;

/// More than any server has a reason to send.
const MOST: usize = 32;

/// One challenge. Scheme and names of parameters are in lower case.
#[derive(Debug, PartialEq, Eq)]
struct Challenge {
    scheme: String,
    parameters: Vec<(String, String)>,
}

/// The scopes that a `Bearer` challenge with `insufficient_scope` asks for (RFC 6750 section 3.1). Text
/// of the resource's, and perhaps no list of scopes: it decides nothing.
pub fn missing_scope(answer: &HttpResponse) -> Option<Untrusted> {
    let values = answer.headers().get_all(http::header::WWW_AUTHENTICATE);
    let challenges = values
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(challenges);
    challenges
        .filter(|challenge| challenge.scheme == "bearer")
        .find(|challenge| challenge.parameter("error") == Some("insufficient_scope"))?
        .parameter("scope")
        .filter(|scope| !scope.trim().is_empty())
        .map(Untrusted::new)
}

impl Challenge {
    /// The first of that name.
    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The challenges in one field value. What is malformed ends the list; what came before it counts.
fn challenges(value: &str) -> Vec<Challenge> {
    let mut rest = Rest(value);
    let mut found: Vec<Challenge> = Vec::new();
    while found.len() < MOST {
        rest.separators();
        let Some(word) = rest.token() else { break };
        let spaces = rest.spaces();
        if rest.is_next('=')
            && let Some(last) = found.last_mut()
        {
            // A parameter of the challenge before.
            let Some(text) = rest.assigned() else { break };
            if last.parameters.len() < MOST {
                last.parameters.push((word.to_ascii_lowercase(), text));
            }
            continue;
        }
        if spaces {
            rest.token68();
        }
        found.push(Challenge {
            scheme: word.to_ascii_lowercase(),
            parameters: Vec::new(),
        });
    }
    found
}

/// What is not read yet.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn skip(&mut self, skipped: impl Fn(char) -> bool) -> bool {
        let rest = self.0.trim_start_matches(skipped);
        let any = rest.len() < self.0.len();
        self.0 = rest;
        any
    }

    fn separators(&mut self) {
        self.skip(|c| matches!(c, ',' | ' ' | '\t'));
    }

    fn spaces(&mut self) -> bool {
        self.skip(|c| matches!(c, ' ' | '\t'))
    }

    fn is_next(&self, c: char) -> bool {
        self.0.starts_with(c)
    }

    fn take(&mut self, length: usize) -> String {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken.to_owned()
    }

    /// RFC 9110 section 5.6.2.
    fn token(&mut self) -> Option<String> {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let length = self.0.find(|c| !is_token(c)).unwrap_or(self.0.len());
        (length > 0).then(|| self.take(length))
    }

    /// Passes over a `token68`, which ends at a comma or the end and is no parameter.
    fn token68(&mut self) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-._~+/".contains(c);
        let body = self.0.trim_start_matches(is_part).trim_start_matches('=');
        let after = body.trim_start_matches([' ', '\t']);
        if body.len() < self.0.len() && (after.is_empty() || after.starts_with(',')) {
            self.0 = after;
        }
    }

    /// `= value`, bare or quoted.
    fn assigned(&mut self) -> Option<String> {
        self.0 = self.0.strip_prefix('=')?;
        self.spaces();
        match self.0.strip_prefix('"') {
            Some(quoted) => {
                self.0 = quoted;
                self.quoted()
            }
            None => self.token(),
        }
    }

    /// Up to the closing quote; `None` without one.
    fn quoted(&mut self) -> Option<String> {
        let mut text = String::new();
        let mut escaped = false;
        for (at, c) in self.0.char_indices() {
            match c {
                _ if escaped => {
                    escaped = false;
                    text.push(c);
                }
                '\\' => escaped = true,
                '"' => {
                    self.0 = &self.0[at + 1..];
                    return Some(text);
                }
                c => text.push(c),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(value: &str) -> String {
        let one = |challenge: &Challenge| {
            let parameters = challenge.parameters.iter();
            let parameters: Vec<String> = parameters
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            format!("{}[{}]", challenge.scheme, parameters.join(";"))
        };
        challenges(value)
            .iter()
            .map(one)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn c_03_challenges_are_read_as_they_are_written_in_the_wild() {
        for (value, expected) in [
            ("", ""),
            (" ", ""),
            (",,", ""),
            ("Bearer", "bearer[]"),
            ("bearer", "bearer[]"),
            ("BEARER ", "bearer[]"),
            ("Bearer realm=\"a\"", "bearer[realm=a]"),
            ("Bearer realm=a", "bearer[realm=a]"),
            ("Bearer REALM=\"a\"", "bearer[realm=a]"),
            ("Bearer realm = \"a\"", "bearer[realm=a]"),
            ("Bearer realm=\"\"", "bearer[realm=]"),
            (
                "Bearer realm=\"a, b\", error=\"x\"",
                "bearer[realm=a, b;error=x]",
            ),
            ("Bearer realm=\"a\\\"b\"", "bearer[realm=a\"b]"),
            ("Bearer realm=\"a\\\\\"", "bearer[realm=a\\]"),
            (
                "Bearer realm=\"a\",error=x,scope=\"b c\"",
                "bearer[realm=a;error=x;scope=b c]",
            ),
            ("Bearer realm=\"a\" , , error=x", "bearer[realm=a;error=x]"),
            ("Bearer , realm=a", "bearer[realm=a]"),
            (
                "Basic realm=\"a\", Bearer realm=\"b\"",
                "basic[realm=a] bearer[realm=b]",
            ),
            (
                "Basic realm=\"a, Bearer error=x\"",
                "basic[realm=a, Bearer error=x]",
            ),
            ("Basic, Bearer error=x", "basic[] bearer[error=x]"),
            ("Negotiate, Bearer error=x", "negotiate[] bearer[error=x]"),
            (
                "Negotiate YWJj, Bearer error=x",
                "negotiate[] bearer[error=x]",
            ),
            (
                "Negotiate YWJjZA==, Bearer error=x",
                "negotiate[] bearer[error=x]",
            ),
            ("NTLM YWJjZA==", "ntlm[]"),
            (
                "Digest realm=\"d\", qop=\"auth, auth-int\", nonce=n",
                "digest[realm=d;qop=auth, auth-int;nonce=n]",
            ),
            (
                "DPoP algs=\"ES256 PS256\", error=\"use_dpop_nonce\"",
                "dpop[algs=ES256 PS256;error=use_dpop_nonce]",
            ),
            (
                "Bearer error=\"insufficient_scope\", scope=\"a b\"",
                "bearer[error=insufficient_scope;scope=a b]",
            ),
            (
                "Bearer resource_metadata=\"https://a.example/x?y=z\"",
                "bearer[resource_metadata=https://a.example/x?y=z]",
            ),
            ("Bearer realm=\"é\"", "bearer[realm=é]"),
            (
                "Bearer realm=\"a\" Basic realm=\"b\"",
                "bearer[realm=a] basic[realm=b]",
            ),
            ("Bearer\trealm=\"a\"", "bearer[realm=a]"),
            ("Bearer a=1, a=2", "bearer[a=1;a=2]"),
            // Malformed: what came before counts.
            ("Bearer x=\"unterminated", "bearer[]"),
            ("Bearer a=b, c=\"d", "bearer[a=b]"),
            ("Bearer a=", "bearer[]"),
            ("Bearer a=b, =c", "bearer[a=b]"),
            ("=b", ""),
            ("\"Bearer\"", ""),
            ("Bearer (comment)", "bearer[]"),
            ("Bearer a=b; c=d", "bearer[a=b]"),
            ("{\"error\":\"x\"}", ""),
            (
                "Basic realm=\"a\", Bearer error=\"b\", Basic realm=\"c\"",
                "basic[realm=a] bearer[error=b] basic[realm=c]",
            ),
        ] {
            assert_eq!(shown(value), expected, "{value}");
        }
    }

    #[test]
    fn c_03_the_lists_have_an_end() {
        assert_eq!(challenges(&"Basic, ".repeat(10_000)).len(), MOST);
        let many = format!("Bearer {}", "a=b, ".repeat(10_000));
        assert_eq!(challenges(&many)[0].parameters.len(), MOST);
    }

    fn answer(values: &[&str]) -> HttpResponse {
        let mut answer = http::Response::builder().status(403);
        for value in values {
            answer = answer.header("WWW-Authenticate", *value);
        }
        answer.body(Vec::new()).expect("an answer")
    }

    #[test]
    fn c_03_the_missing_scope_is_that_of_the_bearer_challenge() {
        let missing =
            |values: &[&str]| missing_scope(&answer(values)).map(|scope| scope.raw().to_owned());
        let asked = "Bearer error=\"insufficient_scope\", scope=\"files:write files:read\"";
        assert_eq!(missing(&[asked]).as_deref(), Some("files:write files:read"));
        assert_eq!(
            missing(&["Basic realm=\"x\"", asked]).as_deref(),
            Some("files:write files:read")
        );
        for other in [
            "Bearer error=\"invalid_token\", scope=\"a\"",
            "Bearer error=\"insufficient_scope\"",
            "Bearer error=\"insufficient_scope\", scope=\"\"",
            "Bearer error=\"insufficient_scope\", scope=\" \"",
            "Digest error=\"insufficient_scope\", scope=\"a\"",
            "Digest x=y, scope=\"a\", Bearer error=\"insufficient_scope\"",
        ] {
            assert_eq!(missing(&[other]), None, "{other}");
        }
        assert_eq!(missing(&[]), None);
        // What cannot be asked for is told all the same.
        let odd = "Bearer error=\"insufficient_scope\", scope=\"a\\\"b\"";
        assert_eq!(missing(&[odd]).as_deref(), Some("a\"b"));
    }

    proptest! {
        #[test]
        fn c_03_any_text_is_read_without_a_panic(value in "\\PC{0,200}", bent in "[A-Za-z=\", \\\\]{0,80}") {
            challenges(&value);
            challenges(&bent);
        }
    }
}
