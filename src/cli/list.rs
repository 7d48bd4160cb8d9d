//! `fonds list`: the snapshots of an archive.

use fonds::archive::Snapshot;
use fonds::jobs;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::format;
use crate::cli::session::{Session, complain};
use crate::cli::table::{Column, Table};
use crate::cli::view;

pub fn run(session: &mut Session) -> Result<Exit, Error> {
    let mut exit = Exit::DONE;
    let mut table = Table::new([
        Column::Right("no"),
        Column::Left("name"),
        Column::Left("created"),
        Column::Left("source"),
        Column::Right("records"),
        Column::Right("files"),
        Column::Right("size"),
        Column::Right("added"),
    ]);
    session.out.list("snapshots")?;
    for snapshot in jobs::list(&session.archive)? {
        match snapshot {
            Ok(snapshot) => {
                session.out.item(|| view::snapshot(&snapshot))?;
                table.row(cells(&snapshot));
            }
            Err(error) => exit = complain(&error.into()),
        }
    }
    session.out.print(|out| table.print(out))?;
    Ok(exit)
}

fn cells(snapshot: &Snapshot) -> [String; 8] {
    let Snapshot { counts, source, .. } = snapshot;
    [
        snapshot.number.to_string(),
        snapshot.name.clone(),
        format::time(snapshot.created),
        source.url.clone().or_else(|| source.name.clone()).unwrap_or_default(),
        format::number(counts.records),
        format::number(counts.files + counts.renditions),
        format::bytes(counts.bytes),
        format::bytes(snapshot.added.bytes_stored),
    ]
}
