//! `fonds salvage`: what can still be proved of a damaged archive.

use std::path::PathBuf;

use clap::Args;
use fonds::archive::salvage::{Salvaged, SalvagedSnapshot};
use fonds::jobs;
use serde_json::json;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::format;
use crate::cli::session::Session;

/// Lost entries of a snapshot that are printed; of more there is a count.
const LOST_SHOWN: usize = 20;

/// Get out of a damaged archive all that can still be proved
///
/// For a file that is refused, cut off or full of damage. It is only read. Every pack and snapshot that proves whole,
/// wherever in the file it stands, comes into a new archive, and every entry is proved there. Entries that are lost are
/// listed, and recorded as missing; the exit code is 4 then. Snapshots that were forgotten not long ago may come back.
#[derive(Debug, Args)]
pub struct Salvage {
    /// The damaged archive
    damaged: PathBuf,
    /// The new archive; there must be no file yet
    new: PathBuf,
}

impl Salvage {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let salvaged = session.work(|observer| jobs::salvage(&self.damaged, &self.new, observer))?;
        session.out.member("bytes_scanned", &salvaged.bytes_scanned.into())?;
        session.out.member("packs", &salvaged.packs.into())?;
        session.out.member("chunks", &salvaged.chunks.into())?;
        session.out.list("snapshots")?;
        for snapshot in &salvaged.snapshots {
            session.out.item(|| view(snapshot))?;
            tell(snapshot, session)?;
        }
        session.summary(&summary(&salvaged))?;
        let is_whole = salvaged.snapshots.iter().all(SalvagedSnapshot::is_whole);
        Ok(if is_whole { Exit::DONE } else { Exit::INCOMPLETE })
    }
}

fn tell(snapshot: &SalvagedSnapshot, session: &mut Session) -> Result<(), Error> {
    let (number, name) = (snapshot.number, &snapshot.name);
    let entries = format::count(snapshot.entries, "entry", "entries");
    if snapshot.is_whole() {
        session.out.line(format_args!("snapshot {number} ({name}): whole, {entries}"))?;
        return Ok(());
    }
    let lost = format::number(snapshot.lost.len() as u64 + snapshot.nameless);
    session.out.line(format_args!("snapshot {number} ({name}): {lost} of {entries} lost"))?;
    for path in snapshot.lost.iter().take(LOST_SHOWN) {
        session.out.line(format_args!("  {path}"))?;
    }
    if snapshot.lost.len() > LOST_SHOWN {
        let more = format::number((snapshot.lost.len() - LOST_SHOWN) as u64);
        session.out.line(format_args!("  and {more} more; --json names all"))?;
    }
    if snapshot.nameless > 0 {
        session.out.line(format_args!("  {} whose names are lost, too", format::number(snapshot.nameless)))?;
    }
    if snapshot.manifest_lost {
        session.out.line(format_args!("  a new manifest names the payloads that are known"))?;
    }
    Ok(())
}

fn view(snapshot: &SalvagedSnapshot) -> serde_json::Value {
    json!({
        "number": snapshot.number.0,
        "name": snapshot.name,
        "whole": snapshot.is_whole(),
        "entries": snapshot.entries,
        "lost": snapshot.lost.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "nameless": snapshot.nameless,
        "manifest_lost": snapshot.manifest_lost,
    })
}

fn summary(salvaged: &Salvaged) -> String {
    let whole = salvaged.snapshots.iter().filter(|snapshot| snapshot.is_whole()).count();
    format!(
        "{} of {} whole; {} with {} found in {}",
        format::number(whole as u64),
        format::count(salvaged.snapshots.len() as u64, "snapshot", "snapshots"),
        format::count(salvaged.packs, "pack", "packs"),
        format::count(salvaged.chunks, "chunk", "chunks"),
        format::bytes(salvaged.bytes_scanned),
    )
}
