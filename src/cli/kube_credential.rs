//! `kube-credential`: the token as kubectl's credential plugins print it
//! (client.authentication.k8s.io).

use serde_json::{Value, json};

use super::args::KubeCredential;
use super::failed::Failed;
use super::obtain::{Wanted, obtain};
use super::output;
use super::setup::Setup;
use super::token::refuse_terminal;
use crate::model::{Seconds, UnixTime, Untrusted};

/// Where kubectl tells what it wants.
const REQUEST: &str = "KUBERNETES_EXEC_INFO";
const VERSIONS: [&str; 2] = [
    "client.authentication.k8s.io/v1",
    "client.authentication.k8s.io/v1beta1",
];

pub(super) fn run(setup: &Setup, asked: &KubeCredential) -> Result<(), Failed> {
    refuse_terminal("See the token itself: valetkey token NAME --show")?;
    // Before anything is spent.
    let version = version(std::env::var(REQUEST).ok().as_deref())?;
    let given = obtain(
        setup,
        &Wanted {
            name: &asked.name,
            min_valid: asked.min_valid.map(Seconds),
            resource: None,
            interactive: false,
        },
    )?;
    let mut status = json!({ "token": given.token.reveal() });
    // Absent, not null: without it kubectl keeps the token until the server refuses it.
    if let Some(end) = given.expires_at {
        status["expirationTimestamp"] = UnixTime::rfc3339(end).into();
    }
    output::json(&json!({
        "apiVersion": version,
        "kind": "ExecCredential",
        "status": status,
    }))?;
    given.handed_out(setup);
    Ok(())
}

/// The version that kubectl asks for; the newest when it does not say.
fn version(request: Option<&str>) -> Result<&'static str, Failed> {
    let Some(request) = request.filter(|request| !request.trim().is_empty()) else {
        return Ok(VERSIONS[0]);
    };
    let asked: Value = serde_json::from_str(request).unwrap_or_default();
    let asked = asked["apiVersion"].as_str().unwrap_or_default();
    VERSIONS
        .into_iter()
        .find(|known| *known == asked)
        .ok_or_else(|| {
            Failed::usage(
                "kube-version",
                format!(
                    "{REQUEST} asks for a version that is not known: {}.",
                    Untrusted::new(asked).shown()
                ),
                format!("Put apiVersion: {} into the kubeconfig.", VERSIONS[0]),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn y_14_the_version_is_the_one_that_is_asked_for() {
        let of = |request: Option<&str>| version(request).map_err(|failed| failed.0.code);
        assert_eq!(of(None), Ok(VERSIONS[0]));
        assert_eq!(of(Some("")), Ok(VERSIONS[0]));
        for known in VERSIONS {
            let request = json!({ "apiVersion": known, "kind": "ExecCredential" }).to_string();
            assert_eq!(of(Some(&request)), Ok(known));
        }
        for other in [
            "{}",
            "no JSON",
            "[]",
            r#"{"apiVersion":"client.authentication.k8s.io/v1alpha1"}"#,
            r#"{"apiVersion":7}"#,
        ] {
            assert_eq!(of(Some(other)), Err("kube-version".into()), "{other}");
        }
    }
}
