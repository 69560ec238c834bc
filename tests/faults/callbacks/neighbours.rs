//! FT-16: a program that takes the port the moment it is free. FT-17: another user of the machine.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::thread::{self, JoinHandle};

use valetkey::advice;
use valetkey::host::{Http, TOKEN_LIMITS};

use super::{Ground, True, deliver, ended, exchange, expect, options, status};
use crate::campaign::{Tally, run, seeds};
use crate::home::{Home, NAME, sandbox};
use crate::stage::off;

/// Takes the port as soon as it can, answers one browser politely, and keeps what it was told.
struct Grabber {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Option<(TcpListener, String)>>,
}

impl Grabber {
    fn at(port: u16) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let held = loop {
                match TcpListener::bind(("127.0.0.1", port)) {
                    Ok(held) => break held,
                    Err(_) if stopped.load(Ordering::Relaxed) => return None,
                    Err(_) => thread::yield_now(),
                }
            };
            loop {
                let (stream, _) = held.accept().expect("somebody");
                let mut line = String::new();
                let mut reader = BufReader::new(&stream);
                let _ = reader.read_line(&mut line);
                let page =
                    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nSigned in";
                let _ = (&stream).write_all(page.as_bytes());
                if line.contains("/callback?") {
                    return Some((held, line));
                }
            }
        });
        Self { stop, thread }
    }
}

