//! Which connections may end together (DESIGN section 4, "Accounts and apps").

use super::Row;
use crate::model::{Summary, Untrusted};

/// The other signed-in rows of the same app and account as one of `targets`: many providers end
/// every grant of an app and a person when one of them is revoked.
pub fn siblings<'a>(targets: &[&Summary], rows: &'a [Row]) -> Vec<&'a Row> {
    let is_target = |row: &Row| targets.iter().any(|target| target.id == row.summary.id);
    let may_end = |row: &Row| targets.iter().any(|target| share(target, &row.summary));
    rows.iter()
        .filter(|row| !is_target(row) && may_end(row))
        .collect()
}

fn share(a: &Summary, b: &Summary) -> bool {
    a.provider_id == b.provider_id
        && a.client_id == b.client_id
        && account(a).is_some()
        && account(a) == account(b)
}

fn account(summary: &Summary) -> Option<&Untrusted> {
    let grant = summary.grant.as_ref().filter(|_| summary.ended.is_none())?;
    let account = grant.account.as_ref()?;
    Some(account.id.as_ref().unwrap_or(&account.label))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Account, AccountSource, ConnectionId, ConnectionName, EndReason, Expiry, Grant, GrantId,
        ScopeSet, UnixTime, Verdict,
    };

    fn row(name: &str, client_id: &str, account: Option<&str>, ended: Option<EndReason>) -> Row {
        let mut id = [0; 16];
        id[..name.len()].copy_from_slice(name.as_bytes());
        let grant = Grant {
            id: GrantId::from_random(id),
            granted: None,
            account: account.map(|label| Account {
                label: Untrusted::new(label),
                id: None,
                source: AccountSource::IdToken,
            }),
            signed_in_at: UnixTime(1),
            expiry: Expiry::NotStated,
            issued_at: UnixTime(1),
            in_use: None,
            has_refresh_token: true,
            rotates: None,
            ends_at: None,
            proved_at: None,
            tested_at: None,
            generation: 1,
        };
        let verdict = Verdict::of(Some(&grant), ended, None, false, UnixTime(2));
        Row {
            summary: Summary {
                id: ConnectionId::from_random(id),
                name: ConnectionName::parse(name).expect("name"),
                provider_id: "github".to_owned(),
                provider_name: "GitHub".to_owned(),
                client_id: client_id.to_owned(),
                requested: ScopeSet::default(),
                dev_http: false,
                grant: Some(grant),
                ended,
                problem: None,
                unasked: ScopeSet::default(),
                untestable: false,
            },
            verdict,
        }
    }

    #[test]
    fn l_05_siblings_share_the_app_and_the_account_and_are_signed_in() {
        let rows = [
            row("target", "app", Some("ada"), None),
            row("same", "app", Some("ada"), None),
            row("other-app", "other", Some("ada"), None),
            row("other-person", "app", Some("bob"), None),
            row("over", "app", Some("ada"), Some(EndReason::RevokedByYou)),
            row("nameless", "app", None, None),
        ];
        let of = |at: usize| -> Vec<&str> {
            siblings(&[&rows[at].summary], &rows)
                .into_iter()
                .map(|row| row.summary.name.as_str())
                .collect()
        };
        assert_eq!(of(0), ["same"]);
        assert!(of(5).is_empty(), "an unknown account is nobody's sibling");
        let both = [&rows[0].summary, &rows[1].summary];
        assert!(siblings(&both, &rows).is_empty());
    }
}
