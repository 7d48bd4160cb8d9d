//! The migration page lets in who may come in, and nobody else. Guards against foreign pages, foreign names, guessed
//! codes, paths that mean others, and connections that only take room: raw requests against the real program.

mod connections;
mod encrypted;
mod requests;
mod signing_in;
#[path = "../support/mod.rs"]
mod support;