/// Tries to turn a stolen code into tokens, as anybody can who has no verifier: the provider's answer.
async fn redeem(ground: &Ground, truth: &True, verifier: Option<&str>) -> u16 {
    let stage = &ground.stage;
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("client_id", "valetkey-practice")
        .append_pair("code", &truth.code)
        .append_pair(
            "redirect_uri",
            &format!("http://127.0.0.1:{}/callback", truth.port),
        );
    if let Some(verifier) = verifier {
        form.append_pair("code_verifier", verifier);
    }
    let request = http::Request::post(stage.sandbox.at("/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.finish().into_bytes())
        .expect("a request");
    let answer = Http::new(stage.sandbox.ca_pem())
        .send(request, &TOKEN_LIMITS)
        .await;
    answer.expect("an answer").status().as_u16()
}

fn port_of(url: &str) -> u16 {
    let url = url::Url::parse(url).expect("an address");
    url.port().expect("a port")
}

/// A port that nobody holds, for a registration that names one. It is none of those that the kernel gives to
/// outgoing connections: of many trials, one would find it taken by such a one.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let spread = u16::try_from(std::process::id() % 8_000).expect("small");
    loop {
        let port = 20_000 + spread + NEXT.fetch_add(1, Ordering::Relaxed) % 4_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

#[test]
fn ft_16_e_05_e_08_whoever_grabs_the_port_gets_no_token_and_is_named() {
    let tally = run(
        "FT-16",
        3,
        || Ground::on_port(free_port()),
        |ground, chance| {
            let mut tally = Tally::default();
            let stage = &ground.stage;
            ground.runtime.block_on(async {
                let attempt = stage.begin_with(options());
                let approved = stage.approve().await;
                let truth = True::of(&approved);
                // It tries from the start; as long as the sign-in waits it gets nothing.
                let grabber = Grabber::at(truth.port);
                chance.pause(std::time::Duration::from_millis(2));
                if chance.below(4) == 0 {
                    // The answer comes in time.
                    let page = off(move || deliver(&truth)).await;
                    expect(&mut tally, "the true answer", status(&page), "200");
                    expect(&mut tally, "the sign-in", ended(attempt).await, "signed in");
                    tally.count("answers in time");
                    // Its next visitor lets it go.
                    let port = True::of(&approved).port;
                    let visit = b"GET /callback? HTTP/1.1\r\n\r\n";
                    off(move || {
                        grabber.stop.store(true, Ordering::Relaxed);
                        while !grabber.thread.is_finished() {
                            let _ = exchange(port, visit);
                        }
                        grabber.thread.join().expect("no panic")
                    })
                    .await;
                    return;
                }
                attempt.remote.cancel();
                expect(&mut tally, "the end", ended(attempt).await, "cancelled");
                // The person approves too late, and the browser goes where nobody of ours is.
                let late = truth.answer();
                let port = truth.port;
                let stolen = off(move || {
                    while !grabber.thread.is_finished() {
                        let _ = exchange(port, &late);
                    }
                    grabber.thread.join().expect("no panic")
                });
                let Some((held, line)) = stolen.await else {
                    tally.complain("the port was not grabbed");
                    return;
                };
                tally.count("codes stolen");
                if !line.contains(&truth.code) {
                    tally.complain("the grabber has no code");
                }
                let guess = "g".repeat(43);
                for verifier in [None, Some(guess.as_str())] {
                    if redeem(ground, &truth, verifier).await == 200 {
                        tally.complain("a stolen code was redeemed");
                    }
                }
                let again = stage.begin_with(options());
                match again.outcome().await {
                    Ok(_) => tally.complain("signed in through a taken port"),
                    Err(error) => {
                        let told = advice::advise(&error).sentence;
                        let wanted = format!("Port {} is taken", truth.port);
                        if told.contains(&wanted) {
                            tally.count("told whose port it is");
                        } else {
                            tally.complain(told);
                        }
                    }
                }
                drop(held);
            });
            stage.sandbox.clear_requests();
            tally
        },
    );
    tally.is_clean();
}

/// The neighbour: reads every command line for the listener at this port, uses the start link that it finds,
/// forges answers.
const NEIGHBOUR: &str = r#"
    use IO::Socket::INET;
    my ($tries, $port) = @ARGV;
    my ($link, $states) = ("", 0);
    for my $file (glob "/proc/[0-9]*/cmdline") {
        next if $file eq "/proc/$$/cmdline";
        open my $line, "<", $file or next;
        my $text = do { local $/; <$line> } // "";
        $link = $1 if $text =~ m{http://127\.0\.0\.1:$port(/go/\w+)};
        $states++ if $text =~ /[?&]state=/ && $text =~ /127\.0\.0\.1(:|%3A)$port/;
    }
    $link or die "no start link seen";
    my ($refused, $served, $other) = (0, 0, 0);
    for my $try (1..$tries) {
        my $peer = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port) or die "closed: $!";
        my $target = ($link, "/callback?code=forged-$try&state=forged-$try",
            "/callback?error=access_denied&state=$try", "/done")[$try % 4];
        print $peer "GET $target HTTP/1.1\r\nHost: 127.0.0.1:$port\r\nCookie: valetkey-$port=$try\r\n\r\n";
        my $answer = <$peer> // "";
        if ($answer =~ / 403 /) { $refused++ } elsif ($answer =~ / [23]\d\d /) { $served++ } else { $other++ }
    }
    printf "refused %d served %d other %d states %d", $refused, $served, $other, $states;
"#;

#[test]
fn ft_17_e_11_f_23_another_user_sees_no_state_and_answers_nothing() {
    let tries = seeds(120);
    let tries = tries.end - tries.start;
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    // A browser whose command line everybody can read for as long as the neighbour looks.
    let over = home.path().join("over");
    home.browser_that(&format!(
        "(until [ -e '{}' ]; do sleep 0.1; done; : \"$1\") &",
        over.display()
    ));
    // A long campaign takes longer than a person may.
    let mut running = home.start(&["login", NAME, "--json", "--timeout", "7200"]);
    let start = running.opened().expect("opened");
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .args(["/usr/bin/perl", "-e", NEIGHBOUR])
        .arg(tries.to_string())
        .arg(port_of(&start).to_string())
        .stdin(Stdio::null())
        .output()
        .expect("setpriv");
    fs::write(&over, "").expect("written");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        told,
        format!("refused {tries} served 0 other 0 states 0"),
        "{output:?}"
    );
    let _ = writeln!(std::io::stderr(), "FT-17: {told}");
    // The link that it saw is still unused, and the person's own browser gets through.
    sandbox
        .visit(&mut sandbox.browser(), &start)
        .expect("a visit");
    let output = running.end().ended(0);
    assert!(output.stdout.contains("\"other-user\""), "{output:#?}");
    assert_eq!(sandbox.requests_to("/token").len(), 1);
}
