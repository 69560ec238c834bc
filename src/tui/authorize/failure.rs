//! What failed, as the advice table phrases it, and the fixes that can be pressed here.

use crate::advice::{Fix, advise};
use crate::engine::{Error, Step};

/// A sign-in that ended without a new grant.
pub(super) struct Failure {
    pub(super) step: Option<Step>,
    /// Nothing failed: the person chose to keep what was there.
    pub(super) chosen: bool,
    pub(super) sentence: String,
    pub(super) hint: Option<String>,
    fixes: Vec<Fix>,
}

impl Failure {
    /// Fixes that edit the definition need the wizard: without it they are left out.
    pub(super) fn new(error: &Error, step: Option<Step>, in_wizard: bool) -> Self {
        let advice = advise(error);
        let edits = |fix: &Fix| {
            matches!(
                fix,
                Fix::ChangeRedirect
                    | Fix::ChangeClientId
                    | Fix::ChangeSecret
                    | Fix::SecretInBody
                    | Fix::SecretInHeader
                    | Fix::WithoutSecret
            )
        };
        let mut fixes: Vec<Fix> = advice
            .fixes
            .into_iter()
            .filter(|fix| in_wizard || !edits(fix))
            .take(9)
            .collect();
        if fixes.is_empty() {
            fixes.push(Fix::TryAgain);
        }
        let chosen = matches!(error, Error::GivenBack { chosen: true, .. });
        // That the person said no is no failure of a step.
        let step = step.filter(|_| !chosen && !matches!(error, Error::Declined));
        Self {
            step,
            chosen,
            sentence: advice.sentence,
            hint: advice.hint,
            fixes,
        }
    }

    pub(super) fn fixes(&self) -> &[Fix] {
        &self.fixes
    }
}
