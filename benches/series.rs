//! `cargo bench --bench series`: fonds and its rivals on a made-up backup series, as ratios.
//!
//! `-- --quick` takes a minute, `-- --help` names the rest. Without `--bench`, which `cargo bench`
//! gives, nothing is done: a test run must not measure.

mod measure;
#[path = "series/mod.rs"]
mod series;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;

use measure::options::{Options, Variant};
use measure::tool::Snapshot;
use measure::{contest, disk, limits, table, targets};
use series::Parameters;

/// Marks a finished series with the parameters it was made from.
const STAMP: &str = "parameters";

fn main() -> Result<()> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    if let [_, limit, dir] = &arguments[..]
        && limit == limits::SPLIT
    {
        let records = measure::split_and_hash(Path::new(dir)).context("splitting")?;
        println!("{records} records");
        return Ok(());
    }
    let Some(bench) = arguments.iter().position(|argument| argument == "--bench") else {
        eprintln!("nothing measured: run it with `cargo bench --bench series`");
        return Ok(());
    };
    arguments.remove(bench);
    let options = Options::parse_from(arguments);
    let work = tempfile::tempdir()?;
    let place = options.dir.clone().unwrap_or_else(|| work.path().join("series"));
    for variant in options.variants() {
        let snapshots = stock(&options.parameters(variant), &place.join(variant.name()))?;
        if !options.generate_only {
            run(&options, variant, &snapshots, &work.path().join("work"))?;
        }
    }
    Ok(())
}

/// Holds the contest on one series and prints what came of it.
fn run(options: &Options, variant: Variant, snapshots: &[Snapshot], work: &Path) -> Result<()> {
    disk::empty_dir(work)?;
    // Other work on the machine makes wall times worthless: the reader has to know of it.
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let outcome = contest::hold(options, snapshots, work)?;
    println!(
        "\n{}: {} snapshots of {:.0} MB, {} records; load before: {}\n",
        variant.name(),
        snapshots.len(),
        outcome.snapshot_bytes as f64 / 1e6,
        options.parameters(variant).records,
        load.trim(),
    );
    table::print_outcome(&outcome);
    println!();
    table::print_targets(&targets::all(variant, &outcome));
    Ok(disk::remove(work)?)
}

/// The snapshots of a series, written unless they are there already.
fn stock(parameters: &Parameters, dir: &Path) -> Result<Vec<Snapshot>> {
    let stamp = dir.join(STAMP);
    let wanted = format!("edition {}: {parameters:?}\n", series::EDITION);
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        let dirs = (1..=parameters.snapshots).map(|number| dir.join(number.to_string()));
        return Ok(numbered(dirs));
    }
    disk::empty_dir(dir)?;
    let dirs = series::write_series(parameters, dir)?;
    std::fs::write(stamp, wanted)?;
    Ok(numbered(dirs.into_iter()))
}

fn numbered(dirs: impl Iterator<Item = PathBuf>) -> Vec<Snapshot> {
    (1..).zip(dirs).map(|(number, dir)| Snapshot { number, dir }).collect()
}
