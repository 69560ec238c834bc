//! What a sign-in hands to other programs and writes down: one address for the browser, encoded once, and
//! nothing of what came to the redirect address.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use url::Url;

use crate::home::{Home, NAME, sandbox};
use crate::web;

/// Sends what a stranger might send, and lets the answer come.
fn send(port: u16, request: &str) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a listener");
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.starts_with(b"HTTP/1.1 4"), "refused");
}

fn files_with(folder: &Path, texts: &[String], found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if entry.file_type().expect("a type").is_dir() {
            files_with(&path, texts, found);
        } else if entry.file_type().expect("a type").is_file() {
            let bytes = fs::read(&path).expect("read");
            found.extend(within(&path.display().to_string(), &bytes, texts));
        }
    }
}

fn within(place: &str, bytes: &[u8], texts: &[String]) -> Vec<String> {
    let holds = |text: &&String| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    let found = texts.iter().filter(holds);
    found.map(|text| format!("{text} in {place}")).collect()
}

#[test]
fn f_21_nothing_of_a_callback_is_written_down_however_much_is_told() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    let log = home.path().join("everything.log");
    let mut command = home.command(&["login", NAME, "--json", "--verbose"]);
    command.env("VALETKEY_DEBUG_LOG", &log);
    let mut running = home.start_command(&mut command);
    let approved = web::approve(&sandbox, &running.opened().expect("opened"));
    let port = Url::parse(&approved.callback).expect("an address").port();
    let port = port.expect("a port");
    let host = format!("Host: 127.0.0.1:{port}\r\n");
    for request in [
        format!(
            "GET /callback?code=canary-f21-code&state=canary-f21-state HTTP/1.1\r\n{host}Cookie: a=canary-f21-cookie\r\n\r\n"
        ),
        format!(
            "GET /callback?error=canary-f21-error&error_description=canary-f21-words HTTP/1.1\r\n{host}\r\n"
        ),
        format!("POST /callback HTTP/1.1\r\n{host}Content-Length: 15\r\n\r\ncanary-f21-body"),
        format!("GET /canary-f21-path HTTP/1.1\r\n{host}X-Header: canary-f21-header\r\n\r\n"),
        "GET / HTTP/1.1\r\nHost: canary-f21-host\r\n\r\n".to_owned(),
        format!("GET /go/canary-f21-link HTTP/1.1\r\n{host}\r\n"),
        "canary-f21-junk\r\n\r\n".to_owned(),
    ] {
        send(port, &request);
    }
    let mut texts = vec!["canary-f21".to_owned()];
    texts.extend(["code", "state"].map(|name| approved.parameter(name)));
    texts.push(
        approved
            .cookie
            .split_once('=')
            .expect("a pair")
            .1
            .to_owned(),
    );
    assert_eq!(approved.deliver(&approved.callback).status, 200);
    let output = running.end().ended(0);
    // It does tell that something came, and the log is as talkative as it gets.
    assert!(output.stdout.contains("other-browser"), "{output:#?}");
    let logged = fs::read_to_string(&log).expect("a log");
    assert!(logged.contains("step=\"exchange\""), "{logged}");
    let mut found = within("stdout", output.stdout.as_bytes(), &texts);
    found.extend(within("stderr", output.stderr.as_bytes(), &texts));
    files_with(home.path(), &texts, &mut found);
    assert_eq!(found, Vec::<String>::new());
    // The reader finds what is there.
    fs::write(home.path().join("planted"), &texts[1]).expect("planted");
    files_with(home.path(), &texts, &mut found);
    fs::remove_file(home.path().join("planted")).expect("removed");
    assert_eq!(found.len(), 1);
}

#[test]
fn e_10_e_11_the_systems_opener_gets_one_address_and_the_provider_what_was_meant() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    // The desktop's opener, which tells how it was called.
    let folder = home.path().join("bin");
    fs::create_dir(&folder).expect("made");
    let opener = folder.join("xdg-open");
    let script = format!(
        "#!/bin/sh\nprintf '%s %s\\n' \"$#\" \"$*\" > '{}'\n",
        home.path().join("opened").display()
    );
    fs::write(&opener, script).expect("an opener");
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o700)).expect("mode");
    let mut command = home.command(&["login", NAME]);
    command.env_remove("BROWSER").env("DISPLAY", ":0");
    command.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
    let mut running = home.start_command(&mut command);
    let called = running.opened().expect("opened");
    let (count, start) = called.split_once(' ').expect("a count");
    assert_eq!(count, "1", "{called}");
    assert!(!start.contains(['%', '?', '&', ' ']), "{start}");
    let (authorize, _) = web::follow(start);
    let query = authorize.split_once('?').expect("a query").1;
    assert!(query.contains("scope=profile+items%3Aread"), "{query}");
    assert!(
        query.contains("redirect_uri=http%3A%2F%2F127.0.0.1%3A"),
        "{query}"
    );
    assert!(!query.contains("%25") && !query.contains(' '), "{query}");
    running.interrupt();
    running.end().ended(130);
}
