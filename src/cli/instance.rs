//! `fonds instance`: a rehearsal instance runs until it is told to end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use fonds::jobs::{self, LoadSource};
use fonds::rehearsal::{Client, FAULT_GRAMMAR, Instance as Server, Kind, Loaded, Options, Release, Rule, TokenLife};
use secrecy::SecretString;
use serde_json::json;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::format;
use crate::cli::session::Session;
use crate::cli::signals;

/// Run an instance to rehearse with
///
/// A server in this process that speaks the API of fylr or of easydb5, as strictly as they are documented. It is empty,
/// or filled with --load from a backup, which goes in through its own API: what a real server would refuse, it refuses.
/// State is in memory, files are in a temporary directory; both are gone when it ends, at Ctrl-C or SIGTERM.
///
/// Tests steer it at /_rehearsal: GET, POST (a rule a line) and DELETE faults, GET and DELETE requests, GET dump.
#[derive(Debug, Args)]
#[command(after_long_help = FAULT_GRAMMAR, disable_version_flag = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Instance {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Which system to play
    #[arg(long, value_enum, default_value_t = System::Fylr)]
    kind: System,
    /// Fill it from a backup: a directory, the manifest.json in it, or a snapshot of the archive
    #[arg(long, value_name = "SNAPSHOT|DIR")]
    load: Option<String>,
    /// The instance's name
    #[arg(long, default_value = "rehearsal")]
    name: String,
    /// Which release to play; what came later is not there [default: v6.34.2, or 5.153.0]
    #[arg(long, value_name = "VERSION")]
    version: Option<Release>,
    /// Login of the root user
    #[arg(long, short, default_value = "root")]
    login: String,
    /// Password of the root user [default: admin]; --password-file keeps it out of the list of processes
    #[arg(long, short, value_name = "PASSWORD", conflicts_with = "password_file")]
    password: Option<SecretString>,
    /// File with the password of the root user in its first line
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// One more user that can log in: one of the backup, or a new one without rights
    #[arg(long, value_name = "LOGIN:PASSWORD", value_parser = login)]
    user: Vec<(String, SecretString)>,
    /// One more client of `OAuth2`, confidential with a secret
    #[arg(long, value_name = "ID[:SECRET]", value_parser = client)]
    client: Vec<Client>,
    /// The longest page of any list
    #[arg(long, value_name = "COUNT", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    page_limit: u32,
    /// Milliseconds before each answer
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
    /// Seed of the faults that come by chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What goes wrong, and when; see below
    #[arg(long, value_name = "RULE")]
    fault: Vec<Rule>,
    /// Append a JSON line for each request; secrets are masked
    #[arg(long, value_name = "FILE")]
    request_log: Option<PathBuf>,
    /// Keep the bytes of files here
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// Write everything it holds here when it ends, the same for instances with the same content
    #[arg(long, value_name = "DIR")]
    dump: Option<PathBuf>,
    /// Seconds that tokens live
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
    token_seconds: u64,
    /// Requests that tokens live
    #[arg(long, value_name = "COUNT")]
    token_requests: Option<u64>,
    /// A plugin on its disk, such as that of a custom data type
    #[arg(long, value_name = "NAME")]
    plugin: Vec<String>,
    /// A collector for publications in the base config
    #[arg(long, value_name = "NAME", default_value = "datacite")]
    collector: Vec<String>,
    /// Refuse every write
    #[arg(long)]
    read_only: bool,
    /// Refuse to purge
    #[arg(long)]
    no_purge: bool,
    /// Refuse remote uploads from loopback and private addresses, as fylr does by default
    #[arg(long)]
    block_private_hosts: bool,
    /// Keep password hashes back, as easydb5 does by default
    #[arg(long)]
    no_password_hashes: bool,
    /// Never ask back with 202
    #[arg(long)]
    no_confirm: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum System {
    Fylr,
    Easydb5,
}

fn login(text: &str) -> Result<(String, SecretString), String> {
    let (login, password) = text.split_once(':').ok_or("a login, a colon and a password are wanted")?;
    Ok((login.to_owned(), SecretString::from(password)))
}

#[expect(clippy::unnecessary_wraps, reason = "clap wants it")]
fn client(text: &str) -> Result<Client, String> {
    let (id, secret) = text.split_once(':').map_or((text, None), |(id, secret)| (id, Some(secret)));
    Ok(Client { id: id.to_owned(), secret: secret.map(SecretString::from) })
}

impl Instance {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let (load, dump) = (self.load.clone(), self.dump.clone());
        let source = load.as_deref().map(LoadSource::find).transpose()?;
        let options = self.options()?;
        let (server, loaded) =
            session.work(|observer| jobs::instance(options, source.as_ref(), &session.archive, observer))?;
        signals::hold();
        announce(session, &server, load.as_deref(), &loaded)?;
        signals::wait();
        if let Some(dir) = dump {
            server.dump_to(&dir).map_err(jobs::Error::from)?;
        }
        Ok(Exit::DONE)
    }

    fn options(self) -> Result<Options, Error> {
        let base = match self.kind {
            System::Fylr => Options::default(),
            System::Easydb5 => Options::easydb5(),
        };
        let password = match self.password_file {
            Some(path) => {
                let text = std::fs::read_to_string(&path).map_err(|source| Error::Secret { path, source })?;
                Some(SecretString::from(text.lines().next().unwrap_or_default()))
            }
            None => self.password,
        };
        let clients = [base.clients.clone(), self.client].concat();
        Ok(Options {
            listen: self.listen,
            name: self.name,
            release: self.version.unwrap_or(base.release),
            login: self.login,
            password: password.unwrap_or_else(|| base.password.clone()),
            more_logins: self.user,
            page_max: self.page_limit as usize,
            latency: Duration::from_millis(self.latency),
            seed: self.seed,
            files: self.files,
            faults: self.fault,
            request_log: self.request_log,
            tokens: TokenLife { time: Duration::from_secs(self.token_seconds), requests: self.token_requests },
            clients,
            block_private_hosts: self.block_private_hosts,
            read_only: self.read_only,
            allow_purge: !self.no_purge,
            give_passwords: !self.no_password_hashes,
            plugins: self.plugin,
            collectors: self.collector,
            confirm: !self.no_confirm,
            kind: base.kind,
        })
    }
}

/// One line, of text or JSON, with where it listens and what is in it.
fn announce(session: &mut Session, server: &Server, load: Option<&str>, loaded: &Loaded) -> Result<(), Error> {
    let options = server.options();
    let system = match options.kind {
        Kind::Fylr => "fylr",
        Kind::Easydb5 => "easydb5",
    };
    let line = if session.out.is_json() {
        let line = json!({
            "url": server.api_url(),
            "kind": system,
            "version": options.release.to_string(),
            "login": options.login,
            "load": load,
            "loaded": loaded.counts,
            "files": loaded.files,
            "left_out": loaded.left_out,
        });
        line.to_string()
    } else {
        let what = match load {
            None => "empty".to_owned(),
            Some(name) => {
                let records = loaded.counts.get("records").copied().unwrap_or_default();
                let records = format::count(records, "record version", "record versions");
                format!("loaded {name}: {records}, {}", format::count(loaded.files, "file", "files"))
            }
        };
        let left_out = match loaded.left_out.join("; ") {
            none if none.is_empty() => none,
            some => format!("  left out: {some}"),
        };
        format!("{}  {system} {}  login {}  {what}{left_out}", server.api_url(), options.release, options.login)
    };
    session.out.give(format!("{line}\n").as_bytes())?;
    session.out.flush()?;
    Ok(())
}
