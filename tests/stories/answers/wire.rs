//! Answers that come in pieces, too slowly, or from a server that cannot prove who it is.

use std::time::Duration;

use valetkey::model::Health;
use valetkey::sandbox::Tls;

use super::{health, sent, sign_in, words};
use crate::stage::Stage;

#[tokio::test]
async fn a42_an_answer_that_is_cut_anywhere_is_no_answer() {
    let stage = Stage::signed_in().await;
    stage.set("grace=1000000");
    // Up to the middle of the status line, a header, the empty line and the body; the last byte alone is missing
    // from none, because nothing after it is needed.
    for bytes in [0, 1, 8, 12, 16, 40, 90, 140, 180, 200, 260, 320] {
        let name = format!("after {bytes} bytes");
        let cut = format!("token_cut={bytes}");
        let before = stage.kept();
        stage.sandbox.clear_requests();
        stage.once("/token", &[&cut]);
        let error = sign_in(&stage).await.expect_err(&name);
        assert!(
            words(&error).contains("No usable answer came from"),
            "{name}: {}",
            words(&error)
        );
        assert_eq!(sent(&stage), 1, "{name}: a code is presented once");
        assert!(stage.kept() == before, "{name}");

        stage.sandbox.clear_requests();
        stage.once("/token", &[&cut]);
        stage.once("/token", &[&cut]);
        let error = stage.engine.refresh(&stage.id).await.expect_err(&name);
        assert!(
            words(&error).contains("The sign-in is kept."),
            "{name}: {}",
            words(&error)
        );
        assert_eq!(sent(&stage), 2, "{name}: one repeat");
        assert_eq!(health(&stage), Health::Offline, "{name}");
        let after = stage.kept();
        assert!(
            after.refresh == before.refresh && after.access == before.access,
            "{name}"
        );
        stage.engine.refresh(&stage.id).await.expect(&name);
    }
}

#[tokio::test]
async fn a43_an_answer_in_single_bytes_is_given_up_on() {
    let stage = Stage::signed_in().await;
    stage.set("grace=1000000");
    let before = stage.kept();
    for _ in 0..2 {
        stage.once("/token", &["token_trickle=on"]);
    }
    let engine = stage.engine.clone();
    let id = stage.id.clone();
    let refresh = tokio::spawn(async move { engine.refresh(&id).await });
    for request in 1..=2 {
        while sent(&stage) < request {
            tokio::task::yield_now().await;
        }
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(31)).await;
        tokio::time::resume();
    }
    let error = refresh.await.expect("done").expect_err("too slow");
    let told = words(&error);
    assert!(told.contains("no answer in time"), "{told}");
    assert!(told.contains("The sign-in is kept."), "{told}");
    assert_eq!(sent(&stage), 2, "one repeat");
    assert_eq!(health(&stage), Health::Offline);
    let after = stage.kept();
    assert!(after.refresh == before.refresh && after.access == before.access);
    stage.engine.refresh(&stage.id).await.expect("in time");
}

#[tokio::test]
async fn a48_a_certificate_that_proves_nothing_gets_no_request_and_costs_no_grant() {
    let stage = Stage::signed_in().await;
    for (tls, told) in [
        (Tls::Expired, "certificate has expired"),
        (Tls::NotYetValid, "certificate is not valid yet"),
        (Tls::WrongName, "certificate is for elsewhere.invalid"),
        (
            Tls::SelfSigned,
            "certificate is signed by nobody this machine trusts",
        ),
    ] {
        let before = stage.kept();
        // The browser of the stage has been let through; the program is not.
        let attempt = stage.begin();
        let approved = stage.approve().await;
        stage.sandbox.show_certificate(tls).expect("another one");
        stage.sandbox.clear_requests();
        crate::stage::off(move || approved.deliver(&approved.callback)).await;
        let error = attempt.outcome().await.expect_err(told);
        let said = words(&error);
        assert!(said.contains(told), "{said}");
        assert!(said.contains("Nothing was changed."), "{said}");
        assert!(stage.kept() == before, "{tls:?}");

        let error = stage.engine.refresh(&stage.id).await.expect_err(told);
        let said = words(&error);
        assert!(said.contains(told), "{said}");
        assert!(said.contains("The sign-in is kept."), "{said}");
        assert_eq!(sent(&stage), 0, "{tls:?}: nothing of the request left");
        assert_eq!(health(&stage), Health::Offline);
        let after = stage.kept();
        assert!(after.refresh == before.refresh && after.access == before.access);

        stage
            .sandbox
            .show_certificate(Tls::Own)
            .expect("the good one");
        stage.engine.refresh(&stage.id).await.expect("goes on");
    }
}
