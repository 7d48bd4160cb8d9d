//! Backups are written to instances: everything arrives, in whatever way it is asked for, whatever goes wrong.

mod again;
mod flags;
mod kill;
mod plans;
#[path = "../support/mod.rs"]
mod support;
mod targets;
mod trouble;
mod whole;
