//! Instances of `fonds.toml`. The page knows their names and servers; who serves it knows where their secrets are.

use std::path::Path;

use secrecy::SecretString;

use crate::fylr;

/// An instance that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileName {
    pub name: String,
    /// Its API, as it is written there.
    pub server: String,
    pub login: Option<String>,
}

/// Why an instance cannot be used; a text for people, without secrets.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct NoProfile(pub String);

/// Knows the instances of `fonds.toml`, and fetches their secrets when they are needed.
pub trait Profiles: Send + Sync {
    /// The file, if it was named: then a command line must name it, too.
    fn config(&self) -> Option<&Path> {
        None
    }

    /// All of them, in the order of the file; none if there is no file.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn all(&self) -> Result<Vec<ProfileName>, NoProfile>;

    /// How one is reached, with its secrets; a password that was typed goes before the one it knows. May take as long as
    /// a command that asks a key ring.
    ///
    /// # Errors
    /// When there is none of this name, or a secret cannot be had.
    fn connection(&self, name: &str, password: Option<SecretString>) -> Result<fylr::Options, NoProfile>;
}
