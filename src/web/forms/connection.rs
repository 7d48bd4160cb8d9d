//! How the instance of a form is reached: one of `fonds.toml`, or what was typed.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;

use crate::fylr::{Certificates, Credentials, Options, RetryPolicy, Server};
use crate::model::manifest::without_secrets;
use crate::web::Profiles;
use crate::web::forms::command::CommandLine;
use crate::web::forms::complaint::Complaints;
use crate::web::words::{Language, forms};

/// As the command line has it where nothing is said.
const RETRIES: u32 = 10;
/// As the command line has it where nothing is said.
const RETRY_SLEEP: Duration = Duration::from_secs(30);

/// Where forms are sent to.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub archive: &'a Path,
    pub profiles: &'a dyn Profiles,
    pub allows_any_server: bool,
    pub language: Language,
}

/// An instance as it was named.
#[derive(Clone, Default)]
pub struct Access {
    /// The name of a profile; then server and login come from there.
    pub instance: String,
    pub server: String,
    pub login: String,
    pub password: Option<SecretString>,
}

/// What holds for all instances of a form.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    pub is_insecure: bool,
    /// Client id and secret count.
    pub is_oauth2: bool,
    pub client_id: String,
    pub client_secret: Option<SecretString>,
}

/// Names of the fields, and how they stand in complaints.
pub struct Names {
    pub instance: &'static str,
    pub server: &'static str,
    pub login: &'static str,
    pub password: &'static str,
}

/// A server may hold a password for a proxy in front.
impl fmt::Debug for Access {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.instance, self.server_shown(), self.login)
    }
}

impl Access {
    /// The words that name it on a command line.
    pub(super) fn words(&self, flag: &str, line: &mut CommandLine) {
        if self.instance.is_empty() {
            line.value("--server", self.server_shown());
            line.value("--login", &self.login);
        } else {
            line.value(flag, &self.instance);
        }
    }

    /// Whether nothing was typed.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.instance.is_empty() && self.server.is_empty() && self.login.is_empty() && self.password.is_none()
    }

    /// What people call it: the profile, or the server without what must not be seen.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.instance.is_empty() { self.server_shown() } else { self.instance.clone() }
    }

    /// The server without user and password, which may stand in it for a proxy.
    #[must_use]
    pub fn server_shown(&self) -> String {
        without_secrets(&self.server)
    }

    /// How it is reached; `None` if something is wrong, which is complained about.
    pub fn options(
        &self,
        manner: &Manner,
        (timeout, workers): (Duration, usize),
        place: &Place<'_>,
        names: &Names,
        complaints: &mut Complaints,
    ) -> Option<Options> {
        let options = if self.instance.is_empty() {
            self.typed(place, names, complaints)
        } else {
            self.of_profile(place, names, complaints)
        };
        let mut options = options?;
        options.timeout = timeout;
        options.workers = workers;
        if manner.is_insecure {
            options.certificates = Certificates::Accepted;
        }
        if manner.is_oauth2 {
            options.credentials.client_id.clone_from(&manner.client_id);
            options.credentials.client_secret.clone_from(&manner.client_secret);
        }
        Some(options)
    }

    fn of_profile(&self, place: &Place<'_>, names: &Names, complaints: &mut Complaints) -> Option<Options> {
        let language = place.language;
        if !self.server.is_empty() || !self.login.is_empty() {
            complaints.add(names.server, language.say(forms::E_BESIDE));
            return None;
        }
        let known = place.profiles.all().unwrap_or_default();
        if !known.iter().any(|profile| profile.name == self.instance) {
            complaints.add(names.instance, language.say(forms::E_NO_PROFILE));
            return None;
        }
        match place.profiles.connection(&self.instance, self.password.clone()) {
            Ok(options) => Some(options),
            Err(why) => {
                complaints.add(names.instance, language.fill(forms::E_SECRET, &[&why.to_string()]));
                None
            }
        }
    }

    fn typed(&self, place: &Place<'_>, names: &Names, complaints: &mut Complaints) -> Option<Options> {
        let language = place.language;
        let before = complaints.0.len();
        if self.login.is_empty() {
            complaints.add(names.login, language.say(forms::E_NO_LOGIN));
        }
        if self.password.is_none() {
            complaints.add(names.password, language.say(forms::E_NO_PASSWORD));
        }
        if self.server.is_empty() {
            complaints.add(names.server, language.say(forms::E_NO_SERVER));
            return None;
        }
        let server = match Server::parse(&self.server, None) {
            Ok(server) => server,
            Err(error) => {
                complaints.add(names.server, language.fill(forms::E_BAD, &[&error.to_string()]));
                return None;
            }
        };
        if !is_allowed(&server, place) {
            complaints.add(names.server, language.say(forms::E_FORBIDDEN));
        }
        let password = self.password.clone()?;
        if complaints.0.len() > before {
            return None;
        }
        let login = self.login.clone();
        Some(Options {
            server,
            credentials: Credentials { login, password, client_id: String::new(), client_secret: None },
            certificates: Certificates::Verified,
            timeout: Duration::ZERO,
            retry: RetryPolicy { count_max: RETRIES, sleep_between: RETRY_SLEEP },
            workers: 1,
            is_logged: false,
        })
    }
}

/// Whether the page may talk to this server: one of `fonds.toml`, unless any is allowed.
fn is_allowed(server: &Server, place: &Place<'_>) -> bool {
    let known = |text: &str| Server::parse(text, None).is_ok_and(|known| known.origin() == server.origin());
    place.allows_any_server || place.profiles.all().unwrap_or_default().iter().any(|profile| known(&profile.server))
}

/// Requests at a time: 0 stands for as many as there are CPUs.
#[must_use]
pub fn workers(count: u64) -> usize {
    match usize::try_from(count) {
        Ok(0) | Err(_) => std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
        Ok(count) => count,
    }
}
