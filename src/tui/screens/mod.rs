//! The smaller screens, one a file.

mod adopting;
mod agent_asks;
mod asking;
mod bringing;
mod bulk;
mod details;
mod dropping;
mod editing;
mod finished;
mod help;
mod history;
mod interrupted;
mod leaving;
mod palette;
mod renaming;
mod review;
mod revoking;
mod waiting;

pub(super) use adopting::Adopting;
pub(super) use agent_asks::{AgentAsks, answered};
pub(super) use asking::Asking;
pub(super) use bringing::Bringing;
pub(super) use bulk::BulkScreen;
pub(super) use details::Details;
pub(super) use dropping::Dropping;
pub(super) use editing::Editing;
pub(super) use finished::Finished;
pub(super) use help::HelpScreen;
pub(super) use history::HistoryScreen;
pub(super) use interrupted::InterruptedScreen;
pub(super) use leaving::Leaving;
pub(super) use palette::PaletteScreen;
pub(super) use renaming::Renaming;
pub(super) use revoking::{Revoking, told};
pub(super) use waiting::Waiting;
