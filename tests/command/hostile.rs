//! The hostile list: what each thing that goes wrong during a sign-in is called, what to do next, and
//! which code the command ends with. No two of them sound alike, and none changes what is stored.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::Command;

use serde_json::Value;
use valetkey::sandbox::{Approval, SandboxThread};

use crate::kept::Provider;

use crate::home::{Home, NAME, Running, sandbox};
use crate::web::{self, Approved};

/// What a person is told.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    sentence: String,
    hint: Option<String>,
    code: i32,
}

/// A signed-in home whose next sign-in goes wrong.
struct Case {
    sandbox: Provider,
    home: Home,
    before: crate::home::Kept,
}

impl Case {
    fn new() -> Self {
        Self::with(|_| {})
    }

    /// With other flags.
    fn with(change: impl FnOnce(&mut Vec<String>)) -> Self {
        let sandbox = sandbox(&[]);
        let home = Home::new();
        let mut flags = home.definition(&sandbox);
        change(&mut flags);
        home.run(&flags).ended(0);
        home.login(&sandbox).ended(0);
        Self::of(sandbox, home)
    }

    fn of(sandbox: Provider, home: Home) -> Self {
        let before = home.kept(NAME);
        Self {
            sandbox,
            home,
            before,
        }
    }

    /// The sign-in fails with this switch.
    fn failing(self, switch: &str) -> Told {
        self.sandbox.set(switch).expect("a switch");
        let browser = self.sandbox.browser();
        self.login(&["login", NAME, "--json"], browser)
    }

    fn login(self, arguments: &[&str], browser: valetkey::sandbox::Browser) -> Told {
        let output = self.home.login_by(&self.sandbox, arguments, browser);
        assert_eq!(self.home.kept(NAME), self.before);
        let lines = output.json_lines();
        let last = lines.last().expect("a last line");
        assert_eq!(last["event"], "failed");
        let sentence = last["message"].as_str().expect("a sentence").to_owned();
        assert!(output.stderr.contains(&sentence), "the same on stderr");
        Told {
            hint: hint(&output.stderr),
            code: output.code.expect("a code"),
            sentence: neutral(&sentence, &self.sandbox),
        }
    }

    /// Something arrives that changes nothing; the attempt goes on until it is stopped.
    fn ignoring(self, event: &str, play: impl FnOnce(&SandboxThread, &mut Running)) -> Told {
        let mut running = self.home.start(&["login", NAME, "--json"]);
        play(&self.sandbox, &mut running);
        let wanted = format!("\"event\":\"{event}\"");
        let line = running.stdout_line(|line| line.contains(&wanted) && !line.contains("\"done\""));
        let line: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(self.home.kept(NAME), self.before);
        running.interrupt();
        let output = running.end().ended(130);
        assert!(output.stderr.contains("Stopped. Nothing was changed."));
        assert_eq!(self.home.kept(NAME), self.before);
        let sentence = line["message"].as_str().or(line["detail"].as_str());
        Told {
            sentence: sentence.expect("a sentence").to_owned(),
            hint: None,
            code: 130,
        }
    }
}

/// The line under the sentence.
fn hint(stderr: &str) -> Option<String> {
    let at = stderr.rfind("valetkey: ")?;
    let line = stderr[at..].lines().nth(1)?;
    Some(line.trim().to_owned())
}

/// What differs from run to run gets a name.
fn neutral(sentence: &str, sandbox: &SandboxThread) -> String {
    let authority = sandbox.url().trim_start_matches("https://");
    sentence.replace(authority, "HOST")
}

fn approved(sandbox: &SandboxThread, running: &mut Running) -> Approved {
    let url = running.opened().expect("opened");
    let (authorize, cookie) = web::follow(&url);
    let callback = sandbox
        .approve(&authorize, &Approval::default())
        .expect("approved");
    Approved { callback, cookie }
}

fn wrong_state() -> Told {
    Case::new().ignoring("ignored", |sandbox, running| {
        let approved = approved(sandbox, running);
        assert_eq!(
            approved.deliver(&approved.with("state", "wrong")).status,
            400
        );
    })
}

