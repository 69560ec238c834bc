//! The agent: what it gives, what it refuses, and how commands go on without it.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::process::Stdio;

use serde_json::json;

use crate::agent_talk::token_of;
use crate::home::{Home, NAME, sandbox};

#[test]
fn y_07_the_agent_holds_the_vault_open_for_commands_that_cannot_open_it() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let token = home.run(&["token", NAME]).token();
    home.run_by_agent(&["token", NAME]).ended(6);
    let agent = home.agent();
    assert_eq!(home.run_by_agent(&["token", NAME]).token(), token);
    let json = home
        .run_by_agent(&["token", NAME, "--json"])
        .ended(0)
        .json();
    assert_eq!(json, home.run(&["token", NAME, "--json"]).ended(0).json());
    assert_eq!(json["access_token"], token.as_str());
    let status = agent.status();
    assert_eq!(status["served"], 3);
    assert_eq!(status["unlocked"], true);
    assert!(sandbox.requests().is_empty());
}

#[test]
fn y_07_a_locked_agent_gives_nothing_until_a_person_unlocks_it() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let agent = home.agent();
    home.run(&["vault", "lock"]).ended(0);
    // Also not to a command that could open the vault by itself: a person locked it.
    let refused = home.run(&["token", NAME]).ended(6);
    assert!(
        refused.stderr.contains("The agent is locked"),
        "{refused:#?}"
    );
    assert!(
        refused.stderr.contains("valetkey vault unlock"),
        "{refused:#?}"
    );
    home.run(&["token", NAME, "--json"]).ended(6);
    let mut talk = agent.talk();
    for ask in [
        token_of(NAME),
        json!({"version": 1, "ask": "refresh", "name": NAME}),
    ] {
        assert_eq!(talk.refused(&ask), "agent-locked");
    }
    assert_eq!(agent.status()["unlocked"], false);
    home.run_by_agent(&["vault", "unlock"]).ended(6);
    home.run(&["vault", "unlock"]).ended(0);
    home.run_by_agent(&["token", NAME]).token();
}

#[test]
fn y_05_what_opens_the_vault_itself_says_why_an_open_agent_does_not_help() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let _agent = home.agent();
    let refused = home.run_by_agent(&["test", NAME]).ended(6);
    let why = "The open agent gives out tokens, never the key";
    assert!(refused.stderr.contains(why), "{refused:#?}");
    // A locked one does not hold it open.
    home.run(&["vault", "lock"]).ended(0);
    let refused = home.run_by_agent(&["test", NAME]).ended(6);
    assert!(!refused.stderr.contains(why), "{refused:#?}");
}

#[test]
fn y_07_a_wrong_key_opens_nothing_and_makes_the_next_one_wait() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let agent = home.agent_with(&["--locked"]);
    let mut talk = agent.talk();
    let unlock = |key: &str| json!({"version": 1, "ask": "unlock", "key": key});
    assert_eq!(talk.refused(&unlock("not a key")), "no-key");
    let wrong = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_eq!(talk.refused(&unlock(wrong)), "wrong-key");
    assert_eq!(talk.refused(&unlock(wrong)), "agent-wait");
    assert_eq!(talk.refused(&token_of(NAME)), "agent-closed");
}

#[test]
fn y_05_no_message_returns_a_refresh_token_a_secret_or_a_key() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let agent = home.agent();
    for word in [
        "refresh_token",
        "refresh-token",
        "refreshToken",
        "RefreshToken",
        "client_secret",
        "secret",
        "key",
        "vault_key",
        "export",
        "Token",
        "TOKEN",
        "token ",
        "",
        "__proto__",
    ] {
        let mut talk = agent.talk();
        let ask = json!({"version": 1, "ask": word, "name": NAME, "kind": "refresh-token"});
        assert_eq!(talk.refused(&ask), "not-understood", "{word:?}");
        assert!(talk.hear().is_none(), "the conversation is over: {word:?}");
    }
    // Fields that nobody knows change nothing (2.I2).
    let kept = home.kept(NAME);
    let ask = json!({"version": 1, "ask": "token", "name": NAME, "want": "refresh_token", "refresh": true});
    let told = agent.talk().ask(&ask).expect("an answer");
    assert_eq!(
        told["token"]["access_token"],
        kept.access.as_deref().expect("one")
    );
    let text = told.to_string();
    assert!(
        !text.contains(kept.refresh.as_deref().expect("one")),
        "{text}"
    );
    for word in ["proof", "proxied"] {
        let ask = json!({"version": 1, "ask": word, "name": NAME});
        assert_eq!(agent.talk().refused(&ask), "not-supported");
    }
}

