//! How the page is served. What would let others in without asking is refused here.

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

use crate::web::error::Error;

/// The shortest token: nobody tries so many signs through.
const TOKEN_LENGTH_MIN: usize = 16;

/// Certificate chain and key, in PEM.
#[derive(Debug, Clone)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// How the page is served.
#[derive(Debug, Clone)]
pub struct Options {
    pub archive: PathBuf,
    pub listen: SocketAddr,
    /// Lets scripts in: `Authorization: Bearer …`.
    pub token: Option<SecretString>,
    pub tls: Option<Tls>,
    /// A proxy in front speaks TLS, and hands on the host that was asked for.
    pub is_behind_proxy: bool,
    /// Hosts that the page may be asked for by, beside the address it listens on; with or without a port.
    pub hosts: Vec<String>,
    /// Not only instances of `fonds.toml` may be talked to.
    pub allows_any_server: bool,
}

impl Options {
    /// # Errors
    /// When others could reach the page in the clear or without a token, or the token can be guessed.
    pub(super) fn check(&self) -> Result<(), Error> {
        if let Some(token) = &self.token {
            let length = token.expose_secret().chars().count();
            if length < TOKEN_LENGTH_MIN {
                return Err(Error::ShortToken { length, least: TOKEN_LENGTH_MIN });
            }
        }
        let missing = match (&self.token, &self.tls) {
            _ if self.listen.ip().is_loopback() => return Ok(()),
            (None, _) => "a token",
            (_, None) if !self.is_behind_proxy => "TLS, or a proxy that speaks it,",
            _ => return Ok(()),
        };
        Err(Error::Exposed { address: self.listen, missing })
    }
}
