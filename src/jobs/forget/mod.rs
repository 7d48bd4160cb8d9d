//! Forget: snapshots are taken out of the archive, by name or by policy. Planned first; what they held stays in the file
//! until it is pruned.

mod policy;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::tz::TimeZone;

pub use policy::{NoTime, Periods, Policy, Within};

use crate::archive::{Archive, ArchiveMut, Snapshot, SnapshotName, snapshot};
use crate::jobs::Error;
use crate::jobs::record::recorded;

/// Which snapshots to forget.
pub enum Forget {
    /// These.
    Named(Vec<SnapshotName>),
    /// Of every backup name, those that the policy does not keep.
    ByPolicy {
        policy: Policy,
        /// Only of these backup names; of all if there are none.
        names: Vec<String>,
        /// Only those that have all these tags.
        tags: Vec<String>,
    },
}

/// What a forget would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForgetPlan {
    pub forgotten: Vec<Snapshot>,
    /// The others that were judged, with the reasons for which they are kept.
    pub kept: Vec<(Snapshot, Vec<String>)>,
}

impl Forget {
    /// Says what would be forgotten.
    ///
    /// # Errors
    /// When the archive cannot be read, there is no such snapshot, or the policy would leave nothing of a backup name.
    pub fn plan(&self, archive: &Path) -> Result<ForgetPlan, Error> {
        let transaction = Archive::open(archive)?.read()?;
        match self {
            Self::Named(names) => {
                let mut plan = ForgetPlan::default();
                for name in names {
                    let found = snapshot::find(&transaction, name)?;
                    if !plan.forgotten.contains(&found) {
                        plan.forgotten.push(found);
                    }
                }
                Ok(plan)
            }
            Self::ByPolicy { policy, names, tags } => {
                let snapshots = snapshot::all(&transaction)?.into_iter().collect::<Result<Vec<_>, _>>()?;
                if let Some(name) = names.iter().find(|name| !snapshots.iter().any(|snapshot| snapshot.name == **name))
                {
                    return Err(Error::NoBackup(name.clone()));
                }
                by_policy(policy, names, tags, snapshots)
            }
        }
    }
}

fn by_policy(
    policy: &Policy,
    names: &[String],
    tags: &[String],
    snapshots: Vec<Snapshot>,
) -> Result<ForgetPlan, Error> {
    let mut groups: BTreeMap<String, Vec<Snapshot>> = BTreeMap::new();
    let is_meant = |snapshot: &Snapshot| {
        (names.is_empty() || names.contains(&snapshot.name)) && tags.iter().all(|tag| snapshot.tags.contains(tag))
    };
    for snapshot in snapshots.into_iter().filter(is_meant) {
        groups.entry(snapshot.name.clone()).or_default().push(snapshot);
    }
    let mut plan = ForgetPlan::default();
    for (name, group) in groups {
        let judged = policy.judge(group, &TimeZone::system());
        if judged.iter().all(|one| one.reasons.is_empty()) {
            return Err(Error::NothingKept(name));
        }
        for one in judged {
            if one.reasons.is_empty() {
                plan.forgotten.push(one.snapshot);
            } else {
                plan.kept.push((one.snapshot, one.reasons));
            }
        }
    }
    plan.forgotten.sort_by_key(|snapshot| snapshot.number);
    plan.kept.sort_by_key(|(snapshot, _)| snapshot.number);
    Ok(plan)
}

impl ForgetPlan {
    /// Forgets what the plan says, all at once.
    ///
    /// # Errors
    /// When the archive cannot be written; then nothing is forgotten.
    pub fn execute(&self, archive: &Path) -> Result<(), Error> {
        if self.forgotten.is_empty() {
            return Ok(());
        }
        recorded(archive, "forget", ArchiveMut::close, |archive, _| {
            archive.forget(&self.forgotten)?;
            let line = |snapshot: &Snapshot| format!("snapshot {} ({}) is forgotten", snapshot.number, snapshot.name);
            Ok(((), self.forgotten.iter().map(line).collect()))
        })
    }
}
