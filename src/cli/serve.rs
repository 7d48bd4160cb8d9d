//! `fonds serve`: the migration page, until Ctrl-C.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use fonds::model::event::Observer;
use fonds::web::{Options, Server, Tls};
use serde_json::json;

use crate::cli::connection::{self, ProfileFile};
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::signals;

/// Serve the migration page: backups and restores in the browser
///
/// A link is printed that signs in, once. Backups and restores go on when the browser is closed; what they did is kept in
/// the archive. Ctrl-C ends what runs in order; it can be continued.
///
/// The page is for this machine only unless --listen says otherwise; then a token is wanted, and TLS, or a proxy that
/// speaks it. Scripts send the token: Authorization: Bearer TOKEN.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8666")]
    listen: SocketAddr,
    /// A file whose first line is the token of scripts, 16 signs at least
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The certificate chain, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// A proxy in front speaks TLS
    #[arg(long)]
    behind_proxy: bool,
    /// A host name that the page may be asked for by, with or without a port
    #[arg(long, value_name = "HOST")]
    allow_host: Vec<String>,
    /// Let the page talk to any server, not only to those of fonds.toml
    #[arg(long)]
    allow_any_server: bool,
    /// The file with the instances; otherwise fonds.toml here, or in your configuration directory
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Serve {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let token = self.token_file.as_deref().map(connection::secret_of_file).transpose()?;
        let tls = self.tls_cert.zip(self.tls_key).map(|(certificate, key)| Tls { certificate, key });
        let options = Options {
            archive: absolute(&session.archive)?,
            listen: self.listen,
            token,
            tls,
            is_behind_proxy: self.behind_proxy,
            hosts: self.allow_host,
            allows_any_server: self.allow_any_server,
        };
        let config = self.config.as_deref().map(absolute).transpose()?;
        let profiles = Arc::new(ProfileFile::new(config, session.is_network_logged));
        let observer: Arc<dyn Observer + Send + Sync> = session.observer();
        let server = Server::start(options, profiles, observer)?;
        signals::hold();
        announce(&server, session)?;
        signals::wait();
        server.stop();
        Ok(Exit::DONE)
    }
}

/// Where the server may be told to stand does not matter any more.
fn absolute(path: &Path) -> Result<PathBuf, Error> {
    Ok(std::path::absolute(path)?)
}

fn announce(server: &Server, session: &mut Session) -> Result<(), Error> {
    let link = server.link()?;
    let line = if session.out.is_json() { json!({ "url": server.url(), "link": link }).to_string() } else { link };
    session.out.give(format!("{line}\n").as_bytes())?;
    session.out.flush()?;
    Ok(())
}
