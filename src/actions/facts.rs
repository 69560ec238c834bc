//! What a condition may look at.

/// Plain facts about the moment, gathered by the face. Conditions read nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// A connection is selected or marked.
    pub row: bool,
    /// One or more are marked, where marks count.
    pub marked: bool,
    /// The selected connection, or one of those that are marked, has a sign-in that is not over.
    pub signed_in: bool,
    /// One that has a refresh token.
    pub refresh_token: bool,
    /// Rows are there at all.
    pub rows: bool,
    /// A filter or a mark is there to be cleared.
    pub narrowed: bool,
    /// The vault is open and can be locked.
    pub lockable: bool,
    /// The focused line holds something to copy.
    pub copyable: bool,
    /// The screen has a second half to switch to.
    pub split: bool,
    /// The practice provider may be started from here.
    pub practice: bool,
    /// There is no vault yet, so how its key is held can be chosen.
    pub no_vault: bool,
    /// A code is shown that also fits as a QR picture.
    pub qr: bool,
    /// Something was deleted that can come back.
    pub deleted: bool,
    /// Settings or presets were changed since they were read.
    pub changed: bool,
    /// The port of a sign-in can be forwarded.
    pub forward: bool,
    /// The provider can be asked about the token.
    pub introspection: bool,
    /// The sign-in that runs could still ask for other scopes.
    pub other_scopes: bool,
    /// A program waits for a person's word, and its question is not open yet.
    pub asked: bool,
    /// What Enter does with the selected line of a form, in one word, where it does not just go on.
    pub enter: Option<&'static str>,
}

/// Why an action is not possible now; one sentence.
pub(super) type Why = Result<(), &'static str>;

pub(super) fn row(facts: &Facts) -> Why {
    check(facts.row, "There is no connection to do this with.")
}

/// What is done with one connection only: with marks it would not be clear with which.
pub(super) fn one(facts: &Facts) -> Why {
    row(facts)?;
    check(
        !facts.marked,
        "This goes one at a time: {clear} takes the marks off.",
    )
}

pub(super) fn rows(facts: &Facts) -> Why {
    check(facts.rows, "There are no connections yet.")
}

pub(super) fn signed_in(facts: &Facts) -> Why {
    row(facts)?;
    check(
        facts.signed_in,
        "It needs a sign-in first: press {re-authorize}.",
    )
}

pub(super) fn refresh_token(facts: &Facts) -> Why {
    signed_in(facts)?;
    check(
        facts.refresh_token,
        "There is no refresh token; sign in again instead: press {re-authorize}.",
    )
}

pub(super) fn narrowed(facts: &Facts) -> Why {
    check(facts.narrowed, "Nothing is filtered or marked.")
}

pub(super) fn changed(facts: &Facts) -> Why {
    check(facts.changed, "Nothing was changed since they were read.")
}

pub(super) fn lockable(facts: &Facts) -> Why {
    check(facts.lockable, "The vault is not open.")
}

pub(super) fn copyable(facts: &Facts) -> Why {
    check(facts.copyable, "There is nothing to copy on this line.")
}

pub(super) fn split(facts: &Facts) -> Why {
    check(
        facts.split,
        "Two halves need an open connection and 110 columns.",
    )
}

pub(super) fn practice(facts: &Facts) -> Why {
    check(facts.practice, "You are practising already.")
}

pub(super) fn kept(facts: &Facts) -> Why {
    check(
        facts.practice,
        "Practice keeps nothing, so nothing is brought into it.",
    )
}

pub(super) fn no_vault(facts: &Facts) -> Why {
    check(
        facts.no_vault,
        "The vault is made already; valetkey vault slots says how it opens.",
    )
}

pub(super) fn deleted(facts: &Facts) -> Why {
    check(
        facts.deleted,
        "Nothing was deleted since the program started.",
    )
}

pub(super) fn qr(facts: &Facts) -> Why {
    check(
        facts.qr,
        "There is no code, or it does not fit as a picture.",
    )
}

pub(super) fn forward(facts: &Facts) -> Why {
    check(facts.forward, "There is no port to forward here.")
}

pub(super) fn introspection(facts: &Facts) -> Why {
    signed_in(facts)?;
    check(
        facts.introspection,
        "No introspection URL is known for this provider; {edit} adds one.",
    )
}

pub(super) fn other_scopes(facts: &Facts) -> Why {
    check(
        facts.other_scopes,
        "It is too late for that, or not here; finish or stop this sign-in first.",
    )
}

pub(super) fn asked(facts: &Facts) -> Why {
    check(facts.asked, "No program waits for your answer.")
}

fn check(holds: bool, reason: &'static str) -> Why {
    if holds { Ok(()) } else { Err(reason) }
}
