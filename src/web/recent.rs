//! What runs, and what ran last for each backup.

use std::collections::HashMap;

use crate::archive::id::RunId;
use crate::archive::{self, Archive, runs};
use crate::web::answer::Refusal;
use crate::web::runs::RunView;
use crate::web::site::Site;

/// Runs that are looked back at: the last one of a backup is among them unless hundreds of others followed.
const LOOKED_BACK: usize = 500;

/// Runs as the list of backups shows them.
#[derive(Default)]
pub(super) struct Recent {
    /// What waits or goes on, here or on a command line.
    pub under_way: Vec<RunView>,
    /// The last backup by backup name.
    pub backups: HashMap<String, RunView>,
    /// The last restore by backup name.
    pub restores: HashMap<String, RunView>,
}

impl Recent {
    /// # Errors
    /// When there is an archive whose runs cannot be read.
    pub fn look(site: &Site) -> Result<Self, Refusal> {
        let mut recent = Self::default();
        let unrecorded = site.queue.current().into_iter().filter(|live| live.run().is_none());
        let views = unrecorded.map(|live| RunView::unrecorded(&live));
        recent.under_way.extend(views.filter(|view| view.state.is_under_way()));
        let archive = match Archive::open(&site.archive) {
            Ok(archive) => archive,
            Err(archive::Error::NotFound(_)) => return Ok(recent),
            Err(error) => return Err(error.into()),
        };
        for run in runs::newest(&archive.read()?, RunId(u64::MAX), LOOKED_BACK)?.into_iter().flatten() {
            let live = site.queue.of_run(run.id);
            recent.add(RunView::recorded(run, live.as_deref()));
        }
        Ok(recent)
    }

    /// They come newest first.
    fn add(&mut self, view: RunView) {
        if let Some(name) = view.command.strip_prefix("backup ") {
            self.backups.entry(name.to_owned()).or_insert_with(|| view.clone());
        }
        let restored = view.command.strip_prefix("restore ").and_then(|rest| rest.split_once(" (snapshot "));
        if let Some((name, _)) = restored {
            self.restores.entry(name.to_owned()).or_insert_with(|| view.clone());
        }
        if view.state.is_under_way() {
            self.under_way.push(view);
        }
    }
}
