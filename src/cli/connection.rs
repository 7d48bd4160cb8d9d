//! How an instance is reached: flags that all commands that talk to one share, and profiles. Passwords come from where
//! nobody sees them: a file, the environment, a profile, or a person at a terminal.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::{Args, Parser as _};
use fonds::fylr::{Certificates, Credentials, Options, RetryPolicy, Server};
use fonds::jobs::{Profile, Profiles, SecretFrom};
use fonds::web::{NoProfile, ProfileName};
use secrecy::{ExposeSecret as _, SecretString};

use crate::cli::error::Error;

/// The file with the profiles.
const FILE_NAME: &str = "fonds.toml";
/// The longest password file; a password has a line.
const PASSWORD_BYTES_MAX: u64 = 64 << 10;
const PASSWORD: &str = "FONDS_PASSWORD";

/// Where an instance is, who logs in, and how patiently.
#[derive(Debug, Args)]
#[command(next_help_heading = "Instance")]
pub struct Connection {
    // Written this way, as a URL in a comment would be taken for a link.
    #[arg(long, value_name = "URL")]
    #[arg(help = "The instance's API: https://dam.museum.example/api/v1")]
    pub server: Option<String>,
    /// An instance of fonds.toml: [instance.NAME]
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,
    /// The file with the instances; otherwise fonds.toml here, or in your configuration directory
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Who logs in
    #[arg(long, short)]
    login: Option<String>,
    #[arg(long, value_name = "FILE")]
    #[arg(help = "A file whose first line is the password; otherwise $FONDS_PASSWORD, or you are asked")]
    password_file: Option<PathBuf>,
    /// The password; everybody on this machine can see it here, so better use one of the other ways
    #[arg(long, short, conflicts_with = "password_file", hide_short_help = true)]
    password: Option<String>,
    /// The OAuth2 client of a fylr; otherwise its built-in public one
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// The secret of a confidential OAuth2 client
    #[arg(long, value_name = "SECRET", hide_short_help = true)]
    client_secret: Option<String>,
    /// Where OAuth2 tokens are to be had; otherwise /api/oauth2/token beside the API
    #[arg(long, value_name = "URL", hide_short_help = true)]
    client_token_url: Option<String>,
    /// Accept any TLS certificate
    #[arg(long)]
    insecure: bool,
    /// Minutes after which a request counts as failed
    #[arg(long, value_name = "MINUTES", default_value = "10", value_parser = minutes)]
    timeout_min: Duration,
    /// How often a failed request is repeated
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    retry_max_count: u32,
    /// Seconds between the attempts; the first ones follow sooner
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    retry_sleep_between: Duration,
    /// Requests at a time; 0 for as many as there are CPUs
    #[arg(long, value_name = "COUNT")]
    pub max_parallel: Option<usize>,
}

/// A command line with nothing but `--config`, for what is not typed.
#[derive(Debug, clap::Parser)]
struct Bare {
    #[command(flatten)]
    connection: Connection,
}

impl Connection {
    /// What holds where no flag says otherwise.
    fn defaults(config: Option<PathBuf>) -> Self {
        let Bare { connection } = Bare::parse_from(["fonds"]);
        Self { config, ..connection }
    }

    /// What the flags, the profile and the environment say together.
    pub fn options(&self, is_logged: bool) -> Result<Options, Error> {
        self.options_of(None, is_logged)
    }

    /// The same for an instance of fonds.toml that is named otherwise.
    pub fn options_of(&self, name: Option<&String>, is_logged: bool) -> Result<Options, Error> {
        if self.server.is_none() && self.instance.is_none() && name.is_none() {
            return Err(Error::Connection("--server is missing: which instance".to_owned()));
        }
        let profile = self.profile(name.or(self.instance.as_ref()))?;
        let from_profile =
            |part: fn(&Profile) -> Option<String>| profile.as_ref().and_then(|(_, profile)| part(profile));
        let url = self.server.clone().or_else(|| from_profile(|profile| Some(profile.server.clone())));
        let token_url =
            self.client_token_url.clone().or_else(|| from_profile(|profile| profile.client_token_url.clone()));
        let server = Server::parse(&url.unwrap_or_default(), token_url.as_deref());
        let server = server.map_err(|error| Error::Job(error.into()))?;
        let login = self.login.clone().or_else(|| from_profile(|profile| profile.login.clone()));
        let login = login.ok_or_else(|| Error::Connection("--login is missing: who logs in".to_owned()))?;
        let password = self.secret(profile.as_ref(), &server, &login)?;
        let client_secret = match (&self.client_secret, &profile) {
            (Some(secret), _) => Some(SecretString::from(secret.clone())),
            (None, Some((folder, Profile { client_secret: Some(from), .. }))) => Some(read_secret(from, folder)?),
            _ => None,
        };
        let client_id = self.client_id.clone().or_else(|| from_profile(|profile| profile.client_id.clone()));
        let is_insecure = self.insecure || profile.as_ref().is_some_and(|(_, profile)| profile.insecure);
        Ok(Options {
            credentials: Credentials { login, password, client_id: client_id.unwrap_or_default(), client_secret },
            server,
            certificates: if is_insecure { Certificates::Accepted } else { Certificates::Verified },
            timeout: self.timeout_min,
            retry: RetryPolicy { count_max: self.retry_max_count, sleep_between: self.retry_sleep_between },
            workers: self.workers(),
            is_logged,
        })
    }

    /// Requests at a time.
    pub fn workers(&self) -> usize {
        match self.max_parallel.unwrap_or(0) {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
            count => count,
        }
    }

