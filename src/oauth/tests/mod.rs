//! Table tests of the room, named after the rows they prove.

mod callbacks;
mod device_answers;
mod dialects;
mod id_tokens;
mod metadata;
mod pastes;
mod profiles;
mod quirks;
mod requests;
mod revocations;
mod token_answers;
