//! Who signed in, asked before acceptance; and giving a sign-in back that is not accepted.

use super::give_back::give_back;
use super::{Engine, Error};
use crate::host::{Http, TEST_LIMITS};
use crate::model::{Account, Connection, GrantId, ScopeSet, Secret};
use crate::oauth::{self, request};

/// What is known of a candidate grant.
pub(super) struct CandidateFacts {
    pub granted: Option<ScopeSet>,
    pub account: Option<Account>,
}

impl Engine {
    /// The account behind the stored candidate: by its verified identity token, else userinfo,
    /// else the test read. Not knowing is no failure (conformance A-10).
    pub(super) async fn identify_candidate(
        &self,
        connection: &Connection,
        grant: &GrantId,
    ) -> Result<CandidateFacts, Error> {
        let candidate = self
            .with_vault(|vault| vault.candidate(&connection.id))?
            .filter(|candidate| candidate.id == *grant)
            .ok_or(Error::Overtaken)?;
        if candidate.account.is_some() {
            return Ok(CandidateFacts {
                granted: candidate.granted,
                account: candidate.account,
            });
        }
        let token = self
            .with_vault(|vault| vault.candidate_tokens(connection, grant))?
            .map(|(access, _)| access)
            .ok_or(Error::Overtaken)?;
        let account = self.ask_who(connection, &token).await;
        if let Some(account) = &account {
            self.with_vault(|vault| {
                vault.set_candidate_account(&connection.id, grant, account, self.now())
            })?;
        }
        Ok(CandidateFacts {
            granted: candidate.granted,
            account,
        })
    }

    async fn ask_who(&self, connection: &Connection, token: &Secret) -> Option<Account> {
        let http = Http::new(connection.ca_pem.as_deref());
        if let Some(request) = request::userinfo(connection, token)
            && let Ok(response) = http.send(request, &TEST_LIMITS).await
            && let Ok(Some(account)) = oauth::account_from_userinfo(&response, None)
        {
            return Some(account);
        }
        let test = connection.provider.test.as_ref()?;
        let response = http
            .send(
                request::test_read(connection, test, token).ok()?,
                &TEST_LIMITS,
            )
            .await
            .ok()?;
        match oauth::account_from_test(test, &response) {
            oauth::TestVerdict::Ok { account, .. } => account,
            oauth::TestVerdict::Refused { .. } => None,
        }
    }

    /// Gives the candidate back and forgets it. Whether the provider surely took it back.
    pub(super) async fn give_candidate_back(
        &self,
        connection: &Connection,
        grant: &GrantId,
    ) -> Result<bool, Error> {
        let tokens = self.with_vault(|vault| vault.candidate_tokens(connection, grant))?;
        let mut given_back = false;
        if let Some((access, refresh)) = tokens {
            let secret = self.with_vault(|vault| vault.client_secret(connection))?;
            let http = Http::new(connection.ca_pem.as_deref());
            given_back = give_back(
                &http,
                connection,
                secret.as_ref(),
                refresh.as_ref(),
                &access,
            )
            .await;
        }
        let now = self.now();
        self.with_vault(|vault| vault.discard_candidate(&connection.id, grant, now))?;
        Ok(given_back)
    }
}
