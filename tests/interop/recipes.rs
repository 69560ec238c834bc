//! docs/RECIPES.md: what it marks as run is run, as it stands there.

use std::process::Command;

use serde_json::Value;
use valetkey::sandbox::SandboxThread;

use crate::sealed::{Home, NAME, sandbox};
use crate::stub::{other, told};

const PAGE: &str = include_str!("../../docs/RECIPES.md");

/// The code blocks below a heading, in this language.
fn blocks(heading: &str, language: &str) -> Vec<&'static str> {
    let (_, section) = PAGE
        .split_once(&format!("\n## {heading}\n"))
        .expect(heading);
    let section = section.split("\n## ").next().unwrap_or_default();
    let fence = format!("```{language}\n");
    let found: Vec<&str> = section
        .split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default())
        .collect();
    assert!(!found.is_empty(), "no {language} below {heading}");
    found
}

/// A recipe for this home: its connection, and the practice provider's address.
fn ours(recipe: &str, sandbox: &SandboxThread) -> String {
    recipe
        .replace("https://api.github.com/user", &sandbox.at("/me"))
        .replace("github", NAME)
        .replace("valetkey token mail", &format!("valetkey token {NAME}"))
}

fn shell(home: &Home, line: &str) -> Command {
    let mut command = other(home, "sh");
    command
        .args(["-e", "-c", line])
        .env("CURL_CA_BUNDLE", home.path().join("ca.pem"));
    command
}

#[test]
fn y_15_the_recipes_for_any_program_and_ci_do_as_they_say() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let any = blocks("Any program", "sh");
    assert_eq!(any.len(), 3);
    for recipe in any {
        let (code, out, err) = told(&mut shell(&home, &ours(recipe, &sandbox)));
        assert_eq!(
            (code, out.as_str(), err.as_str()),
            (Some(0), "", ""),
            "{recipe}"
        );
        // What it tests is not always so.
        let without = recipe
            .replace("valetkey exec github", "env")
            .replace("--env GITHUB_TOKEN", "");
        let without = without.replace("--fd", "").replace("--", "");
        let (code, ..) = told(&mut shell(&home, &without));
        assert_eq!(code, Some(1), "{without}");
    }
    let ci = blocks("CI", "sh")[0];
    let (code, out, err) = told(&mut shell(&home, &ours(ci, &sandbox)));
    assert_eq!(code, Some(0), "{err}");
    let (json, log) = out.split_once('\n').expect("two lines");
    let json: Value = serde_json::from_str(json).expect("JSON");
    assert_eq!(json["version"], 1);
    assert_eq!(log, "publishing with <concealed>\n");
    assert!(
        PAGE.contains(&format!("`{}`", log.trim_end())),
        "the page says so"
    );
}

#[test]
fn y_10_the_recipe_for_curl_reads_with_the_token() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let recipe = ours(blocks("curl", "sh")[0], &sandbox);
    let (code, out, err) = told(&mut shell(&home, &recipe));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let answer: Value = serde_json::from_str(&out).expect("JSON");
    assert!(answer["sub"].is_string(), "{answer}");
}

#[test]
fn y_10_the_commands_that_mail_programs_run_print_the_token() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let commands: Vec<String> = blocks("Mail: msmtp and isync", "conf")
        .into_iter()
        .flat_map(str::lines)
        .filter_map(|line| Some(line.split_once(" \"")?.1.trim_end_matches('"').to_owned()))
        .collect();
    assert_eq!(commands.len(), 2, "{commands:?}");
    for command in commands {
        let (code, out, err) = told(&mut shell(&home, &ours(&command, &sandbox)));
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert!(
            sandbox.accepts_access(out.trim_end_matches('\n')),
            "{command}"
        );
    }
}

#[test]
fn y_15_a_server_on_standard_input_and_output_passes_through() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let configuration = blocks("An MCP server or client", "json")[0];
    let configuration: Value = serde_json::from_str(&ours(configuration, &sandbox)).expect("JSON");
    let server = &configuration["mcpServers"]["notes"];
    let arguments = server["args"].as_array().expect("arguments").iter();
    let mut words: Vec<&str> = arguments.filter_map(Value::as_str).collect();
    assert_eq!(words.pop(), Some("notes-mcp-server"));
    let mut command = other(&home, server["command"].as_str().expect("a program"));
    command
        .args(words)
        .args(["sh", "-c", "test -n \"$GITHUB_TOKEN\" && exec cat"]);
    let request = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n";
    let input = home.path().join("request");
    std::fs::write(&input, request).expect("written");
    command.stdin(std::fs::File::open(input).expect("opens"));
    let (code, out, err) = told(&mut command);
    assert_eq!((code, out.as_str()), (Some(0), request), "{err}");
}

#[test]
fn y_14_the_recipes_for_git_and_kubectl_are_those_that_are_tested() {
    let git = blocks("git", "sh");
    assert_eq!(git[0].lines().count(), 2);
    let helpers: Vec<&str> = git[0]
        .lines()
        .filter_map(|line| line.split('\'').nth(1))
        .collect();
    assert_eq!(helpers, ["", "!valetkey git-credential"]);
    assert!(git[1].contains("credential.https://github.com.username"));
    for line in git.concat().lines() {
        let home = Home::empty();
        let mut command = shell(&home, line);
        command.env("GIT_CONFIG_GLOBAL", home.path().join("gitconfig"));
        assert_eq!(told(&mut command).0, Some(0), "{line}");
    }
    let user = blocks("kubectl", "yaml")[0];
    for words in [
        "apiVersion: client.authentication.k8s.io/v1\n",
        "args: [kube-credential, ",
        "interactiveMode: Never",
    ] {
        assert!(user.contains(words), "{words}");
    }
}

#[test]
fn the_page_names_only_commands_that_there_are() {
    let home = Home::empty();
    let commands: std::collections::BTreeSet<&str> = PAGE
        .split("valetkey ")
        .skip(1)
        .filter_map(|rest| rest.split([' ', '`', '\n', '"', ')', '\'']).next())
        .filter(|word| !word.starts_with('-') && *word != "list")
        .collect();
    assert!(commands.len() >= 5, "{commands:?}");
    for command in commands {
        home.run(&[command, "--help"]).ended(0);
    }
}
