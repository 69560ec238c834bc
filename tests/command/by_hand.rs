//! What people type by hand and bring along (bad inputs 2.F), at the real program.

use std::fs;

use rcgen::{CertificateParams, KeyPair};

use crate::home::{Home, NAME, run, sandbox};

/// Neither a secret nor a code nor a client ID.
fn is_bare(request: &valetkey::sandbox::Request) -> bool {
    let head = String::from_utf8_lossy(&request.head).to_lowercase();
    request.body.is_empty()
        && !head.contains("authorization:")
        && !head.contains("valetkey-practice")
}

#[test]
fn f3_addresses_that_were_swapped_are_named_with_the_command_that_swaps_them_back() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    let told = home.run(&["doctor", NAME]);
    assert!(
        told.stdout.contains("a page answers, as it should"),
        "{told:#?}"
    );
    let swap = |a: &str, b: &str| {
        let authorization = format!("authorization-url={}", sandbox.at(a));
        let token = format!("token-url={}", sandbox.at(b));
        home.run(&["edit", NAME, &authorization, &token]).ended(0);
    };
    swap("/token", "/authorize");
    sandbox.clear_requests();
    let told = home.run(&["doctor", NAME]);
    assert!(
        told.stdout.contains("The two addresses look swapped."),
        "{told:#?}"
    );
    let command = format!(
        "valetkey edit {NAME} 'authorization-url={}' 'token-url={}'",
        sandbox.at("/authorize"),
        sandbox.at("/token")
    );
    assert!(told.stdout.contains(&command), "{told:#?}");
    let asked = sandbox.requests();
    assert!(asked.len() >= 3 && asked.iter().all(is_bare), "{asked:#?}");
    swap("/authorize", "/token");
    let told = home.run(&["doctor", NAME]);
    assert!(!told.stdout.contains("swapped"), "{told:#?}");
}

#[test]
fn f4_f19_without_a_terminal_what_looks_like_a_slip_needs_a_flag() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    for (field, asked, kept) in [
        ("client-id=my app ", "has a blank in it", "my app "),
        (
            "test-url=https://api.example/me",
            "sends the access token to api.example",
            "https://api.example/me",
        ),
    ] {
        let refused = home.run(&["edit", NAME, field]).ended(2);
        assert!(
            refused.stderr.contains(asked) && refused.stderr.contains("--yes"),
            "{refused:#?}"
        );
        home.run(&["edit", NAME, field, "--yes"]).ended(0);
        let connection = home.kept(NAME);
        let connection = connection.connection();
        let test = connection
            .provider
            .test
            .as_ref()
            .map(|test| test.url.to_string());
        assert!(connection.registration.client_id == kept || test.as_deref() == Some(kept));
    }
}

#[test]
fn f17_only_an_authoritys_certificate_is_taken() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    let key = KeyPair::generate().expect("a key");
    let server = CertificateParams::new(vec!["id.example".to_owned()]).expect("a name");
    let server = server.self_signed(&key).expect("signed").pem();
    fs::write(home.path().join("key.pem"), key.serialize_pem()).expect("written");
    fs::write(home.path().join("server.pem"), server).expect("written");
    fs::write(home.path().join("words.pem"), "trust me").expect("written");
    let before = home.kept(NAME);
    for (file, words) in [
        ("missing.pem", "there is no such file"),
        ("key.pem", "this is a private key"),
        ("server.pem", "this is a server's own certificate"),
        ("words.pem", "there is no certificate in it"),
        (".", "it is a folder"),
    ] {
        let mut flags = home.definition_of("other", &sandbox);
        *flags.last_mut().expect("the file") = file.to_owned();
        let edit = format!("ca-file={file}");
        for refused in [home.run(&flags), home.run(&["edit", NAME, &edit])] {
            let refused = refused.ended(2);
            assert!(refused.stderr.contains(words), "{file}: {refused:#?}");
            assert!(!refused.stderr.contains("insecure"), "{refused:#?}");
            assert!(
                !refused.stderr.contains("MI"),
                "no line of it: {refused:#?}"
            );
        }
    }
    assert_eq!(home.kept(NAME), before);
    // What is stored is checked where it is used, too: nothing goes without it.
    let good = home.path().join("ca.pem");
    home.run(&["edit", NAME, &format!("ca-file={}", good.display())])
        .ended(0);
    home.run(&["doctor", NAME]);
    home.run(&["edit", NAME, "ca-file="]).ended(0);
    let told = home.run(&["doctor", NAME]);
    assert!(
        told.stdout.contains("nobody this machine trusts"),
        "{told:#?}"
    );
}