#[test]
fn i1_i2_what_is_no_message_is_refused_and_ends_the_conversation() {
    use std::io::Write as _;

    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let agent = home.agent();
    for head in [0_u32, u32::MAX, 64 * 1024 + 1, u32::MAX - 1] {
        let mut talk = agent.talk();
        talk.0.write_all(&head.to_be_bytes()).expect("sent");
        let told = talk.hear().expect("an answer");
        assert_eq!(told["error"]["code"], "not-understood", "{head}");
        assert!(talk.hear().is_none(), "{head}");
    }
    for version in [json!(0), json!(2), json!(u32::MAX)] {
        let mut talk = agent.talk();
        let ask = json!({"version": version, "ask": "status"});
        assert_eq!(talk.refused(&ask), "other-version");
        assert!(talk.hear().is_none(), "{version}");
    }
    for body in [
        json!([]),
        json!("token"),
        json!({"version": "1", "ask": "status"}),
        json!({"ask": "status"}),
        json!(null),
    ] {
        let mut talk = agent.talk();
        assert_eq!(talk.refused(&body), "not-understood", "{body}");
        assert!(talk.hear().is_none(), "{body}");
    }
    // Split at each byte.
    let message = crate::agent_talk::framed(&token_of(NAME));
    for at in 1..message.len() {
        let mut talk = agent.talk();
        talk.0.write_all(&message[..at]).expect("sent");
        talk.0.write_all(&message[at..]).expect("sent");
        let told = talk.answer().expect("an answer");
        assert!(told["token"]["access_token"].is_string(), "{at}: {told}");
    }
    // Several at once.
    let mut talk = agent.talk();
    talk.0.write_all(&message.repeat(50)).expect("sent");
    for _ in 0..50 {
        assert!(talk.answer().expect("an answer")["token"].is_object());
    }
}

#[test]
fn after_a_revoke_in_another_shell_the_agent_never_gives_the_old_token() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let agent = home.agent();
    let mut talk = agent.talk();
    assert!(talk.ask(&token_of(NAME)).expect("told")["token"].is_object());
    home.run(&["revoke", NAME]).ended(0);
    // The first request after the command has ended, on a conversation from before.
    let told = talk.ask(&token_of(NAME)).expect("told");
    assert_eq!(told["error"]["code"], "needs-sign-in", "{told}");
    home.run_by_agent(&["token", NAME]).ended(3);
    home.login(&sandbox).ended(0);
    let fresh = home.run_by_agent(&["token", NAME]).token();
    assert!(sandbox.accepts_access(&fresh));
}

#[test]
fn a_vault_that_was_restored_is_served_as_it_is_now() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    // The copy knows no sign-in.
    let agent = home.agent();
    let mut talk = agent.talk();
    assert!(talk.ask(&token_of(NAME)).expect("told")["token"].is_object());
    home.run(&["vault", "restore", "--anyway", "--yes"])
        .ended(0);
    let told = talk.ask(&token_of(NAME)).expect("told");
    assert_eq!(told["error"]["code"], "needs-sign-in", "{told}");
}

#[test]
fn j_01_twenty_callers_through_the_agent_cause_one_refresh() {
    let sandbox = sandbox(&["rotation=on", "grace=0"]);
    let home = Home::with(&sandbox);
    sandbox.once("/token", &["expires_in=0"]).expect("a switch");
    home.login(&sandbox).ended(0);
    sandbox.clear_requests();
    let _agent = home.agent();
    let callers: Vec<_> = (0..20)
        .map(|number| {
            let mut command = home.command(&["token", NAME]);
            if number % 2 == 0 {
                // These can only ask the agent; the others could do without.
                command.env_remove("VALETKEY_PASSPHRASE_FILE");
            }
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().expect("starts")
        })
        .collect();
    let mut tokens: Vec<String> = callers
        .into_iter()
        .map(|caller| {
            let output = caller.wait_with_output().expect("ended");
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).expect("text")
        })
        .collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert_eq!(sandbox.requests_to("/token").len(), 1);
    assert!(sandbox.reuse_events().is_empty());
}

