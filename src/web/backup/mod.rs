//! The pages of one backup: its snapshots, what is in them, what changed between them, and what can be done with them.

mod actions;
mod chosen;
mod compare;
mod deeds;
mod download;
mod entry;
mod folder;
mod page;

pub(super) use deeds::act;
pub(super) use page::{below, page};
