//! The rehearsal instance: a server inside this process that speaks the API of fylr and of easydb5, as strictly as they
//! are documented, and can be told to fail. State is in memory, the bytes of files are in a directory.
//!
//! Where the documentation is silent the strict reading is taken, and the module that takes it says so. What a real
//! server does and this one does not: it makes no renditions (they come in by upload), sends no mail, runs no plugin
//! code, carries out no transition, and never touches the other side of a bidirectional link.

mod error;
mod options;
mod release;

mod json;

mod answer;
mod problem;
mod request;

mod auth;
mod datamodel;
mod state;

mod base;
mod db;
mod eas;
mod easydb5;
mod system;

mod faults;
mod journal;
mod shared;
mod wire;

mod dump;
mod instance;
mod load;

pub use error::Error;
pub use faults::{FAULT_GRAMMAR, Faults, Rule, RuleError};
pub use instance::Instance;
pub use journal::Logged;
pub use load::{LoadError, Loaded, load};
pub use options::{Client, Kind, Options, TokenLife};
pub use release::Release;
