//! Why the page cannot be served.

use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("no threads for the page can be had")]
    Runtime(#[source] std::io::Error),
    #[error("{address} can be reached from other machines, and {missing} is missing")]
    Exposed { address: SocketAddr, missing: &'static str },
    #[error("the token has {length} signs, and needs at least {least}")]
    ShortToken { length: usize, least: usize },
    #[error("{host} is no name of a host")]
    BadHost { host: String },
    #[error("cannot read {}", .path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{} holds no {what}", .path.display())]
    NotTls { path: PathBuf, what: &'static str },
    #[error("certificate and key do not fit together: {why}")]
    Tls { why: String },
    #[error("there is no randomness")]
    Random(#[source] getrandom::Error),
}
