//! `cargo bench --bench life`: what comes after the import, on a made-up backup series: comparing, searching, forgetting
//! and pruning, each beside a rival or a limit of the machine.
//!
//! `-- --quick` takes half a minute; `-- --dir DIR` finds a series again that `--bench series` has written.

#[allow(dead_code, reason = "each of the benchmarks uses a part")]
#[path = "measure/process.rs"]
mod process;
#[allow(dead_code, reason = "each of the benchmarks uses a part")]
#[path = "series/mod.rs"]
mod series;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;

use series::Parameters;

/// Compares, searches and prunes.
#[derive(Debug, Parser)]
#[command(name = "life")]
struct Options {
    /// 20 000 records
    #[arg(long)]
    quick: bool,
    /// Records of the first snapshot [default: 200 000]
    #[arg(long)]
    records: Option<u64>,
    /// A directory with the snapshots 1 to 5; without it they are written anew and removed
    #[arg(long)]
    dir: Option<PathBuf>,
    /// How often what changes nothing is measured
    #[arg(long, default_value = "3")]
    rounds: usize,
}

fn main() -> Result<()> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let Some(bench) = arguments.iter().position(|argument| argument == "--bench") else {
        eprintln!("nothing measured: run it with `cargo bench --bench life`");
        return Ok(());
    };
    arguments.remove(bench);
    let options = Options::parse_from(arguments);
    let work = tempfile::tempdir()?;
    let dirs = match &options.dir {
        Some(dir) => (1..=Parameters::default().snapshots).map(|number| dir.join(number.to_string())).collect(),
        None => {
            let records = if options.quick { 20_000 } else { Parameters::default().records };
            let parameters = Parameters { records: options.records.unwrap_or(records), ..Parameters::default() };
            fs::create_dir(work.path().join("series"))?;
            series::write_series(&parameters, &work.path().join("series"))?
        }
    };
    println!("load before: {}", fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    Life { work: work.path(), dirs: &dirs, rounds: options.rounds.max(1) }.run()
}

/// One run through the life of an archive.
struct Life<'a> {
    work: &'a Path,
    dirs: &'a [PathBuf],
    rounds: usize,
}

impl Life<'_> {
    fn run(&self) -> Result<()> {
        let archive = self.work.join("fonds.redb");
        for dir in self.dirs {
            process::run(&mut import(&archive, dir))?;
        }
        let (before, after) = (&self.dirs[self.dirs.len() - 2], &self.dirs[self.dirs.len() - 1]);

        let diff = self.best(|| fonds(&archive, &["diff", "s~1", "s"]))?;
        let limit = self.best(|| command("find", &["-type", "f", "-exec", "cat", "{}", "+"], &[before, after]))?;
        ratio("diff of two snapshots / cat of their directories", diff, limit);

        let find = self.best(|| fonds(&archive, &["find", "Bauhaus"]))?;
        let limit = self.best(|| command("grep", &["-r", "-c", "Bauhaus"], &[after]))?;
        ratio("find in the newest snapshot / grep -r of its directory", find, limit);
        let all = self.best(|| fonds(&archive, &["find", "--all", "Bauhaus"]))?;
        ratio("find in all snapshots / find in the newest", all, find);

        let fresh = self.work.join("fresh.redb");
        let import_one = process::measure(&mut import(&fresh, after))?.wall;
        process::run(&mut fonds(&archive, &["forget", "--keep-last", "1"]))?;
        let prune = process::measure(&mut fonds(&archive, &["prune"]))?;
        ratio("prune of all but the newest / import of the newest", prune.wall, import_one);
        println!("prune: peak memory {:.0} MB", prune.peak_bytes as f64 / 1e6);
        let length = |path: &Path| fs::metadata(path).map(|metadata| metadata.len());
        let (pruned, fresh) = (length(&archive)?, length(&fresh)?);
        println!(
            "archive after prune / fresh one: {:.3} ({:.1} MB)",
            pruned as f64 / fresh as f64,
            pruned as f64 / 1e6
        );
        self.restic(prune.wall)
    }

    /// The same of restic, if it is installed.
    fn restic(&self, ours: Duration) -> Result<()> {
        if !process::is_installed("restic") {
            println!("restic is not installed");
            return Ok(());
        }
        let restic = |arguments: &[&str], dir: &Path| {
            let mut restic = Command::new("restic");
            restic.env("RESTIC_REPOSITORY", self.work.join("restic")).env("RESTIC_PASSWORD", "museum");
            restic.env("RESTIC_CACHE_DIR", self.work.join("cache")).arg("--quiet").args(arguments).current_dir(dir);
            restic
        };
        process::run(&mut restic(&["init"], self.work))?;
        for dir in self.dirs {
            process::run(&mut restic(&["backup", "."], dir))?;
        }
        let forget = ["forget", "--group-by", "", "--keep-last", "1", "--prune", "--max-unused", "2%"];
        let theirs = process::measure(&mut restic(&forget, self.work))?.wall;
        ratio("prune / restic forget --prune", ours, theirs);
        Ok(())
    }

    /// The shortest of some runs.
    fn best(&self, command: impl Fn() -> Command) -> Result<Duration> {
        let runs = (0..self.rounds).map(|_| Ok(process::run(&mut command())?.wall));
        Ok(runs.collect::<Result<Vec<_>>>()?.into_iter().min().unwrap_or_default())
    }
}

fn ratio(what: &str, ours: Duration, other: Duration) {
    let (ours, other) = (ours.as_secs_f64(), other.as_secs_f64());
    println!("{what}: {:.2} ({ours:.3} s / {other:.3} s)", ours / other);
}

fn fonds(archive: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fonds"));
    command.arg("--archive").arg(archive).args(arguments);
    command
}

fn import(archive: &Path, dir: &Path) -> Command {
    let mut command = fonds(archive, &["import", "--name", "s"]);
    command.arg(dir);
    command
}

/// A command that says by its exit code what it found; that is no failure.
fn command(program: &str, arguments: &[&str], dirs: &[&PathBuf]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "\"$@\" || test $? = 1", "sh", program]);
    // `find` takes its directories first.
    match program {
        "find" => command.args(dirs).args(arguments),
        _ => command.args(arguments).args(dirs),
    };
    command
}
