//! Backups are written to instances: everything arrives, in whatever way it is asked for, whatever goes wrong.

mod again;
mod collections;
mod counts;
mod diffs;
mod faults;
mod flags;
mod ids;
mod importer;
mod kill;
mod plans;
mod retry;
mod round_trip;
#[path = "../support/mod.rs"]
mod support;
mod targets;
mod trouble;
mod whole;
