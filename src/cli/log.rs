//! The log: details for `--log` and `-v`. A panic is told there, and nowhere else.

use std::fs::File;
use std::io;
use std::sync::Mutex;

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use fonds::model::manifest::without_secrets;

use crate::cli::arguments::Global;
use crate::cli::error::Error;

/// What stands for a secret.
const HIDDEN: &str = "***";

/// Begins the log, and keeps panics from being printed.
pub fn start(global: &Global) -> Result<(), Error> {
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    let file = match &global.log {
        None => None,
        Some(path) => {
            let file = File::options().append(true).create(true).open(path);
            Some(Mutex::new(file.map_err(|source| Error::Log { path: path.clone(), source })?))
        }
    };
    let file = file.map(|file| fmt::layer().with_ansi(false).with_target(false).with_writer(file).with_filter(ours()));
    let stderr = global.verbose.then(|| {
        let layer = fmt::layer().with_ansi(false).with_target(false).without_time().with_writer(io::stderr);
        layer.with_filter(ours())
    });
    tracing_subscriber::registry().with(file).with(stderr).init();
    let arguments = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    tracing::info!("fonds {} was asked for: {}", env!("CARGO_PKG_VERSION"), shown(arguments));
    Ok(())
}

/// A command line without secrets: what stands behind or in a flag that takes one is `***`.
fn shown(arguments: impl Iterator<Item = String>) -> String {
    let mut is_next_secret = false;
    let shown = arguments.map(|argument| {
        if std::mem::take(&mut is_next_secret) {
            return HIDDEN.to_owned();
        }
        let (flag, value) = argument.split_once('=').map_or((&*argument, None), |(flag, value)| (flag, Some(value)));
        if let Some(name) = flag.strip_prefix("--") {
            let is_secret = is_secret(name);
            is_next_secret = is_secret && value.is_none();
            return match value {
                Some(_) if is_secret => format!("{flag}={HIDDEN}"),
                _ => without_user(&argument),
            };
        }
        // `-p` may stand behind other letters, and its value may follow at once.
        match argument.strip_prefix('-').and_then(|letters| letters.find('p')) {
            Some(at) => {
                let front = at + "-p".len();
                is_next_secret = argument.len() == front;
                if is_next_secret { argument } else { format!("{}{HIDDEN}", &argument[..front]) }
            }
            None => without_user(&argument),
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// A URL is shown without what may be a secret in it.
fn without_user(argument: &str) -> String {
    if argument.contains("://") { without_secrets(argument) } else { argument.to_owned() }
}

/// Whether the value of a flag is nobody's business.
fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let is_place = name.ends_with("-file") || name.ends_with("url");
    let holds = ["password", "secret", "token"].iter().any(|part| name.contains(part));
    (holds && !is_place) || name == "user" || name == "client"
}

/// What this program says itself; libraries may tell of what must stay secret.
fn ours() -> Targets {
    Targets::new().with_target("fonds", LevelFilter::DEBUG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_shown_without_secrets() {
        let shown = |line: &str| shown(line.split(' ').map(str::to_owned));
        for (line, expected) in [
            ("backup -p S --login root", "backup -p *** --login root"),
            ("backup -pS -np S", "backup -p*** -np ***"),
            ("backup --password S --client-secret=S", "backup --password *** --client-secret=***"),
            ("backup --password-file pw --client-token-url x", "backup --password-file pw --client-token-url x"),
            ("instance --user anna:S --client web:S", "instance --user *** --client ***"),
            ("backup --server=https://anna:S@h/api/v1", "backup --server=https://h/api/v1"),
            ("backup --server https://anna:S@h/api/v1?access_token=S", "backup --server https://h/api/v1"),
        ] {
            let found = shown(line);
            assert!(!found.contains('S'), "{found}");
            assert_eq!(found.split('?').next(), Some(expected));
        }
    }
}
