//! `fonds find`: records that a pattern matches.

use clap::Args;
use fonds::archive::SnapshotName;
use fonds::jobs::{Among, Find as Job, Found};
use regex::bytes::{Regex, RegexBuilder};
use serde_json::json;

use crate::cli::diff;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::format;
use crate::cli::session::Session;

/// Bytes that are shown before and behind a match.
const AROUND: usize = 40;
/// A pattern may become so large; what needs more is a mistake.
const PATTERN_BYTES_MAX: usize = 16 << 20;

/// Search for records
///
/// PATTERN is a regular expression. It is searched for in the JSON text of each record as it stands in its payload, or
/// with --at in one value of it. Every distinct record is searched and told once, with the snapshots that hold it.
#[derive(Debug, Args)]
pub struct Find {
    pattern: String,
    /// Search in this snapshot, not in the newest of each backup name; may be given several times
    #[arg(long, value_name = "SNAPSHOT", conflicts_with = "all")]
    snapshot: Vec<SnapshotName>,
    /// Search in all snapshots
    #[arg(long)]
    all: bool,
    /// Only records of this objecttype; may be given several times
    #[arg(long, value_name = "NAME")]
    objecttype: Vec<String>,
    /// Search in the value that this JSON pointer leads to: /objekt/titel/de-DE
    #[arg(long, value_name = "POINTER", value_parser = pointer)]
    at: Option<String>,
    /// Take capital and small letters for the same
    #[arg(long, short)]
    ignore_case: bool,
}

fn pointer(text: &str) -> Result<String, String> {
    if text.is_empty() || text.starts_with('/') {
        Ok(text.to_owned())
    } else {
        Err("a pointer starts with /".to_owned())
    }
}

impl Find {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let pattern = self.pattern()?;
        let among = match (self.all, self.snapshot.is_empty()) {
            (true, _) => Among::All,
            (false, true) => Among::Newest,
            (false, false) => Among::These(self.snapshot),
        };
        let job = Job { pattern, at: self.at, objecttypes: self.objecttype, among };
        let (archive, out) = (session.archive.clone(), &mut session.out);
        let mut count = 0;
        out.list("found")?;
        job.run(&archive, |found| {
            count += 1;
            out.item(|| view(&found))?;
            out.line(format_args!("{}", text(&found)))?;
            Ok::<(), Error>(())
        })?;
        session.out.member("count", &count.into())?;
        session.summary(&format!("{} found", format::count(count, "record", "records")))?;
        Ok(Exit::DONE)
    }

    fn pattern(&self) -> Result<Regex, Error> {
        let mut builder = RegexBuilder::new(&self.pattern);
        builder.case_insensitive(self.ignore_case).size_limit(PATTERN_BYTES_MAX);
        builder.build().map_err(|error| {
            let text = error.to_string();
            let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            Error::Pattern { pattern: self.pattern.clone(), why }
        })
    }
}

fn view(found: &Found) -> serde_json::Value {
    json!({
        "snapshots": found.snapshots.iter().map(|number| number.0).collect::<Vec<_>>(),
        "name": found.name,
        "path": found.path.to_string(),
        "record": found.record,
        "kind": found.kind,
        "objecttype": found.objecttype,
        "system_object_id": found.identity.system_object_id,
        "uuid": found.identity.uuid,
        "reference": found.identity.reference,
        "version": found.identity.version,
        "match": String::from_utf8_lossy(&found.text[found.matched.clone()]),
    })
}

/// `museum 5 objekt 4711 version 3 (db__objekt__batch_0001.json record 17): …titel":{"de-DE":"Krug"…`
fn text(found: &Found) -> String {
    let objecttype = found.objecttype.as_ref().unwrap_or(&found.kind);
    let snapshots = match &found.snapshots[..] {
        [one] => one.to_string(),
        [newest, .., oldest] => format!("{oldest}…{newest}"),
        [] => String::new(),
    };
    let (name, path, record) = (&found.name, &found.path, found.record);
    let place = format!("{name} {snapshots} {objecttype} {} ({path} record {record})", diff::name(&found.identity));
    format::printable(&format!("{place}: {}", excerpt(found))).into_owned()
}

/// The match with what stands around it.
fn excerpt(found: &Found) -> String {
    let text = &found.text;
    let start = found.matched.start.saturating_sub(AROUND);
    let end = found.matched.end.min(found.matched.start + 4 * AROUND).saturating_add(AROUND).min(text.len());
    let piece = String::from_utf8_lossy(&text[start..end]);
    // A character that was cut in two at an end is left out, and a record that is set over many lines becomes one.
    let piece = piece.trim_matches('\u{fffd}').split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{}{piece}{}", if start > 0 { "…" } else { "" }, if end < text.len() { "…" } else { "" })
}
