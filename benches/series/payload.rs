//! The payloads with records, written by as many threads as the machine has.

use std::fmt::{self, Write};
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use super::Parameters;
use super::plan::{self, Entry, Kind};
use super::prose::Prose;
use super::record::{self, Context};

/// A payload that is written: its file name, what it holds and how many.
pub struct Written {
    pub name: String,
    pub kind: String,
    pub items: usize,
}

struct Batch {
    order: usize,
    name: String,
    kind: Kind,
    entries: Vec<Entry>,
}

/// Writes the payloads of all object types and returns them in the order of a restore.
pub fn write(parameters: &Parameters, snapshot: u64, target: &Path) -> io::Result<Vec<Written>> {
    let prose = Prose::new();
    let context = Context { parameters, prose: &prose, snapshot };
    let source = Mutex::new(batches(parameters, snapshot));
    let threads = thread::available_parallelism()?.get();
    let mut written = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| write_from(&source, &context, target))).collect();
        let results = workers.into_iter().map(|worker| match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.collect::<io::Result<Vec<_>>>()
    })?
    .concat();
    written.sort_by_key(|batch| batch.0);
    let named = |(_, kind, name, items)| Written { name, kind: format!("db:{kind}"), items };
    Ok(written.into_iter().map(named).collect())
}

type Done = (usize, &'static str, String, usize);

/// Takes batches from the shared source until there is none left.
fn write_from(source: &Mutex<impl Iterator<Item = Batch>>, context: &Context, target: &Path) -> io::Result<Vec<Done>> {
    let mut done = Vec::new();
    let mut text = String::new();
    loop {
        let next = source.lock().map_err(|_| io::Error::other("a writer panicked"))?.next();
        let Some(batch) = next else { return Ok(done) };
        text.clear();
        render(&mut text, context, &batch).map_err(io::Error::other)?;
        std::fs::write(target.join(&batch.name), &text)?;
        done.push((batch.order, batch.kind.name(), batch.name, batch.entries.len()));
    }
}

fn render(out: &mut String, context: &Context, batch: &Batch) -> fmt::Result {
    out.push_str("{\"import_type\":\"db\",\"objects\":[");
    for (index, entry) in batch.entries.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        record::write(out, context, batch.kind, *entry)?;
    }
    write!(out, "],\"objecttype\":\"{}\"}}", batch.kind.name())
}

/// The batches of a snapshot, made one at a time as they are asked for.
fn batches(parameters: &Parameters, snapshot: u64) -> impl Iterator<Item = Batch> + use<'_> {
    let size = parameters.records_per_payload;
    let cut = Kind::ALL.into_iter().flat_map(move |kind| {
        let mut entries = plan::entries(parameters, kind, snapshot);
        (1..).map_while(move |number| {
            let entries: Vec<Entry> = entries.by_ref().take(size).collect();
            (!entries.is_empty()).then_some((kind, number, entries))
        })
    });
    cut.enumerate().map(|(order, (kind, number, entries))| {
        let name = format!("db__{}__batch_{number:04}__size_{:04}.json", kind.name(), entries.len());
        Batch { order, name, kind, entries }
    })
}
