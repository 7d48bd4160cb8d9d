//! What a rehearsal instance can fail of.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("cannot keep files in {}", .path.display())]
    Files { path: PathBuf, source: io::Error },
    #[error("cannot write the request log {}", .path.display())]
    RequestLog { path: PathBuf, source: io::Error },
    #[error("cannot start the server's threads")]
    Runtime(#[source] io::Error),
    #[error("cannot prepare the HTTP client")]
    Client(#[source] reqwest::Error),
    #[error("cannot write the dump to {}", .path.display())]
    Dump { path: PathBuf, source: io::Error },
}
