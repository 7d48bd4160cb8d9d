//! The instance itself: what it is, its base config, its beginning and its end.

mod config;
mod initialize;
mod purge;
mod route;
mod settings;
mod status;

pub(in crate::rehearsal) use route::{answer, answer_root};