#[test]
fn f18_a_proxys_password_is_told_nowhere_and_what_is_no_proxy_stops_the_request() {
    let home = Home::new();
    let flags = [
        "add",
        "--no-input",
        "--name",
        "far",
        "--client-id",
        "x",
        "--authorization-url",
        "https://id.example/a",
        "--token-url",
        "https://id.example/t",
    ];
    home.run(&flags).ended(0);
    for (proxy, code, words) in [
        ("http://user:p@ss@127.0.0.1:1", 1, "was not reached"),
        ("socks5h://user:p@ss@127.0.0.1:1", 1, "was not reached"),
        (
            "ftp://user:p@ss@127.0.0.1:1",
            1,
            "HTTPS_PROXY is set and names no proxy",
        ),
        ("junk p@ss", 1, "HTTPS_PROXY is set and names no proxy"),
    ] {
        let with = |arguments: &[&str]| {
            let mut command = home.command(arguments);
            run(command.env("HTTPS_PROXY", proxy))
        };
        let told = with(&["doctor", "far", "--verbose"]).ended(code);
        assert!(told.stdout.contains(words), "{proxy}: {told:#?}");
        let shown = with(&["show", "far"]).ended(0);
        let json = with(&["show", "far", "--json"]).ended(0);
        for told in [told, shown, json] {
            let all = format!("{}{}", told.stdout, told.stderr);
            assert!(
                !all.contains("p@ss") && !all.contains("p%40ss"),
                "{proxy}: {all}"
            );
        }
    }
}

#[test]
fn f20_a_policy_that_is_not_known_gives_no_program_a_token() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    home.run(&["edit", NAME, "policy=confirm"]).ended(0);
    let refused = home.run(&["edit", NAME, "policy=ask-the-boss"]).ended(2);
    assert!(
        refused.stderr.contains("use allow, confirm"),
        "{refused:#?}"
    );
    let sql = rusqlite::Connection::open(home.root().join("data/vault.db")).expect("opens");
    let update = "UPDATE connection SET definition = json_set(definition, '$.serving.policy', 'ask-the-boss')";
    assert_eq!(sql.execute(update, []).expect("changed"), 1);
    drop(sql);
    let denied = || {
        let told = home.run(&["token", NAME, "--json"]).ended(5);
        assert_eq!(told.json()["error"]["code"], "policy-deny");
    };
    denied();
    let _agent = home.agent();
    denied();
    home.run(&["edit", NAME, "policy=allow"]).ended(0);
    home.run(&["token", NAME]).token();
}

/// A preset of one's own for the sandbox, with its token endpoint elsewhere if asked.
fn preset(sandbox: &valetkey::sandbox::SandboxThread, token: &str) -> String {
    format!(
        "[[preset]]\nid = \"acme\"\nname = \"Acme\"\nhint = \"ours\"\n\
         client = {{ ways = [\"browser\"], secret = \"never\", client_id = \"valetkey-practice\" }}\n\
         [preset.endpoints]\nauthorization = \"{}\"\ntoken = \"{token}\"\n",
        sandbox.at("/authorize")
    )
}

#[test]
fn f13_g_07_a_connection_keeps_its_addresses_when_its_presets_file_is_replaced() {
    let sandbox = sandbox(&[]);
    let elsewhere = self::sandbox(&[]);
    let home = Home::new();
    let folder = home.root().join("config/providers");
    fs::create_dir_all(&folder).expect("made");
    let write = |token: &str| {
        fs::write(folder.join("acme.toml"), preset(&sandbox, token)).expect("written");
    };
    write(&sandbox.at("/token"));
    let authority = home.path().join("ca.pem");
    fs::write(&authority, sandbox.ca_pem().expect("TLS")).expect("written");
    let authority = authority.display().to_string();
    home.run(&[
        "add",
        "acme",
        "--name",
        NAME,
        "--ca-file",
        &authority,
        "--no-input",
    ])
    .ended(0);
    home.login(&sandbox).ended(0);
    let agent = home.agent();
    // Replaced under a running agent: what is signed in stays with the addresses that a person saw.
    write(&elsewhere.at("/token"));
    home.age(100_000);
    home.run_by_agent(&["token", NAME]).token();
    home.run(&["refresh", NAME]).ended(0);
    assert_eq!(elsewhere.connections(), 0);
    assert_eq!(sandbox.requests_to("/token").len(), 3);
    // The new address comes in by a person's hand, and parks the sign-in.
    let edit = format!("token-url={}", elsewhere.at("/token"));
    let told = home.run(&["edit", NAME, &edit]).ended(0);
    assert!(told.stderr.contains("That parked the sign-in"), "{told:#?}");
    home.run_by_agent(&["token", NAME]).ended(3);
    assert_eq!(elsewhere.connections(), 0);
    drop(agent);
}