fn missing_code() -> Told {
    Case::new().ignoring("ignored", |sandbox, running| {
        let approved = approved(sandbox, running);
        assert_eq!(approved.deliver(&approved.with("code", "")).status, 400);
    })
}

fn access_denied() -> Told {
    let case = Case::new();
    let browser = case.sandbox.browser().denying();
    case.login(&["login", NAME, "--json"], browser)
}

fn favicon_first() -> Told {
    Case::new().ignoring("ignored", |_, running| {
        let url = url::Url::parse(&running.opened().expect("opened")).expect("an address");
        let icon = url.join("/favicon.ico").expect("an address");
        assert_eq!(web::get(icon.as_str(), &[]).status, 404);
    })
}

fn wrong_host() -> Told {
    Case::new().ignoring("ignored", |sandbox, running| {
        let approved = approved(sandbox, running);
        let headers = [
            ("Host", "evil.example"),
            ("Cookie", approved.cookie.as_str()),
        ];
        assert_eq!(web::get(&approved.callback, &headers).status, 421);
    })
}

/// The first answer counts; here its exchange fails, so that nothing is stored.
fn second_callback() -> Told {
    let case = Case::new();
    for switch in ["token_hold=on", "token_error=server_error"] {
        case.sandbox.set(switch).expect("a switch");
    }
    let mut running = case.home.start(&["login", NAME, "--json"]);
    let first = approved(&case.sandbox, &mut running);
    let other = first.with("code", "another");
    let cookie = first.cookie.clone();
    let page = std::thread::spawn(move || first.deliver(&first.callback));
    case.sandbox.wait_until_held(1);
    assert_eq!(web::get(&other, &[("Cookie", &cookie)]).status, 400);
    case.sandbox.release(1);
    page.join().expect("answered");
    let output = running.end();
    assert_eq!(case.home.kept(NAME), case.before);
    let lines = output.json_lines();
    let told = lines
        .iter()
        .find(|line| line["event"] == "ignored")
        .expect("told");
    Told {
        sentence: told["message"].as_str().expect("a sentence").to_owned(),
        hint: None,
        code: output.code.expect("a code"),
    }
}

fn port_taken() -> Told {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let case = Case::with(|flags| {
        flags.extend([
            "--redirect-uri".to_owned(),
            format!("http://127.0.0.1:{port}/callback"),
        ]);
    });
    let _held = TcpListener::bind(("127.0.0.1", port)).expect("the port");
    let browser = case.sandbox.browser();
    let mut told = case.login(&["login", NAME, "--json"], browser);
    let (start, rest) = told.sentence.split_once(" is taken").expect("a sentence");
    assert_eq!(start, format!("Port {port}"));
    let (_owner, rest) = rest.split_once(';').expect("a reason");
    told.sentence = format!("Port PORT is taken by OWNER;{rest}");
    told
}

fn no_browser() -> Told {
    let case = Case::new();
    std::fs::remove_file(case.home.path().join("browser")).expect("removed");
    case.ignoring("step\",\"state\":\"skipped", |_, _| {})
}

fn no_keychain() -> Told {
    let sandbox = sandbox(&[]);
    let home = Home::empty();
    let flags = home.definition(&sandbox);
    let mut command: Command = home.command(&flags);
    let output = crate::home::run(command.env_remove("VALETKEY_PASSPHRASE_FILE"));
    let status = home.run(&["vault", "status", "--json"]).ended(0).json();
    assert_eq!(status["made"], false, "nothing is stored");
    let sentence = output.stderr.lines().next().expect("a sentence");
    Told {
        sentence: sentence.trim_start_matches("valetkey: ").to_owned(),
        hint: hint(&output.stderr),
        code: output.code.expect("a code"),
    }
}

fn wrong_client_secret() -> Told {
    let sandbox = sandbox(&[]);
    let home = Home::new();
    let secret = home.path().join("secret");
    std::fs::write(&secret, "practice-secret-not-real\n").expect("written");
    let secret = secret.display().to_string();
    let mut flags: Vec<String> = home
        .definition(&sandbox)
        .into_iter()
        .map(|flag| flag.replace("valetkey-practice", "valetkey-confidential"))
        .collect();
    flags.extend(["--client-secret-file".to_owned(), secret.clone()]);
    home.run(&flags).ended(0);
    home.login(&sandbox).ended(0);
    std::fs::write(&secret, "mistyped").expect("written");
    home.run(&["edit", NAME, "auth=basic", "--client-secret-file", &secret])
        .ended(0);
    let case = Case::of(sandbox, home);
    let browser = case.sandbox.browser();
    case.login(&["login", NAME, "--json"], browser)
}