#[test]
fn one_accounts_slow_refresh_delays_no_other_token() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let mut other = home.definition(&sandbox);
    let name = other.iter().position(|word| word == NAME).expect("a name");
    other[name] = "other".to_owned();
    home.run(&other).ended(0);
    home.login_by(&sandbox, &["login", "other"], sandbox.browser())
        .ended(0);
    let agent = home.agent();
    sandbox.set("token_hold=on").expect("a switch");
    home.run_by_agent(&["edit", "other", "policy=allow"])
        .ended(0);
    let mut slow = agent.talk();
    slow.send(&json!({"version": 1, "ask": "refresh", "name": "other"}));
    sandbox.wait_until_held(1);
    assert_eq!(slow.hear().expect("told")["working"], "refreshing");
    // While that one is held, the other answers.
    for _ in 0..100 {
        let told = agent.talk().ask(&token_of(NAME)).expect("told");
        assert!(told["token"].is_object(), "{told}");
    }
    sandbox.release(1);
    assert!(slow.hear().expect("told")["done"].is_object());
}

#[test]
fn a_frozen_agent_is_left_aside() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let agent = home.agent();
    agent.signal("STOP");
    // It opens the vault itself, and can say why.
    home.run(&["token", NAME]).token();
    let told = home.run(&["token", NAME, "--verbose", "--json"]).ended(0);
    assert!(told.stderr.contains("does not answer"), "{told:#?}");
    let refused = home.run(&["agent", "status"]).ended(8);
    assert!(refused.stderr.contains("does not answer"), "{refused:#?}");
    agent.signal("CONT");
    home.run_by_agent(&["token", NAME]).token();
}

#[test]
fn y_01_i6_the_place_of_the_socket_is_taken_by_one_agent_and_private() {
    let home = Home::new();
    let agent = home.agent();
    let mode = |path: &std::path::Path| {
        fs::symlink_metadata(path)
            .expect("there")
            .permissions()
            .mode()
            & 0o777
    };
    let run = home.root().join("run");
    assert_eq!((mode(&run), mode(&home.socket())), (0o700, 0o600));
    // A live one is kept.
    let again = home.run(&["agent", "start"]).ended(0);
    assert!(
        again.stderr.contains(&format!("process {}", agent.pid)),
        "{again:#?}"
    );
    assert_eq!(agent.status()["pid"], agent.pid);
    // One that was killed left its socket behind: the next takes its place.
    agent.signal("KILL");
    agent.wait_until_gone();
    assert!(home.socket().exists());
    let next = home.agent();
    assert_ne!(next.pid, agent.pid);
    home.run(&["agent", "stop"]).ended(0);
    next.wait_until_gone();
    assert!(!home.socket().exists());
}

#[test]
fn i6_what_lies_in_the_place_of_the_socket_is_named() {
    let home = Home::new();
    let run = home.root().join("run");
    fs::create_dir_all(&run).expect("made");
    fs::set_permissions(&run, fs::Permissions::from_mode(0o700)).expect("private");
    let refused = |code: i32, sentence: &str| {
        let told = home.run(&["agent", "start"]).ended(code);
        assert!(told.stderr.contains(sentence), "{told:#?}");
    };
    fs::write(home.socket(), "mine").expect("written");
    refused(1, "Something that is no socket");
    assert_eq!(fs::read_to_string(home.socket()).expect("kept"), "mine");
    fs::remove_file(home.socket()).expect("removed");
    // Through a link nothing is made.
    let elsewhere = home.path().join("elsewhere");
    symlink(&elsewhere, home.socket()).expect("a link");
    refused(1, "Something that is no socket");
    assert!(!elsewhere.exists());
    fs::remove_file(home.socket()).expect("removed");
    fs::set_permissions(&run, fs::Permissions::from_mode(0o755)).expect("opened");
    refused(6, "would not be private");
    fs::remove_dir_all(&run).expect("removed");
    let other = home.path().join("other");
    fs::create_dir(&other).expect("made");
    symlink(&other, &run).expect("a link");
    refused(6, "would not be private");
    assert_eq!(fs::read_dir(&other).expect("a folder").count(), 0);
    // A socket that nobody listens on is a stale one.
    fs::remove_file(&run).expect("removed");
    fs::create_dir(&run).expect("made");
    fs::set_permissions(&run, fs::Permissions::from_mode(0o700)).expect("private");
    drop(UnixListener::bind(home.socket()).expect("bound"));
    let _agent = home.agent();
    assert!(
        fs::symlink_metadata(home.socket())
            .expect("there")
            .file_type()
            .is_socket()
    );
}

