//! `cargo bench --bench tar`: tars out of an archive and into one, as ratios to tar and zstd on the same directory.
//!
//! `-- --records N` makes the directory larger. Without `--bench`, which `cargo bench` gives, nothing is done: a test run
//! must not measure.

#[path = "measure/process.rs"]
mod process;
#[path = "series/mod.rs"]
#[allow(dead_code, reason = "one snapshot of a series is enough")]
mod series;

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use clap::Parser;

use process::{Usage, is_installed, measure, run};
use series::{Parameters, write_snapshot};

#[derive(Parser)]
struct Options {
    /// Records of the backup; a thousand are about two megabytes
    #[arg(long, default_value_t = 60_000)]
    records: u64,
    /// How often each is measured; the fastest counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// One thing that both do.
struct Contest {
    name: &'static str,
    ours: String,
    /// What a person would type instead.
    theirs: &'static str,
    /// What either makes, where its size matters: ours, and theirs.
    made: Option<[&'static str; 2]>,
}

fn main() -> Result<()> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let Some(bench) = arguments.iter().position(|argument| argument == "--bench") else {
        eprintln!("nothing measured: run it with `cargo bench --bench tar`");
        return Ok(());
    };
    arguments.remove(bench);
    let options = Options::parse_from(arguments);
    let work = tempfile::tempdir()?;
    let parameters = Parameters { records: options.records, ..Parameters::default() };
    write_snapshot(&parameters, 1, &work.path().join("museum"))?;
    let fonds = env!("CARGO_BIN_EXE_fonds");
    run(&mut shell(work.path(), &format!("{fonds} -q import museum --name museum")))?;
    // Other work on the machine makes wall times worthless: the reader has to know of it.
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("{} records; load before: {}", options.records, load.trim());
    println!("{:<22} {:>8} {:>8} {:>7} {:>7} {:>8} {:>9}", "", "fonds", "theirs", "ratio", "size", "cpu", "peak");
    for contest in contests(fonds) {
        if contest.theirs.contains("zstd") && !is_installed("zstd") {
            println!("{:<22} zstd is not installed", contest.name);
            continue;
        }
        hold(&contest, work.path(), options.rounds)?;
    }
    Ok(())
}

fn contests(fonds: &str) -> Vec<Contest> {
    let export = |name: &str| format!("{fonds} -q export museum {name} --force");
    let import = |name: &str| format!("rm -f new.redb; {fonds} -q --archive new.redb import {name} --name museum");
    vec![
        Contest {
            name: "export .tar",
            ours: export("ours.tar"),
            theirs: "tar -cf theirs.tar museum",
            made: Some(["ours.tar", "theirs.tar"]),
        },
        Contest {
            name: "export .tar.zst",
            ours: export("ours.tar.zst"),
            theirs: "tar -c museum | zstd -q -3 -T2 -f -o theirs.tar.zst",
            made: Some(["ours.tar.zst", "theirs.tar.zst"]),
        },
        Contest {
            name: "export .tar.gz",
            ours: export("ours.tar.gz"),
            theirs: "tar -c museum | gzip > theirs.tar.gz",
            made: Some(["ours.tar.gz", "theirs.tar.gz"]),
        },
        Contest {
            name: "import .tar.zst",
            ours: import("ours.tar.zst"),
            theirs: "rm -rf out; mkdir out; zstd -q -dc ours.tar.zst | tar -x -C out",
            made: None,
        },
        Contest {
            name: "import .tar",
            ours: import("ours.tar"),
            theirs: "rm -rf out; mkdir out; tar -xf ours.tar -C out",
            made: None,
        },
        Contest {
            name: "import a directory",
            ours: import("museum"),
            theirs: "rm -rf out; cp -r museum out",
            made: None,
        },
    ]
}

fn hold(contest: &Contest, work: &Path, rounds: usize) -> Result<()> {
    let fastest = |command: &str| -> Result<Usage> {
        let mut best = measure(&mut shell(work, command))?;
        for _ in 1..rounds {
            let next = measure(&mut shell(work, command))?;
            best = if next.wall < best.wall { next } else { best };
        }
        Ok(best)
    };
    let (ours, theirs) = (fastest(&contest.ours)?, fastest(contest.theirs)?);
    let size = match contest.made {
        Some(names) => {
            let [ours, theirs] = names.map(|name| std::fs::metadata(work.join(name)).map_or(0, |file| file.len()));
            format!("{:.2}", ours as f64 / theirs as f64)
        }
        None => String::new(),
    };
    let ratio = ours.wall.as_secs_f64() / theirs.wall.as_secs_f64();
    let peak = format!("{:.0} MB", ours.peak_bytes as f64 / 1e6);
    let cpu = ours.cpu.as_secs_f64();
    let (ours, theirs) = (ours.wall.as_secs_f64(), theirs.wall.as_secs_f64());
    println!("{:<22} {ours:>7.2}s {theirs:>7.2}s {ratio:>7.2} {size:>7} {cpu:>7.2}s {peak:>9}", contest.name);
    Ok(())
}

fn shell(work: &Path, command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(work).env_remove("FONDS_ARCHIVE");
    shell
}
