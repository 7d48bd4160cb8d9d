//! A plan carried out. First the ids of what goes are taken away, so that nobody finds it again; then packs are dropped
//! and rewritten, a batch a transaction; at last the file is made shorter.

use std::sync::Arc;

use crate::archive::error::{Error, guarded};
use crate::archive::file::ArchiveMut;
use crate::archive::id::SnapshotNumber;
use crate::archive::prune::plan::{PrunePlan, Unused};
use crate::archive::prune::repack::Repacker;
use crate::archive::{Archive, ids, index, numbers, tables};
use crate::model::event::{Event, Observer};

impl Archive {
    /// What a prune would do if the snapshots `without` were forgotten.
    ///
    /// # Errors
    /// When it cannot be told what is needed, or a pack that would be rewritten is damaged.
    pub fn plan_prune(&self, unused: Unused, without: &[SnapshotNumber]) -> Result<PrunePlan, Error> {
        PrunePlan::new(&self.read()?, unused, without)
    }
}

impl ArchiveMut {
    /// What a prune would do. As long as this archive is open nobody else can change that.
    ///
    /// # Errors
    /// When it cannot be told what is needed, or a pack that would be rewritten is damaged.
    pub fn plan_prune(&self, unused: Unused) -> Result<PrunePlan, Error> {
        PrunePlan::new(&self.read()?, unused, &[])
    }

    /// Gives back the space of what no snapshot needs. Whatever ends it, every snapshot is as good as before, and the
    /// next prune finishes.
    ///
    /// # Errors
    /// When the archive cannot be read or written.
    pub fn prune(&self, plan: &PrunePlan, observer: &dyn Observer) -> Result<(), Error> {
        if plan.is_empty() {
            return Ok(());
        }
        self.forget_ids(plan)?;
        observer.observe(Event::Started {
            verb: "prune",
            entries: plan.chosen.len() as u64,
            bytes: plan.bytes_total(),
        });
        let database = Arc::clone(&self.database);
        guarded(|| Repacker::new(database, plan, observer)?.run())??;
        observer.observe(Event::Finished);
        Ok(())
    }

    /// From here on a new import stores again what goes.
    fn forget_ids(&self, plan: &PrunePlan) -> Result<(), Error> {
        tables::write(&self.database, |transaction| {
            numbers::keep(transaction)?;
            ids::rewrite(transaction, &plan.gone, &plan.stripped)?;
            index::retain(transaction, |number| !plan.gone.contains(number.0))
        })
    }
}
