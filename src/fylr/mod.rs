//! The network side: instances of fylr and easydb5 are talked to through one [`Client`] that authenticates, sends and
//! repeats; [`source`] reads an instance and turns what its API gives into what a target's API takes.

mod error;
mod problem;
mod secrets;
mod version;

mod retry;
mod server;

mod brake;
mod request;
mod transport;

mod answer;
mod attempts;
mod auth;
mod sender;

mod client;
mod instance;

pub(crate) mod json;
mod masked;
mod output_only;

pub mod source;
pub mod target;

pub use auth::Credentials;
pub use client::{Client, Options};
pub use error::{Error, Last, Network};
pub use instance::{Instance, InstanceKind};
pub use problem::Problem;
pub use request::{Request, Shape};
pub use retry::RetryPolicy;
pub use secrets::is_secret_member;
pub use server::Server;
pub use transport::Certificates;
pub use version::Version;
