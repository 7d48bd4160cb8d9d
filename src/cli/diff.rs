//! `fonds diff`: what changed between two backups.

use std::path::PathBuf;

use clap::Args;
use fonds::archive::SnapshotName;
use fonds::jobs::diff::{
    Change, Diff as Job, DiffRestored, Differences, EntryChange, KindDiff, RecordChange, Side, What,
};
use fonds::model::entry::Role;
use fonds::model::payload::{FieldChange, Identity};
use serde_json::{Value, json};

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::format;
use crate::cli::output::Output;
use crate::cli::session::Session;
use crate::cli::table::{Column, Table};

/// Characters of a value that are printed.
const VALUE_MAX: usize = 100;

/// Compare two backups: records by kind and objecttype, files by digest
///
/// Records are matched by their system object id, else their uuid, else their reference, and versions of an object by
/// their number; what has no name counts as removed and added. Signatures in URLs differ every day and mean nothing.
#[derive(Debug, Args)]
pub struct Diff {
    /// Number, name, name~N, or a path: ./backup, backup/manifest.json or ./backup.tar.zst
    #[arg(value_parser = side)]
    before: Side,
    /// The same
    #[arg(value_parser = side)]
    after: Side,
    /// Tell every record, field and file that changed
    #[arg(long, short)]
    details: bool,
    /// The second backup is one of the instance that the first one was restored to: leave out what a restore changes on
    /// purpose, like ids that the target gives
    #[arg(long)]
    restored: bool,
    /// Files did not come along
    #[arg(long, requires = "restored")]
    without_files: bool,
}

/// A name is a snapshot's; anything with a slash is a path.
#[expect(clippy::unnecessary_wraps, reason = "clap wants a result")]
fn side(text: &str) -> Result<Side, std::convert::Infallible> {
    let is_path = text.contains('/') || matches!(text, "." | "..");
    match text.parse::<SnapshotName>() {
        Ok(name) if !is_path => Ok(Side::Snapshot(name)),
        _ => Ok(Side::Layout(PathBuf::from(text))),
    }
}

impl Diff {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        if self.restored {
            return self.of_restored(session);
        }
        let job = Job { before: self.before, after: self.after, details: self.details };
        let (archive, out) = (session.archive.clone(), &mut session.out);
        out.list("changes")?;
        let differences = job.run(&archive, |change| match change {
            Change::Record(kind, change) => record(kind, &change, out),
            Change::Entry(change) => entry(&change, out),
        })?;
        session.out.member("kinds", &differences.kinds.iter().map(kind_view).collect())?;
        let entries = differences.entries.iter().map(|(role, counts)| {
            json!({
                "role": role.name(),
                "added": counts.added,
                "removed": counts.removed,
                "changed": counts.changed,
                "unchanged": counts.unchanged,
            })
        });
        session.out.member("entries", &entries.collect())?;
        documents(&differences, session)?;
        session.out.member("same", &differences.is_empty().into())?;
        tell(&differences, self.details, session)?;
        Ok(Exit::DONE)
    }

    fn of_restored(self, session: &mut Session) -> Result<Exit, Error> {
        let job = DiffRestored { before: self.before, after: self.after, without_files: self.without_files };
        let found = session.work(|observer| job.run(&session.archive, &**observer))?;
        session.out.list("changes")?;
        for record in &found.records {
            session.out.item(|| json!({ "what": record.what, "why": record.why }))?;
        }
        for name in &found.more {
            session.out.item(|| json!({ "what": name, "why": ADDED }))?;
        }
        session.out.member("kinds", &found.differences.kinds.iter().map(kind_view).collect())?;
        documents(&found.differences, session)?;
        session.out.member("same", &found.is_nothing().into())?;
        if self.details {
            let added = found.more.iter().map(|name| (name.as_str(), ADDED));
            for (what, why) in found.records.iter().map(|one| (one.what.as_str(), one.why.as_str())).chain(added) {
                session.out.line(format_args!("{}: {}", format::printable(what), format::printable(why)))?;
            }
        }
        tell(&found.differences, self.details, session)?;
        Ok(Exit::DONE)
    }
}

/// Why something that only the second backup has is told.
const ADDED: &str = "only the second backup has it";

fn documents(differences: &Differences, session: &mut Session) -> Result<(), Error> {
    for (role, key) in [(Role::Datamodel, "datamodel"), (Role::BaseConfig, "base_config")] {
        let changes = differences.fields.iter().filter(|(other, _)| *other == role).flat_map(|(_, fields)| fields);
        session.out.member(key, &changes.map(field_view).collect())?;
    }
    Ok(())
}

