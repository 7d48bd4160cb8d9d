//! `cargo bench --bench backup`: a made-up instance is backed up over the network of this machine, beside a client that
//! only fetches the same pages and throws them away.
//!
//! `-- --quick` takes half a minute.

#[allow(dead_code, reason = "each of the benchmarks uses a part")]
#[path = "measure/process.rs"]
mod process;

mod played;

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;

use played::instance::Instance;
use played::{bare, museum};

/// Backs an instance up.
#[derive(Debug, Parser)]
#[command(name = "backup")]
struct Options {
    /// 20 000 records
    #[arg(long)]
    quick: bool,
    /// Records of the instance [default: 200 000]
    #[arg(long)]
    records: Option<u64>,
    /// Records of a page
    #[arg(long, default_value = "1000")]
    page: u64,
    /// Requests at a time
    #[arg(long, default_value = "2")]
    parallel: usize,
    /// How often each is measured; the quickest counts
    #[arg(long, default_value = "3")]
    rounds: usize,
}

fn main() -> Result<()> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let Some(bench) = arguments.iter().position(|argument| argument == "--bench") else {
        eprintln!("nothing measured: run it with `cargo bench --bench backup`");
        return Ok(());
    };
    arguments.remove(bench);
    let options = Options::parse_from(arguments);
    let work = tempfile::tempdir()?;
    let records = options.records.unwrap_or(if options.quick { 20_000 } else { 200_000 });
    let dir = work.path().join("museum");
    museum::write(&dir, records)?;
    println!("load before: {}", fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    let instance = Instance::start(Some(&dir))?;
    let bare = (0..options.rounds)
        .map(|_| bare::fetch(&instance.url, options.page, options.parallel))
        .collect::<Result<Vec<_>>>()?;
    let bare = bare.into_iter().min_by_key(|fetched| fetched.time).context("a round")?;
    println!("bare client  {:6.2} s  {} pages, {} MB", bare.time.as_secs_f64(), bare.requests, bare.bytes / 1_000_000);
    let mut first = None;
    for round in 0..options.rounds {
        let archive = work.path().join(format!("{round}.redb"));
        let measured = backup(&instance.url, &archive, &options)?;
        let size = fs::metadata(&archive)?.len();
        let again = backup(&instance.url, &archive, &options)?;
        let growth = fs::metadata(&archive)?.len() - size.min(fs::metadata(&archive)?.len());
        if first.as_ref().is_none_or(|(best, ..): &(process::Usage, _, _, _)| measured.wall < best.wall) {
            first = Some((measured, again, size, growth));
        }
        fs::remove_file(&archive)?;
    }
    let (first, second, size, growth) = first.context("a round")?;
    for (name, cost) in [("first backup", &first), ("second backup", &second)] {
        let ratio = cost.wall.as_secs_f64() / bare.time.as_secs_f64();
        let memory = cost.peak_bytes / 1_000_000;
        println!("{name:13} {:6.2} s  ×{ratio:.2} of the bare client, {memory} MB of memory", cost.wall.as_secs_f64());
    }
    println!("archive {} MB, the second backup adds {:.2} %", size / 1_000_000, 100.0 * growth as f64 / size as f64);
    Ok(())
}

fn backup(url: &str, archive: &Path, options: &Options) -> Result<process::Usage> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fonds"));
    command.arg("--archive").arg(archive).args(["--quiet", "backup", "--server"]).arg(format!("{url}/api/v1"));
    command.args(["--login", "root", "--name", "bench", "--all-versions", "--include-events", "-"]);
    command.args(["--chunk-size", &options.page.to_string(), "--max-parallel", &options.parallel.to_string()]);
    command.env("FONDS_PASSWORD", "admin");
    let cost = process::run(&mut command)?;
    ensure!(cost.wall > Duration::ZERO, "nothing was measured");
    Ok(cost)
}
