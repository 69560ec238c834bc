//! What people write into a file by hand.

use super::*;
use crate::model::by_hand::{Case, Field, Outcome, every_case};

/// A definition with the case's input in its place.
fn file(case: &Case) -> String {
    let text = toml::Value::String(case.input.clone()).to_string();
    let mut client_id = "\"app\"".to_owned();
    let mut lines = String::new();
    let mut tables = String::new();
    match case.field {
        Field::ClientId => client_id = text,
        Field::Redirect => lines = format!("redirect_uri = {text}\n"),
        Field::Scopes => {
            let all: Vec<toml::Value> = case.input.split(' ').map(toml::Value::from).collect();
            lines = format!("scopes = {}\n", toml::Value::Array(all));
        }
        Field::Issuer => lines = format!("provider.issuer = {text}\n"),
        Field::TestRead => tables = format!("[connection.provider.test]\nurl = {text}\n"),
        Field::Extra => {
            let (name, value) = case.input.split_once('=').expect("a pair");
            tables = format!(
                "[connection.provider.parameters]\nauthorize = [[\"{name}\", \"{value}\"]]\n"
            );
        }
    }
    format!(
        "version = 1\n[[connection]]\nname = \"acme\"\nclient_id = {client_id}\nprovider.id = \"acme\"\n\
         provider.endpoints.authorization = \"https://id.example/authorize\"\n\
         provider.endpoints.token = \"https://id.example/token\"\n{lines}{tables}"
    )
}

fn imported(case: &Case) -> Outcome {
    let read = match read_definitions(&file(case), built_in()) {
        Ok(read) => read,
        Err(problems) => return Outcome::Refused(problems[0].what.clone().leak()),
    };
    if let Some(remark) = read.warnings.first() {
        return Outcome::Asked(remark.what.clone().leak());
    }
    let [acme] = read.definitions.try_into().expect("one");
    let provider = acme.provider;
    Outcome::Kept(match case.field {
        Field::ClientId => acme.client_id,
        Field::Redirect => acme.redirect.to_string(),
        Field::Scopes => acme.scopes.to_string(),
        Field::Issuer => provider.issuer.expect("an issuer").as_str().to_owned(),
        Field::Extra => {
            let (name, value) = &provider.extra.authorize[0];
            format!("{name}={value}")
        }
        Field::TestRead => {
            let url = &provider.test.as_ref().expect("a test read").url;
            // Every host is on the screen before anything is stored, and asked about there.
            if url.authority() != "id.example" {
                return Outcome::Asked(provider.hosts().join(" ").leak());
            }
            url.to_string()
        }
    })
}

#[test]
fn f2_f4_f6_f7_f8_f9_f19_what_a_file_brings_has_its_one_outcome() {
    every_case(|case| {
        // A file may hold the bytes that discovery found, so they are kept.
        if case.field == Field::Issuer && case.input.starts_with("HTTPS") {
            assert_eq!(imported(case), Outcome::Kept(case.input.clone()));
            return None;
        }
        Some(imported(case))
    });
}
