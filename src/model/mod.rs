//! The words every other layer speaks: pure data, no I/O, no clock.

pub mod path;

pub mod entry;
pub mod manifest;

pub mod listing;

pub mod payload;

pub mod backup;
pub mod event;
pub mod ledger;
pub mod log;
