//! The wizard walked for ten services, step by step, as somebody who has never seen it: the real program
//! in a terminal, the preset's real addresses, and behind them a provider dressed in the service's facts.
//! Every screen is recorded in docs/presets, and docs/WIZARD.md shows the two that matter most.

mod book;
mod scenes;

use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};

use valetkey::provider::Catalogue;

use crate::child::Surroundings;
use crate::dressed::Dressed;
use crate::fixture::Fixture;
use crate::home::Home;
use crate::wire::Wire;

/// Who is walked, in the order of docs/WIZARD.md.
const TEN: [&str; 10] = [
    "github",
    "linear",
    "slack",
    "gitlab",
    "google",
    "microsoft",
    "atlassian",
    "notion",
    "discord",
    "spotify",
];

/// Who answers behind the proxy.
type Current = Arc<Mutex<Option<Arc<Dressed>>>>;

#[test]
fn recorded_walks_are_fresh() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let current = Current::default();
    let (home, pages) = Home::new().with_browser();
    let authority = home.path("authority.pem");
    let home = home
        .set("SSL_CERT_FILE", &authority.to_string_lossy())
        .set("HTTPS_PROXY", &format!("http://127.0.0.1:{port}"));
    let behind = current.clone();
    runtime.block_on(async {
        let surroundings = Surroundings {
            listener,
            authority,
        };
        Wire::open(
            surroundings,
            None,
            Arc::new(move |request| {
                let dressed = behind.lock().unwrap_or_else(PoisonError::into_inner);
                dressed.clone()?.handle(&request)
            }),
        )
    });
    let mut facts = Fixture::all();
    let mut book = book::Book::default();
    let mut term = home.start(&[]);
    for id in TEN {
        let at = facts.iter().position(|(known, _)| known == id);
        let (_, facts) = facts.swap_remove(at.expect("facts"));
        let preset = Catalogue::built_in()
            .presets()
            .iter()
            .find(|preset| preset.id == id);
        let mut walk = scenes::Walk {
            term: &mut term,
            pages: &pages,
            current: &current,
            book: &mut book,
            preset: preset.expect("a preset"),
        };
        walk.whole(facts);
    }
    scenes::leave(term);
    book.close();
}
