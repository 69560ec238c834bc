//! Real kubectl, listing pods of a server that demands the token.

use std::fs;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::sealed::{Home, NAME, sandbox};
use crate::stub::{Answer, Asked, Stub, other, told};

/// As much of an API server as listing pods needs.
fn api(asked: &Asked) -> Value {
    match asked.path.split('?').next().unwrap_or_default() {
        "/api" => json!({"kind": "APIVersions", "versions": ["v1"]}),
        "/apis" => json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []}),
        "/api/v1" => json!({
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "v1",
            "resources": [{
                "name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod",
                "verbs": ["get", "list"],
            }],
        }),
        "/api/v1/namespaces/default/pods" => json!({
            "kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"},
            "items": [{
                "kind": "Pod", "apiVersion": "v1",
                "metadata": {"name": "the-pod", "namespace": "default"},
            }],
        }),
        other => panic!("kubectl asks for {other}"),
    }
}

/// Debian 12 has a kubectl that is older than that version.
fn knows_v1(home: &Home) -> bool {
    let mut kubectl = other(home, "kubectl");
    let (code, out, err) = told(kubectl.args(["version", "--client", "--output", "json"]));
    assert_eq!(code, Some(0), "{err}");
    let version: Value = serde_json::from_str(&out).expect("JSON");
    let minor = version["clientVersion"]["minor"]
        .as_str()
        .expect("a number");
    let digits = minor.trim_end_matches(|c: char| !c.is_ascii_digit());
    digits.parse::<u32>().expect("a number") >= 22
}

#[test]
fn y_14_kubectl_lists_pods_with_the_token() {
    let provider = Arc::new(sandbox(&[]));
    let home = Home::signed_in(&provider);
    let accepts = provider.clone();
    let server = Stub::tls(move |asked| {
        let bearer = asked
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "));
        if !bearer.is_some_and(|token| accepts.accepts_access(token)) {
            let status =
                json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 401});
            return Answer::of(401, status.to_string()).with("Content-Type", "application/json");
        }
        Answer::of(200, api(asked).to_string()).with("Content-Type", "application/json")
    });
    let pem = server.ca_pem.as_deref().expect("TLS");
    let mut versions = vec!["v1beta1"];
    if knows_v1(&home) {
        versions.push("v1");
    }
    for version in versions {
        // JSON is YAML.
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
            "clusters": [{"name": "here", "cluster": {
                "server": format!("https://{}", server.authority()),
                "certificate-authority-data": STANDARD.encode(pem),
            }}],
            "users": [{"name": "me", "user": {"exec": {
                "apiVersion": format!("client.authentication.k8s.io/{version}"),
                "command": "valetkey",
                "args": ["kube-credential", NAME],
                "interactiveMode": "Never",
            }}}],
        });
        let file = home.path().join("kubeconfig");
        fs::write(&file, config.to_string()).expect("written");
        let mut kubectl = other(&home, "kubectl");
        kubectl
            .arg("--kubeconfig")
            .arg(&file)
            .args(["get", "pods", "--output", "name"]);
        let (code, out, err) = told(&mut kubectl);
        assert_eq!(
            (code, out.as_str()),
            (Some(0), "pod/the-pod\n"),
            "{version}: {err}"
        );
    }
    // Without a sign-in kubectl passes on what we say.
    home.run(&["revoke", NAME]).ended(0);
    let mut kubectl = other(&home, "kubectl");
    kubectl
        .arg("--kubeconfig")
        .arg(home.path().join("kubeconfig"))
        .args(["get", "pods"]);
    let (code, _, err) = told(&mut kubectl);
    assert_ne!(code, Some(0));
    assert!(err.contains("run: valetkey login practice"), "{err}");
    let token_free = server
        .take()
        .iter()
        .filter(|asked| asked.header("authorization").is_none())
        .count();
    assert_eq!(token_free, 0, "nothing was sent without a token");
}
