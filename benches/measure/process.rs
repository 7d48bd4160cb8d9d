//! One measured command: wall time, processor time and memory of it and all it started.

use std::io::{Read, Seek};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use wait4::Wait4;

/// What one run of a command took.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub wall: Duration,
    /// User and system time together.
    pub cpu: Duration,
    /// The largest resident set of any one process of the command.
    pub peak_bytes: u64,
}

/// Runs a command with all earlier writes on disk and its output thrown away.
///
/// A peak is never below the memory of the process that measures, which has to stay small.
pub fn measure(command: &mut Command) -> Result<Usage> {
    rustix::fs::sync();
    run(command)
}

/// Runs a command and fails with its own words if it fails.
pub fn run(command: &mut Command) -> Result<Usage> {
    let mut errors = tempfile::tempfile()?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors.try_clone()?);
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| format!("starting {command:?}"))?;
    let used = child.wait4()?;
    let wall = start.elapsed();
    if !used.status.success() {
        let mut text = String::new();
        errors.rewind()?;
        errors.read_to_string(&mut text)?;
        bail!("{command:?}: {}: {}", used.status, text.trim());
    }
    let cpu = used.rusage.utime + used.rusage.stime;
    Ok(Usage { wall, cpu, peak_bytes: used.rusage.maxrss })
}

/// Whether a program answers when asked for its version.
pub fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    // restic knows no such flag and says so, which shows it to be there as well.
    command.status().is_ok()
}
