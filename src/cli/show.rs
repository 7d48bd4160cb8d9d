//! `fonds show`: one snapshot, and what is not as it should be in it.

use std::io::{self, Write};

use clap::Args;
use fonds::archive::{Body, Row, Snapshot, SnapshotName};
use fonds::jobs::Shown;
use fonds::model::entry::Role;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::table::{Column, Table};
use crate::cli::{format, view};

/// Entries of one sort that are named; of more there is a count.
const NAMED_MAX: usize = 20;

/// Show what a snapshot holds
///
/// With --verbose every entry is listed with its size and digest (BLAKE3 of its uncompressed bytes); with --json always.
#[derive(Debug, Args)]
pub struct Show {
    /// Number, name, or name~N
    snapshot: SnapshotName,
}

impl Show {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let shown = Shown::open(&session.archive, &self.snapshot)?;
        let snapshot = &shown.snapshot;
        session.out.member("snapshot", &view::snapshot(snapshot))?;
        session.out.print(|out| print_snapshot(snapshot, out))?;

        let mut oddities = Oddities::default();
        let has_oddities = snapshot.counts.missing + snapshot.counts.flawed + snapshot.counts.unlisted > 0;
        if has_oddities || session.is_verbose || session.out.is_json() {
            session.out.list("entries")?;
            let is_verbose = session.is_verbose;
            shown.entries(|row| {
                session.out.item(|| view::entry(&row))?;
                if is_verbose {
                    session.out.print(|out| print_entry(&row, out))?;
                }
                oddities.add(&row);
                Ok::<(), Error>(())
            })?;
        }
        session.out.print(|out| oddities.print(out))?;
        Ok(Exit::DONE)
    }
}

fn print_snapshot(snapshot: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    let Snapshot { counts, added, .. } = snapshot;
    let line = |out: &mut dyn Write, key, value: &str| writeln!(out, "  {key:<9} {}", format::printable(value));
    writeln!(out, "snapshot {} of {}", snapshot.number, snapshot.name)?;
    line(out, "created", &format!("{} by run {}", format::time(snapshot.created), snapshot.run))?;
    line(out, "source", &source(snapshot))?;
    let payloads = format::count(counts.payloads, "payload", "payloads");
    let records = format::count(counts.records, "record", "records");
    line(out, "payloads", &format!("{payloads}, {records}, {}", format::bytes(counts.payload_bytes)))?;
    let files = format::count(counts.files, "file", "files");
    let renditions = format::count(counts.renditions, "rendition", "renditions");
    line(out, "files", &format!("{files}, {renditions}, {}", format::bytes(counts.file_bytes)))?;
    let entries = format::count(counts.entries, "entry", "entries");
    line(out, "all", &format!("{entries}, {}", format::bytes(counts.bytes)))?;
    let records = format::count(added.records, "record", "records");
    let (plain, stored) = (format::bytes(added.bytes_plain), format::bytes(added.bytes_stored));
    line(out, "new", &format!("{records}, {plain}, stored in {stored}"))?;
    if !snapshot.tags.is_empty() {
        line(out, "tags", &snapshot.tags.join(" "))?;
    }
    if snapshot.kinds.is_empty() { Ok(()) } else { print_kinds(snapshot, out) }
}

/// `https://seedorf.example (fylr v6.34.2, backup finished 2025-03-01T08:14:24Z)`
fn source(snapshot: &Snapshot) -> String {
    let source = &snapshot.source;
    let place = source.url.as_deref().or(source.name.as_deref()).unwrap_or("not told by the manifest");
    let server = [source.kind.as_deref(), source.version.as_deref()].into_iter().flatten().collect::<Vec<_>>();
    let finished = source.finished_at.as_ref().map(|time| format!("backup finished {time}"));
    let details = Some(server.join(" ")).filter(|server| !server.is_empty()).into_iter().chain(finished);
    match details.collect::<Vec<_>>() {
        details if details.is_empty() => place.to_owned(),
        details => format!("{place} ({})", details.join(", ")),
    }
}

fn print_kinds(snapshot: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new([
        Column::Left("kind"),
        Column::Left("objecttype"),
        Column::Right("payloads"),
        Column::Right("records"),
        Column::Right("older versions"),
        Column::Right("new"),
        Column::Right("size"),
    ]);
    for kind in &snapshot.kinds {
        table.row([
            if kind.kind.is_empty() { "unknown".to_owned() } else { kind.kind.clone() },
            kind.objecttype.clone().unwrap_or_default(),
            format::number(kind.payloads),
            format::number(kind.records),
            format::number(kind.older_versions),
            format::number(kind.new_records),
            format::bytes(kind.bytes),
        ]);
    }
    writeln!(out)?;
    table.print(out)
}

fn print_entry(row: &Row, out: &mut dyn Write) -> io::Result<()> {
    let (path, role) = (&row.head.path, row.head.role.name());
    match &row.body {
        Body::File(file) => writeln!(out, "{role:<11} {:>14}  {}  {path}", format::number(file.size), file.digest),
        Body::Folder => writeln!(out, "{role:<11} {:>14}  {:<64}  {path}/", "", "empty folder"),
        Body::Missing => writeln!(out, "{role:<11} {:>14}  {:<64}  {path}", "", "missing"),
    }
}

/// Entries that are not as they should be, by sort.
#[derive(Default)]
struct Oddities {
    missing: Named,
    flawed: Named,
    unlisted: Named,
}

#[derive(Default)]
struct Named {
    names: Vec<String>,
    more: u64,
}

impl Oddities {
    fn add(&mut self, row: &Row) {
        let path = &row.head.path;
        match &row.body {
            Body::Missing => self.missing.add(|| path.to_string()),
            Body::File(file) if file.flaw.is_some() => {
                self.flawed.add(|| file.flaw.as_ref().map_or_else(String::new, |flaw| format!("{path}: {flaw}")));
            }
            _ if row.head.role == Role::Unlisted => self.unlisted.add(|| path.to_string()),
            _ => {}
        }
    }

    fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        self.missing.print("missing when it was imported", out)?;
        self.flawed.print("payloads without records, kept as plain content", out)?;
        self.unlisted.print("in the directory, but named by nothing", out)
    }
}

impl Named {
    fn add(&mut self, name: impl FnOnce() -> String) {
        if self.names.len() < NAMED_MAX {
            self.names.push(name());
        } else {
            self.more += 1;
        }
    }

    fn print(&self, title: &str, out: &mut dyn Write) -> io::Result<()> {
        if self.names.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{title}:")?;
        self.names.iter().try_for_each(|name| writeln!(out, "  {name}"))?;
        if self.more > 0 { writeln!(out, "  and {} more", format::number(self.more)) } else { Ok(()) }
    }
}
