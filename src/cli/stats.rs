//! `fonds stats`: what an archive takes, and what keeping everything together saved.

use std::io::{self, Write};

use fonds::archive::stats::Stats;
use fonds::jobs;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::table::{Column, Table};
use crate::cli::{format, view};

pub fn run(session: &mut Session) -> Result<Exit, Error> {
    let stats = jobs::stats(&session.archive)?;
    session.out.member("stats", &view::stats(&stats))?;
    session.out.print(|out| print(&stats, out))?;
    Ok(Exit::DONE)
}

fn print(stats: &Stats, out: &mut dyn Write) -> io::Result<()> {
    let line = |out: &mut dyn Write, key, value: String| writeln!(out, "{key:<14} {value}");
    let snapshots = format::count(stats.snapshots, "snapshot", "snapshots");
    line(out, "held", format!("{} in {snapshots}", format::bytes(stats.bytes_plain)))?;
    let (factor, left) = (format::factor(stats.deduplication()), format::bytes(stats.bytes_unique));
    line(out, "deduplication", format!("{factor}, leaves {left} in {}", chunks(stats.chunks)))?;
    let (factor, left) = (format::factor(stats.compression()), format::bytes(stats.bytes_stored));
    let packs = format::count(stats.packs, "pack", "packs");
    line(out, "compression", format!("{factor}, leaves {left} in {packs}"))?;
    line(out, "index", format::bytes(stats.bytes_index))?;
    line(out, "file", format::bytes(stats.file_bytes))?;
    if stats.names.is_empty() {
        return Ok(());
    }
    let mut table = Table::new([
        Column::Left("name"),
        Column::Right("snapshots"),
        Column::Right("held"),
        Column::Right("new"),
        Column::Right("stored"),
    ]);
    for name in &stats.names {
        table.row([
            name.name.clone(),
            format::number(name.snapshots),
            format::bytes(name.bytes_plain),
            format::bytes(name.bytes_new),
            format::bytes(name.bytes_stored),
        ]);
    }
    writeln!(out)?;
    table.print(out)
}

fn chunks(count: u64) -> String {
    format::count(count, "chunk", "chunks")
}
