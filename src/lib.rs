//! `fonds` keeps backups of fylr and easydb5 instances in one deduplicating archive file and gives any of them back.
//!
//! The layers, dependencies going down only:
//!
//! ```text
//! web               the migration page
//! jobs              the verbs: open two ends, run, report events
//! archive  fylr  layout  rehearsal  the ends; these never know each other
//! model             the words: pure data, no I/O, no clock
//! sorter            sorts more than memory holds
//! ```
//!
//! Nothing in this library prints, reads the environment or exits: all it has to say is a
//! [`model::event::Event`].

pub mod model;
mod sorter;

pub mod archive;
pub mod fylr;
pub mod layout;
pub mod rehearsal;

pub mod jobs;

pub mod web;
