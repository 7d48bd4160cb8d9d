//! The migration page: what `fonds serve` answers, below `/inspect/migration/`. Pages show what the archive holds and
//! start jobs; the page calls the jobs and holds no logic of its own.

mod error;
mod options;
mod profiles;

pub mod forms;
pub mod look;
pub mod words;

mod address;
mod answer;
mod body;
mod door;
mod guard;
mod query;
mod recent;
mod server;
mod site;
mod tls;
mod visit;

mod runs;

mod router;

mod assets;
mod backup;
mod create;
mod language;
mod plan;
mod sheets;
mod sign_in;
mod start;

pub use error::Error;
pub use options::{Options, Tls};
pub use profiles::{NoProfile, ProfileName, Profiles};
pub use server::Server;
