//! `fonds list`: the snapshots of an archive.

use clap::Args;
use fonds::archive::Snapshot;
use fonds::archive::snapshot::{backup_name, tag};
use fonds::jobs;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::format;
use crate::cli::session::{Session, complain};
use crate::cli::table::{Column, Table};
use crate::cli::view;

/// List the snapshots
#[derive(Debug, Args)]
#[command(visible_alias = "ls")]
pub struct List {
    /// Only of this backup name
    #[arg(value_parser = backup_name)]
    name: Option<String>,
    /// Only with this tag; with several, those that have them all
    #[arg(long, value_parser = tag)]
    tag: Vec<String>,
}

impl List {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
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
            Column::Left("tags"),
        ]);
        session.out.list("snapshots")?;
        for snapshot in jobs::list(&session.archive)? {
            match snapshot {
                Ok(snapshot) if !self.is_meant(&snapshot) => {}
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

    fn is_meant(&self, snapshot: &Snapshot) -> bool {
        self.name.as_ref().is_none_or(|name| snapshot.name == *name)
            && self.tag.iter().all(|tag| snapshot.tags.contains(tag))
    }
}

fn cells(snapshot: &Snapshot) -> [String; 9] {
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
        snapshot.tags.join(","),
    ]
}