#[test]
fn i6_a_path_too_long_for_a_socket_is_said_with_its_length() {
    let home = Home::new();
    let long = home.path().join("x".repeat(100));
    let mut command = home.command(&["agent", "start", "--locked"]);
    command.env("VALETKEY_HOME", &long);
    let told = crate::home::run(&mut command).ended(1);
    assert!(told.stderr.contains("the system allows 107"), "{told:#?}");
    // Commands go on as if there were none.
    let mut command = home.command(&["list"]);
    command.env("VALETKEY_HOME", &long);
    crate::home::run(&mut command).ended(0);
}

#[test]
fn y_06_a_connection_set_to_deny_gives_its_token_to_no_program() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    // Seen to work: from here on the agent has it at hand.
    home.run(&["token", NAME]).token();
    home.run(&["edit", NAME, "policy=deny"]).ended(0);
    let denied = |told: crate::home::Output| {
        let told = told.ended(5);
        assert_eq!(told.stdout, "");
        assert!(told.stderr.contains("policy=deny"), "{told:#?}");
    };
    denied(home.run(&["token", NAME]));
    let json = home.run(&["token", NAME, "--json"]).ended(5).json();
    assert_eq!(json["error"]["code"], "policy-deny");
    let agent = home.agent();
    denied(home.run(&["token", NAME]));
    // Decided while a conversation is open, after a token was given in it.
    home.run(&["edit", NAME, "policy=allow"]).ended(0);
    let mut talk = agent.talk();
    for _ in 0..2 {
        let told = talk.ask(&token_of(NAME)).expect("told");
        assert!(told["token"].is_object(), "{told}");
    }
    home.run(&["edit", NAME, "policy=deny"]).ended(0);
    assert_eq!(talk.refused(&token_of(NAME)), "policy-deny");
    // It is about programs: the program itself still uses it.
    home.run(&["test", NAME]).ended(0);
    home.run(&["edit", NAME, "policy=allow"]).ended(0);
    home.run(&["token", NAME]).token();
}

#[test]
fn y_06_where_nobody_can_be_asked_nothing_is_given() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    for policy in ["confirm", "confirm-session"] {
        home.run(&["edit", NAME, &format!("policy={policy}")])
            .ended(0);
        for with_agent in [false, true] {
            let _agent = with_agent.then(|| home.agent());
            let told = home.run(&["token", NAME]).ended(5);
            assert!(told.stderr.contains("nobody can be asked"), "{told:#?}");
        }
    }
}

#[test]
fn y_06_the_askpass_program_is_asked_where_there_is_one() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    home.run(&["edit", NAME, "policy=confirm"]).ended(0);
    let program = home.path().join("askpass");
    let asked = home.path().join("asked");
    let answers = |code: u8| {
        let script = format!(
            "#!/bin/sh\nprintf '%s' \"$1\" > '{}'\nexit {code}\n",
            asked.display()
        );
        fs::write(&program, script).expect("written");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("mode");
    };
    for with_agent in [false, true] {
        let _agent = with_agent.then(|| home.agent());
        let run = || {
            let mut command = home.command(&["token", NAME]);
            command.env("SSH_ASKPASS", &program);
            crate::home::run(&mut command)
        };
        answers(0);
        run().token();
        let question = fs::read_to_string(&asked).expect("asked");
        assert!(
            question.contains("wants a token of practice (profile items:read)"),
            "{question}"
        );
        answers(1);
        let told = run().ended(5);
        assert!(told.stderr.contains("You said no"), "{told:#?}");
    }
}

#[test]
fn i5_a_question_is_withdrawn_when_whoever_asked_is_gone() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    home.run(&["edit", NAME, "policy=confirm"]).ended(0);
    let agent = home.agent();
    let mut watching = agent.talk();
    let watch = json!({"version": 1, "ask": "watch"});
    assert!(watching.ask(&watch).expect("told")["done"].is_object());
    // Answered.
    let mut asking = agent.talk();
    asking.send(&token_of(NAME));
    assert_eq!(asking.hear().expect("told")["working"], "asking");
    let question = watching.hear().expect("told")["question"].clone();
    assert_eq!(question["name"], NAME);
    assert_eq!(question["scopes"], "profile items:read");
    let answer = |id: &serde_json::Value, answer: &str| json!({"version": 1, "ask": "answer", "id": id, "answer": answer});
    let done = agent
        .talk()
        .ask(&answer(&question["id"], "once"))
        .expect("told");
    assert!(done["done"].is_object(), "{done}");
    assert_eq!(watching.hear().expect("told")["settled"], question["id"]);
    assert!(asking.answer().expect("told")["token"].is_object());
    // Each time anew.
    asking.send(&token_of(NAME));
    assert_eq!(asking.hear().expect("told")["working"], "asking");
    let question = watching.hear().expect("told")["question"].clone();
    drop(asking);
    assert_eq!(watching.hear().expect("told")["settled"], question["id"]);
    assert_eq!(
        agent.talk().refused(&answer(&question["id"], "once")),
        "settled"
    );
    // No is no.
    let mut asking = agent.talk();
    asking.send(&token_of(NAME));
    asking.hear().expect("told");
    let question = watching.hear().expect("told")["question"].clone();
    agent
        .talk()
        .ask(&answer(&question["id"], "no"))
        .expect("told");
    assert_eq!(
        asking.hear().expect("told")["error"]["code"],
        "not-confirmed"
    );
}

