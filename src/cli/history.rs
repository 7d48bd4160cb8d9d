//! `fonds history`: one record through all snapshots.

use clap::Args;
use fonds::archive::snapshot::backup_name;
use fonds::jobs::diff::What;
use fonds::jobs::{History as Job, Step};
use serde_json::json;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::{diff, format};

/// Follow one record through all snapshots
///
/// Tells each snapshot in which the record, or one of its versions, came, went or changed, and what changed.
#[derive(Debug, Args)]
pub struct History {
    /// Its system object id, uuid or reference
    id: String,
    /// Only in snapshots of this backup name
    #[arg(long, value_parser = backup_name)]
    name: Option<String>,
}

impl History {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let steps = Job { id: self.id, name: self.name }.run(&session.archive)?;
        session.out.list("history")?;
        for step in &steps {
            session.out.item(|| view(step))?;
            session.out.line(format_args!("{}", line(step)))?;
            if let What::Changed(fields) = &step.change.what {
                for field in fields {
                    session.out.line(format_args!("{}", diff::field_text(field)))?;
                }
            }
        }
        Ok(Exit::DONE)
    }
}

/// `museum 3  2026-11-24 02:00:11  objekt 4711 version 2 changed`
fn line(step: &Step) -> String {
    let snapshot = &step.snapshot;
    let objecttype = step.objecttype.as_ref().unwrap_or(&step.kind);
    let (created, name) = (format::time(snapshot.created), diff::name(&step.change.identity));
    let (backup, number, what) = (&snapshot.name, snapshot.number, word(&step.change.what));
    format::printable(&format!("{backup} {number}  {created}  {objecttype} {name} {what}")).into_owned()
}

fn word(what: &What) -> &'static str {
    match what {
        What::Added => "added",
        What::Removed => "removed",
        What::Changed(_) => "changed",
    }
}

fn view(step: &Step) -> serde_json::Value {
    let fields = match &step.change.what {
        What::Changed(fields) => &fields[..],
        What::Added | What::Removed => &[],
    };
    json!({
        "snapshot": step.snapshot.number.0,
        "name": step.snapshot.name,
        "created": format::time_utc(step.snapshot.created),
        "kind": step.kind,
        "objecttype": step.objecttype,
        "system_object_id": step.change.identity.system_object_id,
        "uuid": step.change.identity.uuid,
        "reference": step.change.identity.reference,
        "version": step.change.identity.version,
        "what": word(&step.change.what),
        "fields": fields.iter().map(diff::field_view).collect::<Vec<_>>(),
    })
}
