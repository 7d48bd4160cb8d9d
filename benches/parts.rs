//! `cargo bench --bench parts`: the parts of an import one by one, each beside the limit that it can reach at best in
//! the same run. Without `--bench`, which `cargo bench` gives, nothing is done.

#[allow(dead_code, reason = "one series of one kind is enough here")]
#[path = "series/mod.rs"]
mod series;

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use fonds::archive::id::{ChunkId, ChunkNumber};
use fonds::archive::{ArchiveMut, KnownChunks, Pending, Strictness};
use fonds::jobs::Import;
use fonds::layout::MissingPayloads;
use fonds::model::event::Silent;
use fonds::model::payload::{Splitter, volatile};
use series::Parameters;

/// Runs of each measurement; the best counts, for anything slower was disturbed.
const RUNS: usize = 5;
const RECORDS: u64 = 20_000;
const PIECE: usize = 1 << 20;

fn main() -> Result<()> {
    if !std::env::args().any(|argument| argument == "--bench") {
        eprintln!("nothing measured: run it with `cargo bench --bench parts`");
        return Ok(());
    }
    let work = tempfile::tempdir()?;
    let parameters = Parameters { records: RECORDS, snapshots: 1, ..Parameters::default() };
    series::write_series(&parameters, work.path()).context("writing a backup")?;
    let backup = work.path().join("1");
    let payloads = payloads(&backup)?;
    split(&payloads);
    strip(&payloads.concat());
    lookup(&backup, &work.path().join("archive.redb"))
}

/// Every payload with records of objects.
fn payloads(backup: &Path) -> Result<Vec<Vec<u8>>> {
    let paths: Result<Vec<PathBuf>, _> =
        backup.read_dir()?.map(|entry| Ok::<_, std::io::Error>(entry?.path())).collect();
    let paths = paths?;
    let paths = paths.iter().filter(|path| path.to_string_lossy().contains("db__"));
    Ok(paths.map(std::fs::read).collect::<Result<_, _>>()?)
}

/// Seconds of the fastest of several runs.
fn best(mut work: impl FnMut()) -> f64 {
    let runs = (0..RUNS).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    });
    runs.fold(f64::INFINITY, f64::min)
}

fn report(what: &str, bytes: usize, seconds: f64, limit: (&str, f64)) {
    let rate = |seconds: f64| bytes as f64 / 1e6 / seconds;
    let (name, limit) = limit;
    println!("{what:<44} {:>7.0} MB/s   {:.2} x {name} ({:.0} MB/s)", rate(seconds), seconds / limit, rate(limit));
}

/// Splitting, beside looking for two bytes only.
fn split(payloads: &[Vec<u8>]) {
    let limit = best(|| {
        black_box(payloads.iter().map(|payload| memchr::memchr2_iter(b'{', b'}', payload).count()).sum::<usize>());
    });
    let mut marks = Vec::new();
    let ours = best(|| {
        marks.clear();
        for payload in payloads {
            let mut splitter = Splitter::default();
            payload.chunks(PIECE).for_each(|piece| splitter.feed(piece, &mut marks));
        }
    });
    assert!(marks.len() as u64 >= RECORDS);
    report("split at records", payloads.iter().map(Vec::len).sum(), ours, ("finding every brace", limit));
}

/// Cutting volatile values out and putting them back, beside copying.
fn strip(payloads: &[u8]) {
    let mut copy = vec![0; payloads.len()];
    let limit = best(|| black_box(&mut copy).copy_from_slice(payloads));
    let mut values = Vec::new();
    let mut length = 0;
    let ours = best(|| {
        copy.copy_from_slice(payloads);
        values.clear();
        length = volatile::strip(&mut copy, &mut values).len;
    }) - limit;
    report("cut volatile values out", payloads.len(), ours, ("copying", limit));
    let mut filled = Vec::with_capacity(payloads.len());
    let ours = best(|| {
        filled.clear();
        volatile::fill(&copy[..length], &values, &mut filled).expect("values that were just cut out");
    });
    assert_eq!(filled, payloads);
    report("put volatile values back", payloads.len(), ours, ("copying", limit));
}

/// Looking chunks up: in order as they were stored, and ones that are not there.
fn lookup(backup: &Path, path: &Path) -> Result<()> {
    let import = Import {
        source: backup.to_owned(),
        name: Some("museum".to_owned()),
        missing: MissingPayloads::Refuse,
        strictness: Strictness::KeepFlawed,
    };
    let silent: Arc<dyn fonds::model::event::Observer + Send + Sync> = Arc::new(Silent);
    import.run(path, &silent)?;
    let archive = ArchiveMut::open(path)?;
    let mut chunks = KnownChunks::new(&archive, Arc::new(Pending::default()))?;
    let mut ids = Vec::new();
    while let Some(known) = chunks.at(ChunkNumber(ids.len() as u64))? {
        ids.push(known.id);
    }
    let count = ids.len() as f64;
    let expected = best(|| {
        for (number, id) in (0..).zip(&ids) {
            assert!(chunks.at(ChunkNumber(number)).is_ok_and(|known| known.is_some_and(|known| known.id == *id)));
        }
    });
    let found = best(|| assert!(ids.iter().all(|id| chunks.find(id).is_ok_and(|found| found.is_some()))));
    let missing: Vec<ChunkId> = (0..ids.len()).map(|number| ChunkId::of(&[9; 32], &number.to_le_bytes())).collect();
    let missed = best(|| assert!(missing.iter().all(|id| chunks.find(id).is_ok_and(|found| found.is_none()))));
    for (what, seconds) in
        [("the chunk expected", expected), ("a chunk anywhere", found), ("a chunk that is not there", missed)]
    {
        println!(
            "{:<44} {:>7.0} k/s    {:.2} x the chunk expected",
            format!("look up {what}"),
            count / 1e3 / seconds,
            seconds / expected
        );
    }
    Ok(())
}
