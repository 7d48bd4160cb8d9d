//! How a rehearsal instance is set up.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::rehearsal::faults::Rule;
use crate::rehearsal::release::Release;

/// Which system is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Fylr,
    Easydb5,
}

impl Kind {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fylr => "fylr",
            Self::Easydb5 => "easydb5",
        }
    }
}

/// How long tokens live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenLife {
    pub time: Duration,
    /// A token dies after so many requests, too.
    pub requests: Option<u64>,
}

/// A client of `OAuth2`. One without a secret is public.
#[derive(Debug, Clone)]
pub struct Client {
    pub id: String,
    pub secret: Option<SecretString>,
}

/// All that can be chosen. The default is an empty fylr that listens on a free port of 127.0.0.1 and whose root user is
/// `root` with the password `admin`.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, named after a setting of the server")]
pub struct Options {
    pub listen: SocketAddr,
    pub kind: Kind,
    /// The instance's name.
    pub name: String,
    pub release: Release,
    /// The login of the root user.
    pub login: String,
    pub password: SecretString,
    /// More users that can log in with a password: those that are there get it, others are made without any rights.
    pub more_logins: Vec<(String, SecretString)>,
    /// The longest page of any list; a greater `limit` is cut down to it. The documentation of fylr names no maximum;
    /// easydb5 has 1000.
    pub page_max: usize,
    /// Time that passes before each answer.
    pub latency: Duration,
    /// Of the faults that come by chance.
    pub seed: u64,
    /// Where the bytes of files are kept; else in a temporary directory, which is removed at the end.
    pub files: Option<PathBuf>,
    pub faults: Vec<Rule>,
    /// A file that gets one JSON line for each request.
    pub request_log: Option<PathBuf>,
    pub tokens: TokenLife,
    pub clients: Vec<Client>,
    /// Whether remote uploads from loopback and private addresses are refused, as fylr does since 6.33.
    pub block_private_hosts: bool,
    pub read_only: bool,
    /// The switch `fylr.allowpurge` of the server; the base config has another one.
    pub allow_purge: bool,
    /// The switch `server.api.user.include_password` of easydb5.
    pub give_passwords: bool,
    /// Plugins on the disk of the server.
    pub plugins: Vec<String>,
    /// Collectors for publications that the base config begins with.
    pub collectors: Vec<String>,
    /// Whether answers 202 are given where a real server asks back.
    pub confirm: bool,
}

impl Default for Options {
    fn default() -> Self {
        let public = |id: &str| Client { id: id.to_owned(), secret: None };
        let secret = Some(SecretString::from("foo"));
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            kind: Kind::Fylr,
            name: "rehearsal".to_owned(),
            release: Release::FYLR,
            login: "root".to_owned(),
            password: SecretString::from("admin"),
            more_logins: Vec::new(),
            page_max: 1000,
            latency: Duration::ZERO,
            seed: 1,
            files: None,
            faults: Vec::new(),
            request_log: None,
            tokens: TokenLife { time: Duration::from_hours(24), requests: None },
            clients: vec![
                public("fylr-web-frontend"),
                public("fylr-mobile-app"),
                public("ci-hub"),
                public("linkrui"),
                Client { id: "web-client".to_owned(), secret },
            ],
            block_private_hosts: false,
            read_only: false,
            allow_purge: true,
            give_passwords: true,
            plugins: Vec::new(),
            collectors: vec!["datacite".to_owned()],
            confirm: true,
        }
    }
}

impl Options {
    /// The default of an easydb5.
    #[must_use]
    pub fn easydb5() -> Self {
        Self { kind: Kind::Easydb5, release: Release::EASYDB5, ..Self::default() }
    }
}
