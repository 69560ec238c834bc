//! With next to no memory, descriptors or processes, a command either works or says why not, and
//! leaves what is stored as it was or whole anew (FT-35).

use std::process::{Command, Stdio};

use valetkey::sandbox::SandboxThread;

use crate::home::{Home, NAME, Output, run, sandbox};

/// The loader's own word for "it cannot even be started".
const NOT_STARTED: i32 = 127;

/// Runs a command under a limit of the shell's.
fn limited(home: &Home, limit: &str, arguments: &[&str]) -> Output {
    let free = home.command(arguments);
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", &format!(r#"ulimit {limit}; exec "$0" "$@""#)])
        .arg(free.get_program())
        .args(free.get_args())
        .env_clear()
        .envs(free.get_envs().filter_map(|(k, v)| Some((k, v?))))
        .current_dir(home.path())
        .stdin(Stdio::null());
    run(&mut command)
}

/// It worked, or it said why not in a sentence of its own; which of both.
#[track_caller]
fn worked(limit: &str, output: &Output) -> bool {
    let Some(code) = output.code else {
        // Without memory there are no words; what is stored is looked at all the same.
        assert!(limit.starts_with("-v"), "{limit}: {output:#?}");
        return false;
    };
    if code == 0 || code == NOT_STARTED {
        return code == 0;
    }
    assert!((1..=8).contains(&code), "{limit}: {output:#?}");
    assert!(
        output.stderr.starts_with("valetkey: "),
        "{limit}: {output:#?}"
    );
    assert!(!output.stderr.contains("E-"), "{limit}: {output:#?}");
    false
}

/// What the vault holds of the tokens.
fn tokens(home: &Home) -> (Option<String>, Option<String>) {
    let kept = home.kept(NAME);
    (kept.access, kept.refresh)
}

/// How many of these limits are enough to get a token.
fn under_every_limit(limits: &[String], sandbox: &SandboxThread, home: &Home) -> usize {
    let mut good = 0;
    for limit in limits {
        let before = tokens(home);
        let output = limited(home, limit, &["token", NAME]);
        if worked(limit, &output) {
            good += 1;
            assert_eq!(Some(output.token()), before.0, "{limit}");
        }
        let listed = limited(home, limit, &["list"]);
        if worked(limit, &listed) {
            assert!(listed.stdout.contains(NAME), "{limit}: {listed:#?}");
        }
        assert_eq!(tokens(home), before, "{limit}");
        sandbox.clear_requests();
        let refreshed = worked(limit, &limited(home, limit, &["refresh", NAME]));
        let asked = !sandbox.requests_to("/token").is_empty();
        assert!(asked || !refreshed, "{limit}");
        if refreshed || !asked {
            assert_eq!(tokens(home).1 != before.1, refreshed, "{limit}");
        }
    }
    // Nothing is left of it.
    home.run(&["refresh", NAME]).ended(0);
    assert!(sandbox.accepts_access(&home.run(&["token", NAME]).token()));
    assert!(sandbox.reuse_events().is_empty());
    good
}

#[test]
fn ft_35_with_few_descriptors_everything_works_or_says_why_not() {
    let sandbox = sandbox(&["rotation=on", "grace=0"]);
    let home = Home::signed_in(&sandbox);
    let limits: Vec<String> = (3..=40).map(|count| format!("-n {count}")).collect();
    let good = under_every_limit(&limits, &sandbox, &home);
    assert!(good > 0, "the last ones are enough");
    assert!(good < limits.len(), "the first ones are not");
}

#[test]
fn ft_35_with_little_memory_everything_works_or_says_why_not() {
    let sandbox = sandbox(&["rotation=on", "grace=60"]);
    let home = Home::signed_in(&sandbox);
    let limits: Vec<String> = (1..=20)
        .map(|step| format!("-v {}", step * 20_000))
        .collect();
    let good = under_every_limit(&limits, &sandbox, &home);
    assert!(good > 0, "the last ones are enough");
    assert!(good < limits.len(), "the first ones are not");
}