    /// The profile that was named, and the folder that its files are in.
    fn profile(&self, name: Option<&String>) -> Result<Option<(PathBuf, Profile)>, Error> {
        let Some(name) = name else { return Ok(None) };
        let (path, profiles) = read_profiles(self.config.as_deref())?
            .ok_or_else(|| Error::Connection(format!("there is no {FILE_NAME} that could tell where {name} is")))?;
        let profile = profiles.get(name).cloned().ok_or_else(|| {
            let names = profiles.names().collect::<Vec<_>>().join(", ");
            Error::Connection(format!("{} has no [instance.{name}]; there are {names}", path.display()))
        })?;
        Ok(Some((path.parent().unwrap_or(Path::new("")).to_owned(), profile)))
    }

    fn secret(
        &self,
        profile: Option<&(PathBuf, Profile)>,
        server: &Server,
        login: &str,
    ) -> Result<SecretString, Error> {
        if let Some(password) = &self.password {
            return Ok(SecretString::from(password.clone()));
        }
        if let Some(path) = &self.password_file {
            return read_secret(&SecretFrom::File(path.clone()), Path::new(""));
        }
        if let Some((folder, Profile { password: Some(from), .. })) = profile {
            return read_secret(from, folder);
        }
        if let Ok(password) = std::env::var(PASSWORD) {
            return Ok(SecretString::from(password));
        }
        if io::stdin().is_terminal() {
            let asked = rpassword::prompt_password(format!("Password of {login} on {server}: "));
            return Ok(SecretString::from(asked?));
        }
        Err(Error::Connection(format!("there is no password: give --password-file or ${PASSWORD}")))
    }
}

/// The instances of `fonds.toml` for the migration page, read anew each time.
pub struct ProfileFile {
    config: Option<PathBuf>,
    is_logged: bool,
}

impl ProfileFile {
    pub fn new(config: Option<PathBuf>, is_logged: bool) -> Self {
        Self { config, is_logged }
    }
}

impl fonds::web::Profiles for ProfileFile {
    fn config(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    fn all(&self) -> Result<Vec<ProfileName>, NoProfile> {
        let Some((_, profiles)) = read_profiles(self.config.as_deref()).map_err(|error| told(&error))? else {
            return Ok(Vec::new());
        };
        let named = |name: &str| {
            let profile = profiles.get(name)?;
            Some(ProfileName { name: name.to_owned(), server: profile.server.clone(), login: profile.login.clone() })
        };
        Ok(profiles.names().filter_map(named).collect())
    }

    fn connection(&self, name: &str, password: Option<SecretString>) -> Result<Options, NoProfile> {
        let mut connection = Connection::defaults(self.config.clone());
        let profile = connection.profile(Some(&name.to_owned())).map_err(|error| told(&error))?;
        let has_password = profile.is_some_and(|(_, profile)| profile.password.is_some());
        if !has_password && password.is_none() && std::env::var_os(PASSWORD).is_none() {
            return Err(NoProfile(format!("[instance.{name}] does not say where the password is")));
        }
        connection.password = password.map(|password| password.expose_secret().to_owned());
        connection.options_of(Some(&name.to_owned()), self.is_logged).map_err(|error| told(&error))
    }
}

fn told(error: &Error) -> NoProfile {
    NoProfile(fonds::jobs::chain(error))
}

/// The file with the instances, and what is in it; `None` if there is none.
fn read_profiles(config: Option<&Path>) -> Result<Option<(PathBuf, Profiles)>, Error> {
    let Some(path) = config.map(Path::to_owned).or_else(find_profiles) else { return Ok(None) };
    let text = fs::read_to_string(&path).map_err(|source| Error::Config { path: path.clone(), source })?;
    let profiles = text.parse().map_err(|error| Error::Connection(format!("{}: {error}", path.display())))?;
    Ok(Some((path, profiles)))
}

/// `fonds.toml` here, else in the user's configuration directory.
fn find_profiles() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    let users = etcetera::choose_base_strategy().ok().map(|folders| folders.config_dir().join("fonds").join(FILE_NAME));
    [Some(PathBuf::from(FILE_NAME)), users].into_iter().flatten().find(|path| path.is_file())
}

/// The first line of a file.
pub fn secret_of_file(path: &Path) -> Result<SecretString, Error> {
    read_secret(&SecretFrom::File(path.to_owned()), Path::new(""))
}

fn read_secret(from: &SecretFrom, folder: &Path) -> Result<SecretString, Error> {
    let text = match from {
        SecretFrom::Variable(name) => std::env::var(name)
            .map_err(|_| Error::Connection(format!("${name} is not set, and should hold a secret")))?,
        SecretFrom::File(path) => {
            let path = folder.join(path);
            let failed = |source| Error::Config { path: path.clone(), source };
            if fs::metadata(&path).map_err(failed)?.len() > PASSWORD_BYTES_MAX {
                return Err(Error::Connection(format!("{} is too long for a password", path.display())));
            }
            fs::read_to_string(&path).map_err(failed)?
        }
        SecretFrom::Command(command) => {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(command).stdin(Stdio::inherit()).stderr(Stdio::inherit());
            let output = shell.output()?;
            if !output.status.success() {
                return Err(Error::Connection(format!(
                    "the command that gives the password failed: {}",
                    output.status
                )));
            }
            String::from_utf8_lossy(&output.stdout).into_owned()
        }
    };
    match text.lines().next().unwrap_or_default() {
        "" => Err(Error::Connection("the secret is empty".to_owned())),
        line => Ok(SecretString::from(line)),
    }
}

fn minutes(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(minutes) if minutes > 0.0 && minutes < 1e6 => Ok(Duration::from_secs_f64(minutes * 60.0)),
        _ => Err("it is no number of minutes".to_owned()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..1e6).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("it is no number of seconds".to_owned()),
    }
}
