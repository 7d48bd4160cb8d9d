//! What the tests of the archive share.
#![allow(dead_code, reason = "each of the tests uses a part")]

pub mod archives;
pub mod backup;
pub mod disk;
pub mod http;
pub mod instances;
pub mod museum;
pub mod openapi;
pub mod page;
pub mod patience;
pub mod program;
pub mod restores;
pub mod rounds;
pub mod scripted;
pub mod tls;
