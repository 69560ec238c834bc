//! A look at a provider's two addresses before anybody signs in (bad input F3). Nothing of a connection is
//! sent: no client ID, no secret, no token.

use std::time::Duration;

use crate::host::{Http, Limits};
use crate::model::{EndpointUrl, Endpoints, Shown};
use crate::oauth::HttpRequest;
use crate::oauth::sight::{Sight, page_request, sight, token_request};

/// A person waits for it.
const LIMITS: Limits = Limits {
    body: 256 * 1024,
    total: Duration::from_secs(10),
    connect: Duration::from_secs(5),
    first_byte: Duration::from_secs(8),
};

/// One address and what answered there, or why nothing did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub authority: String,
    pub sight: Result<Sight, Shown>,
}

/// What was seen of each address that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    pub authorization: Option<Seen>,
    pub token: Option<Seen>,
}

impl Look {
    /// Whether each address answers as the other one should.
    pub fn swapped(&self) -> bool {
        let saw = |seen: &Option<Seen>| seen.as_ref().and_then(|seen| seen.sight.clone().ok());
        saw(&self.authorization) == Some(Sight::Token)
            && matches!(saw(&self.token), Some(Sight::Page | Sight::Other(_)))
    }
}

/// Asks both at the same time; takes ten seconds at most.
pub async fn look_at(endpoints: &Endpoints, ca_pem: Option<&str>) -> Look {
    let http = Http::new(ca_pem);
    let (authorization, token) = tokio::join!(
        see(
            &http,
            endpoints.authorization.as_ref(),
            page_request,
            token_request,
            Sight::Page
        ),
        see(
            &http,
            endpoints.token.as_ref(),
            token_request,
            page_request,
            Sight::Token
        ),
    );
    Look {
        authorization,
        token,
    }
}

/// Asks as the address should be asked. Where it answers unlike that, it is asked as the other kind is: only
/// then is it told as that one.
async fn see(
    http: &Http,
    url: Option<&EndpointUrl>,
    first: fn(&EndpointUrl) -> Option<HttpRequest>,
    second: fn(&EndpointUrl) -> Option<HttpRequest>,
    wanted: Sight,
) -> Option<Seen> {
    let url = url?;
    let ask = async |request: HttpRequest| {
        let answer = http.send(request, &LIMITS).await;
        answer
            .map(|answer| sight(&answer))
            .map_err(|error| error.summary().shown())
    };
    let mut seen = ask(first(url)?).await;
    if let Ok(Sight::Other(_)) = seen
        && let Some(request) = second(url)
        && let Ok(other @ (Sight::Page | Sight::Token)) = ask(request).await
        && other != wanted
    {
        seen = Ok(other);
    }
    Some(Seen {
        authority: url.authority(),
        sight: seen,
    })
}
