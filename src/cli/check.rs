//! `fonds check`: everything that is wrong with an archive.

use clap::Args;
use fonds::archive::check::{Depth, Finding, Hit, Report};
use fonds::jobs;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::{format, view};

/// Hits of one finding, and records of one hit, that are printed; of more there is a count.
const HITS_SHOWN: usize = 20;

/// Look for everything that is wrong with the archive
///
/// Each finding is told with what it hits: snapshots, entries, records. What is not named can be given back whole. The
/// exit code is 1 if anything was found.
#[derive(Debug, Args)]
pub struct Check {
    /// Read every byte, too: takes as long as reading the whole archive
    #[arg(long)]
    read_data: bool,
}

impl Check {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let depth = if self.read_data { Depth::Data } else { Depth::Structure };
        let report = session.work(|observer| jobs::check(&session.archive, depth, observer))?;
        session.out.member("snapshots", &report.snapshots.into())?;
        session.out.member("entries", &report.entries.into())?;
        session.out.member("packs", &report.packs.into())?;
        session.out.member("chunks", &report.chunks.into())?;
        session.out.member("bytes_read", &report.bytes_plain.into())?;
        session.out.list("findings")?;
        for finding in &report.findings {
            session.out.item(|| view::finding(finding))?;
            session.out.line(format_args!("{}", text(finding)))?;
        }
        if report.findings.is_empty() {
            session.summary(&all_clear(&report, depth))?;
            return Ok(Exit::DONE);
        }
        session.summary(&format::count(report.findings.len() as u64, "finding", "findings"))?;
        Ok(Exit::FAILED)
    }
}

fn all_clear(report: &Report, depth: Depth) -> String {
    let (snapshots, entries) = (report.snapshots, report.entries);
    let held = format!(
        "{}, {}, {}",
        format::count(snapshots, "snapshot", "snapshots"),
        format::count(entries, "entry", "entries"),
        format::count(report.packs, "pack", "packs"),
    );
    match depth {
        Depth::Structure => format!("nothing wrong: {held}; --read-data would read every byte, too"),
        Depth::Data => {
            let chunks = format::count(report.chunks, "chunk", "chunks");
            format!("nothing wrong: {held}, {chunks}, {} read", format::bytes(report.bytes_plain))
        }
    }
}

fn text(finding: &Finding) -> String {
    let mut lines = vec![finding.damage.clone()];
    lines.extend(finding.hits.iter().take(HITS_SHOWN).map(|hit| format!("  {}", hit_text(hit))));
    match finding.hits.len().saturating_sub(HITS_SHOWN) {
        0 if finding.hits.is_empty() => lines.push("  hits nothing that a snapshot needs".to_owned()),
        0 => {}
        more => lines.push(format!("  and {} more", format::number(more as u64))),
    }
    lines.iter().map(|line| format::printable(line)).collect::<Vec<_>>().join("\n")
}

/// `snapshot 12 (museum): db__objekt__batch_0001.json, records 3, 17`
fn hit_text(hit: &Hit) -> String {
    let Hit { snapshot, name, path, records } = hit;
    let path = path.as_ref().map_or_else(|| "all of it".to_owned(), ToString::to_string);
    let mut text = format!("snapshot {snapshot} ({name}): {path}");
    if !records.is_empty() {
        let shown = records.iter().take(HITS_SHOWN).map(|record| format::number(*record));
        text += if records.len() == 1 { ", record " } else { ", records " };
        text += &shown.collect::<Vec<_>>().join(", ");
        if records.len() > HITS_SHOWN {
            text += " and ";
            text += &format::number((records.len() - HITS_SHOWN) as u64);
            text += " more";
        }
    }
    text
}
