//! The stories of the program. (Only its vocabulary stands here so far.)

mod event;

pub use event::{
    Answer, AttemptEvent, Change, Detail, NewConnection, Outcome, Question, Row, SignInOptions,
    Step, StepState, TestReport, Way,
};

/// What went wrong in a story.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub &'static str);
