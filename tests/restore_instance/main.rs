//! Backups are written to instances: everything arrives, in whatever way it is asked for.

#[path = "../support/mod.rs"]
mod support;
mod whole;
