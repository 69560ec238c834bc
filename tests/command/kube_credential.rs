//! `kube-credential`: what kubectl reads, and what it is told instead.

use serde_json::json;

use crate::home::{Home, NAME, run, sandbox};

const V1: &str = "client.authentication.k8s.io/v1";

#[test]
fn y_14_the_answer_is_what_kubectl_reads() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let answer = home.run(&["kube-credential", NAME]).ended(0);
    assert_eq!(answer.stderr, "");
    let token = home.run(&["token", NAME, "--json"]).ended(0).json();
    assert_eq!(
        answer.json(),
        json!({
            "apiVersion": V1,
            "kind": "ExecCredential",
            "status": {
                "token": token["access_token"],
                "expirationTimestamp": token["expires_at"],
            },
        })
    );
}

#[test]
fn y_14_the_version_is_the_one_that_kubectl_asks_for() {
    let sandbox = sandbox(&["expires_in=absent"]);
    let home = Home::signed_in(&sandbox);
    let asked = |version: &str| {
        let request = json!({ "apiVersion": version, "kind": "ExecCredential", "spec": {} });
        let mut command = home.command(&["kube-credential", NAME]);
        run(command.env("KUBERNETES_EXEC_INFO", request.to_string()))
    };
    for version in [V1, "client.authentication.k8s.io/v1beta1"] {
        let answer = asked(version).ended(0).json();
        assert_eq!(answer["apiVersion"], version);
        assert!(
            answer["status"].get("expirationTimestamp").is_none(),
            "nobody stated it"
        );
    }
    let refused = asked("client.authentication.k8s.io/v1alpha1").ended(2);
    assert_eq!(refused.stdout, "");
    assert!(refused.stderr.contains("v1alpha1"), "{refused:#?}");
}

#[test]
fn y_11_y_13_failures_have_the_codes_of_token_and_nobody_is_asked() {
    let sandbox = sandbox(&["expires_in=0"]);
    let home = Home::with(&sandbox);
    let mut running = home.start(&["kube-credential", NAME]);
    assert_eq!(running.opened(), None);
    assert_eq!(running.end().ended(3).stdout, "");
    home.run(&["kube-credential", "nobody"]).ended(2);
    home.login(&sandbox).ended(0);
    sandbox.set("token_unavailable=503").expect("a switch");
    assert_eq!(home.run(&["kube-credential", NAME]).ended(4).stdout, "");
    let mut locked = home.command(&["kube-credential", NAME]);
    run(locked.env_remove("VALETKEY_PASSPHRASE_FILE")).ended(6);
}