#[test]
fn y_08_an_agent_locks_itself_and_ends_when_its_time_is_over() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let agent = home.agent_with(&["--idle-exit", "1s"]);
    agent.wait_until_gone();
    assert!(!home.socket().exists());
    let agent = home.agent_with(&["--lifetime", "1s"]);
    let mut talk = agent.talk();
    let over = loop {
        let told = talk.ask(&token_of(NAME)).expect("told");
        if told["token"].is_null() {
            break told;
        }
    };
    assert_eq!(over["error"]["code"], "agent-closed", "{over}");
    // Nobody locked it: commands that can open the vault do.
    home.run(&["token", NAME]).token();
    home.run_by_agent(&["token", NAME]).ended(6);
    for wrong in ["", "0", "x", "1y"] {
        home.run(&["agent", "start", "--lifetime", wrong]).ended(2);
    }
}

#[test]
fn the_agent_renews_ahead_what_is_set_so_and_says_who_needs_a_sign_in() {
    let sandbox = sandbox(&["rotation=on", "grace=0"]);
    let home = Home::signed_in(&sandbox);
    home.run(&["edit", NAME, "refresh-ahead=yes"]).ended(0);
    let first = home.kept(NAME).access;
    home.age(3_590);
    let agent = home.agent();
    // Nobody asks for a token, and yet it is renewed.
    while home.kept(NAME).access == first {
        std::thread::yield_now();
    }
    assert_eq!(agent.status()["ahead"], 1);
    assert_eq!(sandbox.requests_to("/token").len(), 1);
    sandbox.revoke_all();
    home.age(3_590);
    let needed = loop {
        let status = agent.status();
        if status["need_sign_in"][0] == NAME {
            break status;
        }
    };
    assert_eq!(needed["need_sign_in"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_nobody_set_so_is_not_renewed_ahead() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    home.age(3_590);
    let agent = home.agent();
    assert_eq!(agent.status()["ahead"], 0);
    assert!(sandbox.requests_to("/token").is_empty());
    home.run_by_agent(&["token", NAME]).token();
    assert_eq!(sandbox.requests_to("/token").len(), 1, "asked for, it is");
}

#[test]
fn y_09_sixty_four_silent_clients_keep_nobody_out() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let agent = home.agent();
    let silent: Vec<_> = (0..200).map(|_| agent.talk()).collect();
    let told = agent.talk().ask(&token_of(NAME)).expect("told");
    assert!(told["token"].is_object(), "{told}");
    let status = agent.status();
    assert!(
        status["clients"].as_u64().expect("a number") <= 64,
        "{status}"
    );
    drop(silent);
}

#[test]
fn x_08_y_04_the_agent_writes_down_who_got_a_token_and_who_did_not() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let agent = home.agent();
    home.run_by_agent(&["token", NAME]).token();
    agent.talk().ask(&token_of(NAME)).expect("told");
    home.run(&["edit", NAME, "policy=deny"]).ended(0);
    home.run_by_agent(&["token", NAME]).ended(5);
    home.run(&["agent", "stop"]).ended(0);
    agent.wait_until_gone();
    let told = home.run(&["history", NAME, "--json"]).ended(0).json();
    let lines: Vec<_> = told["events"]
        .as_array()
        .expect("events")
        .iter()
        .filter(|event| event["via"] == "agent")
        .collect();
    // Newest first. Of the command it is whoever ran it: this test.
    assert_eq!(lines.len(), 3, "{told:#}");
    assert_eq!(lines[0]["outcome"], "refused", "{told:#}");
    assert_eq!(lines[0]["detail"], "policy-deny", "{told:#}");
    assert_eq!(lines[2]["outcome"], "given", "{told:#}");
    for line in lines {
        assert_eq!(line["caller"]["pid"], std::process::id(), "{line:#}");
        assert_eq!(line["connection"]["name"], NAME);
    }
}
