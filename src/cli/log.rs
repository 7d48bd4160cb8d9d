//! The log: details for `--log` and `-v`. A panic is told there, and nowhere else.

use std::fs::File;
use std::io;
use std::sync::Mutex;

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::arguments::Global;
use crate::cli::error::Error;

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
    Ok(())
}

/// What this program says itself; libraries may tell of what must stay secret.
fn ours() -> Targets {
    Targets::new().with_target("fonds", LevelFilter::DEBUG)
}
