//! `cargo bench --bench restore`: a made-up backup is restored over the network of this machine, beside a client that only
//! posts the same bodies; then it is verified, beside one that only reads. Packed files go beside a bare upload.
//!
//! `-- --quick` takes half a minute.

#[allow(dead_code, reason = "each of the benchmarks uses a part")]
#[path = "measure/process.rs"]
mod process;

mod played;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use clap::Parser;

use played::instance::Instance;
use played::{bare, files, museum};
use process::Usage;

/// Restores a backup.
#[derive(Debug, Parser)]
#[command(name = "restore")]
struct Options {
    /// 20 000 records and 200 MB of files
    #[arg(long)]
    quick: bool,
    /// Records of the backup [default: 200 000]
    #[arg(long)]
    records: Option<u64>,
    /// Megabytes of packed files [default: 1000]
    #[arg(long)]
    megabytes: Option<u64>,
    /// Requests at a time
    #[arg(long, default_value = "2")]
    parallel: usize,
    /// How often each is measured; the quickest counts
    #[arg(long, default_value = "2")]
    rounds: usize,
}

/// Megabytes of one file.
const FILE: u64 = 20;
/// Files at a time, as `fylr restore`.
const UPLOADS: usize = 4;

fn main() -> Result<()> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let Some(bench) = arguments.iter().position(|argument| argument == "--bench") else {
        eprintln!("nothing measured: run it with `cargo bench --bench restore`");
        return Ok(());
    };
    arguments.remove(bench);
    let options = Options::parse_from(arguments);
    let work = tempfile::tempdir()?;
    println!("load before: {}", fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    records(work.path(), &options)?;
    packed(work.path(), &options)
}

fn records(work: &Path, options: &Options) -> Result<()> {
    let records = options.records.unwrap_or(if options.quick { 20_000 } else { 200_000 });
    let (dir, sample, archive) = (work.join("museum"), work.join("sample"), work.join("a.redb"));
    museum::write(&dir, records)?;
    museum::copy(&sample)?;
    process::run(fonds(&archive).arg("import").arg(&dir).args(["--name", "museum"]))?;
    let payloads = payloads(&dir)?;
    let mut best: [Option<f64>; 4] = [None; 4];
    let (mut restored_peak, mut verified_peak) = (0, 0);
    for _ in 0..options.rounds {
        let target = Instance::start(None)?;
        // The bare client finds the data model there, and everything that records name.
        process::run(restore(&work.join("sample.redb"), &target).arg("--manifest").arg(&sample))?;
        let posted = bare::post(&target.url, &payloads, options.parallel)?;
        keep(&mut best[0], posted.time.as_secs_f64());
        drop(target);
        let target = Instance::start(None)?;
        let restored =
            process::run(restore(&archive, &target).args(["museum", "--max-parallel", &options.parallel.to_string()]))?;
        keep(&mut best[1], restored.wall.as_secs_f64());
        restored_peak = restored_peak.max(restored.peak_bytes);
        keep(&mut best[2], bare::fetch(&target.url, 1000, options.parallel)?.time.as_secs_f64());
        let mut verify = fonds(&archive);
        verify
            .args(["--quiet", "verify", "museum", "--without-files", "--without-events", "--login", "root"])
            .env("FONDS_PASSWORD", "admin");
        verify.args(["--server", &format!("{}/api/v1", target.url), "--max-parallel", &options.parallel.to_string()]);
        let verified: Usage = process::run(&mut verify)?;
        keep(&mut best[3], verified.wall.as_secs_f64());
        verified_peak = verified_peak.max(verified.peak_bytes);
    }
    let [posted, restored, fetched, verified] = best.map(Option::unwrap_or_default);
    println!("{records} records, {} at a time", options.parallel);
    println!("bare post   {posted:6.2} s");
    println!(
        "restore     {restored:6.2} s  ×{:.2} of the bare client, {} MB of memory",
        restored / posted,
        mega(restored_peak)
    );
    println!("bare read   {fetched:6.2} s");
    println!(
        "verify      {verified:6.2} s  ×{:.2} of the bare client, {} MB of memory",
        verified / fetched,
        mega(verified_peak)
    );
    fs::remove_file(archive)?;
    Ok(fs::remove_dir_all(dir)?)
}

fn packed(work: &Path, options: &Options) -> Result<()> {
    let megabytes = options.megabytes.unwrap_or(if options.quick { 200 } else { 1000 });
    let (dir, sample, archive) = (work.join("files"), work.join("sample"), work.join("f.redb"));
    let files = files::write(&dir, megabytes / FILE, (FILE * 1_000_000) as usize)?;
    process::run(fonds(&archive).arg("import").arg(&dir).args(["--name", "museum"]))?;
    let mut best: [Option<f64>; 3] = [None; 3];
    let mut peak = 0;
    for _ in 0..options.rounds {
        let target = Instance::start(None)?;
        process::run(restore(&work.join("sample.redb"), &target).arg("--manifest").arg(&sample))?;
        keep(&mut best[0], bare::upload(&target.url, &files, UPLOADS)?.time.as_secs_f64());
        drop(target);
        // What the records beside the files take is not about files.
        for (at, way) in [(1, "put"), (2, "")] {
            let target = Instance::start(None)?;
            let restored = process::run(restore(&archive, &target).args(["museum", &format!("--file-api={way}")]))?;
            keep(&mut best[at], restored.wall.as_secs_f64());
            peak = peak.max(restored.peak_bytes);
        }
    }
    let [uploaded, with, without] = best.map(Option::unwrap_or_default);
    let rate = |seconds: f64| megabytes as f64 / seconds;
    println!("{megabytes} MB in files of {FILE} MB, {UPLOADS} at a time");
    println!("bare upload {uploaded:6.2} s  {:.0} MB/s", rate(uploaded));
    let files = with - without;
    println!(
        "put         {files:6.2} s  {:.0} MB/s, {:.0} % of the bare upload, {} MB of memory",
        rate(files),
        100.0 * uploaded / files,
        mega(peak)
    );
    Ok(())
}

fn keep(best: &mut Option<f64>, seconds: f64) {
    *best = Some(best.map_or(seconds, |before| before.min(seconds)));
}

fn mega(bytes: u64) -> u64 {
    bytes / 1_000_000
}

fn fonds(archive: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fonds"));
    command.arg("--archive").arg(archive);
    command
}

fn restore(archive: &Path, target: &Instance) -> Command {
    let mut command = fonds(archive);
    command.args(["--quiet", "restore", "--login", "root", "--skip-constraints", "--include-events", "-"]);
    command.args(["--server", &format!("{}/api/v1", target.url)]).env("FONDS_PASSWORD", "admin");
    command
}

/// The payloads with the additional objects.
fn payloads(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(museum::MORE)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
