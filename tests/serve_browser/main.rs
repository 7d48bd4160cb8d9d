//! The migration page in a browser, as people use it: a whole migration by clicks, and what happens when something goes
//! wrong in the middle.

mod browser;
mod journey;
mod person;
mod trouble;

#[path = "../support/mod.rs"]
mod support;
