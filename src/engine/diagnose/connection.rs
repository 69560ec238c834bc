//! One connection and its provider's host.

use std::time::Instant;

use super::super::{Engine, Look, look_at};
use super::Fact;
use crate::host::{Http, HttpError, METADATA_LIMITS};
use crate::model::{Connection, EndpointUrl, ProviderKind, UnixTime};
use crate::oauth::{HttpResponse, skew_of};

/// What a look at the provider's host brought, for every check below.
pub(super) struct Visit<'a> {
    engine: &'a Engine,
    connection: Connection,
    host: String,
    /// The answer, and how many milliseconds it took.
    answer: Option<Result<(HttpResponse, u64), HttpError>>,
    /// What answers at its two addresses, where the host answered at all.
    look: Option<Look>,
    now: UnixTime,
}

/// In the order in which they are told.
pub(super) const CHECKS: &[fn(&Visit<'_>) -> Vec<Fact>] =
    &[reach, endpoints, clock, sign_in, scopes];

/// Asks the host of the token endpoint for its front page's head: nothing of the connection is sent,
/// and any answer will do.
pub(super) async fn visit(engine: &Engine, connection: Connection) -> Visit<'_> {
    let url = address(&connection).map(|url| url.as_url().clone());
    let host = address(&connection)
        .map(EndpointUrl::authority)
        .unwrap_or_default();
    let answer = match url {
        Some(mut url) => {
            url.set_path("/");
            url.set_query(None);
            let began = Instant::now();
            let http = Http::new(connection.ca_pem.as_deref());
            let request = http::Request::head(url.as_str()).body(Vec::new());
            match request {
                Ok(request) => Some(
                    http.send(request, &METADATA_LIMITS)
                        .await
                        .map(|answer| (answer, milliseconds(began))),
                ),
                Err(_) => Some(Err(HttpError::Address)),
            }
        }
        None => None,
    };
    // The clocks are compared as they were when the answer came.
    let now = engine.now();
    let look = match answer {
        // A preset's addresses are known to be right, and some of them say nothing to a stranger.
        Some(Ok(_)) if connection.provider.kind != ProviderKind::Preset => {
            Some(look_at(&connection.provider.endpoints, connection.ca_pem.as_deref()).await)
        }
        _ => None,
    };
    Visit {
        engine,
        connection,
        host,
        answer,
        look,
        now,
    }
}

fn milliseconds(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn address(connection: &Connection) -> Option<&EndpointUrl> {
    let endpoints = &connection.provider.endpoints;
    endpoints
        .token
        .as_ref()
        .or(endpoints.authorization.as_ref())
}

fn reach(visit: &Visit<'_>) -> Vec<Fact> {
    let told = |answer: &Result<(HttpResponse, u64), HttpError>| Fact::Reach {
        host: visit.host.clone(),
        answer: match answer {
            Ok((_, milliseconds)) => Ok(*milliseconds),
            Err(error) => Err(error.summary().shown()),
        },
    };
    visit.answer.iter().map(told).collect()
}

fn endpoints(visit: &Visit<'_>) -> Vec<Fact> {
    let endpoints = &visit.connection.provider.endpoints;
    let typed = [&endpoints.authorization, &endpoints.token]
        .map(|url| url.as_ref().map(ToString::to_string).unwrap_or_default());
    let look = visit.look.clone();
    look.map(|look| Fact::Endpoints {
        name: visit.connection.name.to_string(),
        look,
        typed,
    })
    .into_iter()
    .collect()
}

fn clock(visit: &Visit<'_>) -> Vec<Fact> {
    let answers = visit.answer.iter().flatten();
    answers
        .filter_map(|(answer, _)| skew_of(answer, visit.now))
        .map(Fact::Clock)
        .collect()
}

fn sign_in(visit: &Visit<'_>) -> Vec<Fact> {
    vec![Fact::SignIn {
        name: visit.connection.name.to_string(),
        verdict: visit.engine.verdict(&visit.connection, visit.now),
    }]
}

fn scopes(visit: &Visit<'_>) -> Vec<Fact> {
    let connection = &visit.connection;
    let grant = connection
        .grant
        .as_ref()
        .filter(|_| connection.ended.is_none());
    let granted = grant.and_then(|grant| grant.granted.as_ref());
    granted
        .map(|granted| connection.requested.without(granted))
        .filter(|refused| !refused.is_empty())
        .map(|refused| Fact::Scopes {
            name: connection.name.to_string(),
            refused: refused.to_string(),
        })
        .into_iter()
        .collect()
}