fn nobody_answers() -> Told {
    let case = Case::new();
    let output = case
        .home
        .start(&["login", NAME, "--json", "--timeout", "1"])
        .end();
    assert_eq!(case.home.kept(NAME), case.before);
    let lines = output.json_lines();
    let last = lines.last().expect("a last line");
    Told {
        sentence: last["message"].as_str().expect("a sentence").to_owned(),
        hint: hint(&output.stderr),
        code: output.code.expect("a code"),
    }
}

#[test]
fn everything_hostile_has_a_sentence_a_next_step_and_a_code_of_its_own() {
    let list: [(&str, Told, &str, Option<&str>, i32); 14] = [
        (
            "wrong state",
            wrong_state(),
            "An answer with a wrong state arrived and was ignored. An old tab? Open the page again.",
            None,
            130,
        ),
        (
            "missing code",
            missing_code(),
            "An answer without a code arrived and was ignored.",
            None,
            130,
        ),
        (
            "access denied",
            access_denied(),
            "You declined. Nothing was changed.",
            None,
            5,
        ),
        (
            "favicon first",
            favicon_first(),
            "Ignored an unrelated request.",
            None,
            130,
        ),
        (
            "second callback",
            second_callback(),
            "A second, different answer arrived; the first one counts. If you did not do this, revoke the connection.",
            None,
            7,
        ),
        (
            "wrong Host",
            wrong_host(),
            "A request for another host name arrived and was refused: a web page tried to reach this sign-in.",
            None,
            130,
        ),
        (
            "port taken",
            port_taken(),
            "Port PORT is taken by OWNER; this provider compares ports.",
            Some("Stop that program or wait for it, or register another redirect URL."),
            8,
        ),
        (
            "no browser",
            no_browser(),
            "no browser could be started",
            None,
            130,
        ),
        (
            "no keychain",
            no_keychain(),
            "There is no keychain here; a passphrase is needed.",
            Some(
                "Set VALETKEY_PASSPHRASE_FILE or give --passphrase-fd. For a new vault: valetkey vault init --passphrase",
            ),
            6,
        ),
        (
            "wrong client secret",
            wrong_client_secret(),
            "The provider does not accept this client ID and secret together. It says: \"wrong client secret\"",
            Some("Correct the client ID or the secret, or send the secret another way."),
            7,
        ),
        (
            "redirect from the token endpoint",
            Case::new().failing("token_redirect=307:https://evil.example/token"),
            "The token endpoint at HOST answered with a redirect to https://evil.example/token; it was not followed. Nothing was changed.",
            Some("Correct the token URL: redirects there could leak the sign-in."),
            7,
        ),
        (
            "HTML answer",
            Case::new().failing("token_unavailable=200"),
            "The token endpoint at HOST sent a web page instead of OAuth data. Nothing was changed.",
            Some(
                "Perhaps a captive portal: open any page in a browser, then try again. Or the token URL is wrong.",
            ),
            7,
        ),
        (
            "2 MB answer",
            Case::new().failing("token_big=2000000"),
            "The token endpoint at HOST sent more than fits such an answer; it was cut off. Nothing was changed.",
            Some("Check the token URL."),
            7,
        ),
        (
            "nobody answers",
            nobody_answers(),
            "No answer came in 1 s. Nothing was changed.",
            Some("Try again, or paste the address the browser ended on."),
            3,
        ),
    ];
    let mut sentences = BTreeSet::new();
    for (what, told, sentence, hint, code) in list {
        let expected = Told {
            sentence: sentence.to_owned(),
            hint: hint.map(str::to_owned),
            code,
        };
        assert_eq!(told, expected, "{what}");
        assert!(
            sentences.insert(told.sentence),
            "{what} sounds like another"
        );
    }
}