/// Tables of what changed; what did not change is left out.
fn tell(differences: &Differences, details: bool, session: &mut Session) -> Result<(), Error> {
    if differences.is_empty() {
        session.summary("no differences")?;
        return Ok(());
    }
    let titles = [
        Column::Left("kind"),
        Column::Left("objecttype"),
        Column::Right("added"),
        Column::Right("removed"),
        Column::Right("changed"),
        Column::Right("unchanged"),
    ];
    let mut table = Table::new(titles);
    for kind in differences.kinds.iter().filter(|kind| !kind.is_empty()) {
        let counts = [kind.added, kind.removed, kind.changed, kind.unchanged].map(format::number);
        let [added, removed, changed, unchanged] = counts;
        table.row([kind.kind.clone(), kind.objecttype.clone().unwrap_or_default(), added, removed, changed, unchanged]);
    }
    for (role, counts) in &differences.entries {
        if counts.added + counts.removed + counts.changed > 0 {
            let counts = [counts.added, counts.removed, counts.changed, counts.unchanged].map(format::number);
            let [added, removed, changed, unchanged] = counts;
            table.row([format!("({role})"), String::new(), added, removed, changed, unchanged]);
        }
    }
    session.out.print(|out| table.print(out))?;
    for (role, fields) in &differences.fields {
        session.out.line(format_args!("\n{role}: {}", format::count(fields.len() as u64, "change", "changes")))?;
        let shown = if details { fields.len() } else { fields.len().min(10) };
        for field in &fields[..shown] {
            session.out.line(format_args!("{}", field_text(field)))?;
        }
        if shown < fields.len() {
            session.out.line(format_args!("  and {} more; --details tells them", fields.len() - shown))?;
        }
    }
    Ok(())
}

fn record(kind: &KindDiff, change: &RecordChange, out: &mut Output) -> Result<(), Error> {
    let (sign, what, fields) = match &change.what {
        What::Added => ('+', "added", &[][..]),
        What::Removed => ('-', "removed", &[][..]),
        What::Changed(fields) => ('~', "changed", &fields[..]),
    };
    out.item(|| {
        json!({
            "what": what,
            "kind": kind.kind,
            "objecttype": kind.objecttype,
            "system_object_id": change.identity.system_object_id,
            "uuid": change.identity.uuid,
            "reference": change.identity.reference,
            "version": change.identity.version,
            "fields": fields.iter().map(field_view).collect::<Vec<_>>(),
        })
    })?;
    let objecttype = kind.objecttype.as_deref().unwrap_or(&kind.kind);
    out.line(format_args!("{sign} {} {}", format::printable(objecttype), name(&change.identity)))?;
    for field in fields {
        out.line(format_args!("{}", field_text(field)))?;
    }
    Ok(())
}

fn entry(change: &EntryChange, out: &mut Output) -> Result<(), Error> {
    let (sign, what) = match (change.before, change.after) {
        (None, _) => ('+', "added"),
        (_, None) => ('-', "removed"),
        _ => ('~', "changed"),
    };
    out.item(|| {
        json!({
            "what": what,
            "role": change.role.name(),
            "path": change.path.to_string(),
            "before": change.before.map(|digest| digest.to_string()),
            "after": change.after.map(|digest| digest.to_string()),
        })
    })?;
    out.line(format_args!("{sign} {} {}", change.role, change.path))?;
    Ok(())
}

/// `4711 version 3`
pub fn name(identity: &Identity) -> String {
    let id = identity.key().map_or_else(|| "(no name)".to_owned(), |key| key.to_string());
    let version = identity.version.as_ref().map_or_else(String::new, |version| format!(" version {version}"));
    format::printable(&format!("{id}{version}")).into_owned()
}

/// `    /objekt/titel/de-DE: "Krug" → "Krug mit Deckel"`
pub fn field_text(field: &FieldChange) -> String {
    let value = |json: &Option<String>| json.as_ref().map_or_else(|| "nothing".to_owned(), |json| short(json));
    let pointer = if field.pointer.is_empty() { "all of it" } else { &field.pointer };
    format!("    {}: {} → {}", format::printable(pointer), value(&field.before), value(&field.after))
}

fn short(json: &str) -> String {
    let mut text: String = json.chars().take(VALUE_MAX).collect();
    if text.len() < json.len() {
        text.push('…');
    }
    format::printable(&text).into_owned()
}

/// Values are JSON texts, so that numbers of any length keep their digits.
pub fn field_view(field: &FieldChange) -> Value {
    json!({ "pointer": field.pointer, "before": field.before, "after": field.after })
}

fn kind_view(kind: &KindDiff) -> Value {
    json!({
        "kind": kind.kind,
        "objecttype": kind.objecttype,
        "added": kind.added,
        "removed": kind.removed,
        "changed": kind.changed,
        "unchanged": kind.unchanged,
    })
}
