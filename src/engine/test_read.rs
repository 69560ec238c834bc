//! The test read: does the connection work, and who is it?

use std::time::Instant;

use super::failure::{Endpoint, FailureKind, ProviderFailure};
use super::{Change, Engine, Error, TestReport};
use crate::host::{Http, TEST_LIMITS};
use crate::model::{
    AccountSource, Connection, EndpointUrl, Problem, TestMethod, TestRead, Untrusted,
};
use crate::oauth::{self, TestVerdict, request};

impl Engine {
    /// Reads once with the connection's token: the provider's test read, or a GET of the person's
    /// own on the connection's hosts (conformance C-02, C-09). A 401 renews once and reads once
    /// more, then stops (C-04).
    pub async fn test(&self, name: &str, url: Option<&EndpointUrl>) -> Result<TestReport, Error> {
        let connection = self.connection(name)?;
        let test = match url {
            Some(url) => own_read(&connection, url)?,
            None => connection.provider.test.clone().ok_or(Error::NoTestRead)?,
        };
        let handout = self.fresh_token(name, None).await?;
        let mut report = self.read(&connection, &test, &handout.token).await;
        let renewable = connection
            .grant
            .as_ref()
            .is_some_and(|grant| grant.has_refresh_token);
        if matches!(&report, Err(Error::Provider(failure)) if failure.kind == FailureKind::Status(401))
            && renewable
            && !handout.refreshed
        {
            let generation = handout
                .connection
                .grant
                .as_ref()
                .map(|grant| grant.generation);
            self.renew(&connection, generation, false).await?;
            let renewed = self.fresh_token(name, None).await?;
            report = self.read(&connection, &test, &renewed.token).await;
        }
        let now = self.now();
        match &report {
            Ok((_, account)) => {
                // A test read's account has another identifier than a profile of OpenID Connect;
                // it must not take the place of one.
                let known = connection
                    .grant
                    .as_ref()
                    .and_then(|grant| grant.account.as_ref());
                let account = account
                    .as_ref()
                    .filter(|_| known.is_none_or(|known| known.source == AccountSource::TestRead));
                self.with_vault(|vault| vault.mark_tested(&handout.connection, account, now))?;
            }
            // A mistyped address of the person's own says nothing of the connection.
            Err(Error::Provider(failure)) if url.is_none() => {
                let problem = Problem {
                    kind: failure.problem_kind(),
                    detail: Untrusted::new(format!("test read: {}", failure.short().raw())),
                    at: now,
                };
                self.with_vault(|vault| {
                    vault.set_problem(&handout.connection, Some(&problem), now)
                })?;
            }
            Err(_) => {}
        }
        self.tell(&Change::Connections);
        report.map(|(report, _)| report)
    }

    async fn read(
        &self,
        connection: &Connection,
        test: &TestRead,
        token: &crate::model::Secret,
    ) -> Result<(TestReport, Option<crate::model::Account>), Error> {
        let http = Http::new(connection.ca_pem.as_deref());
        let begun = Instant::now();
        let response = http
            .send(request::test_read(connection, test, token)?, &TEST_LIMITS)
            .await
            .map_err(|error| ProviderFailure::http(Endpoint::Test, test.url.authority(), &error))?;
        let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        match oauth::account_from_test(test, &response) {
            TestVerdict::Ok { account, lines, .. } => Ok((
                TestReport {
                    status: response.status().as_u16(),
                    millis,
                    account: account.as_ref().map(|account| account.label.shown()),
                    lines,
                    authority: test.url.authority(),
                },
                account,
            )),
            TestVerdict::Refused { status, .. } => {
                let mut failure =
                    ProviderFailure::status(Endpoint::Test, test.url.authority(), status);
                if let Some(scope) = oauth::missing_scope(&response).filter(|_| status == 403) {
                    failure.kind = FailureKind::MoreScope(scope);
                }
                Err(failure.into())
            }
        }
    }
}

fn own_read(connection: &Connection, url: &EndpointUrl) -> Result<TestRead, Error> {
    if !connection.may_send_token_to(&url.authority()) {
        return Err(Error::ForeignHost {
            authority: url.authority(),
        });
    }
    Ok(TestRead {
        method: TestMethod::Get,
        url: url.clone(),
        headers: Vec::new(),
        account_label: Vec::new(),
        account_id: None,
        success: None,
    })
}
