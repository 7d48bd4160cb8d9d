//! The limit of every import: each payload read, cut at its records, each record hashed.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use fonds::model::payload::Splitter;

/// As many as the importer has for this work.
const THREADS: usize = 2;

/// Cuts and hashes every payload of a directory and returns the number of records.
pub fn split_and_hash(dir: &Path) -> io::Result<u64> {
    let paths: io::Result<Vec<PathBuf>> = dir.read_dir()?.map(|entry| Ok(entry?.path())).collect();
    let source = Mutex::new(paths?.into_iter());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| work(&source))).collect();
        workers.into_iter().try_fold(0, |records, worker| match worker.join() {
            Ok(result) => Ok(records + result?),
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

fn work(source: &Mutex<impl Iterator<Item = PathBuf>>) -> io::Result<u64> {
    let (mut bytes, mut marks, mut records) = (Vec::new(), Vec::new(), 0);
    loop {
        let next = source.lock().map_err(|_| io::Error::other("a reader panicked"))?.next();
        let Some(path) = next else { return Ok(records) };
        bytes.clear();
        marks.clear();
        fs::File::open(&path)?.read_to_end(&mut bytes)?;
        Splitter::default().feed(&bytes, &mut marks);
        for mark in &marks {
            std::hint::black_box(blake3::hash(&bytes[mark.start as usize..mark.end as usize]));
        }
        records += marks.len() as u64;
    }
}
