//! Two backups, the later one of an instance that the earlier one was restored to: compared by the rules by which a backup
//! and a target are.

use std::sync::Arc;

use crate::fylr::target::{Comparing, Renames};
use crate::jobs::Error;
use crate::jobs::in_order::in_order;
use crate::jobs::restore::{BackupSource, Look, look};
use crate::jobs::verify::Verified;
use crate::jobs::verify::findings::Findings;
use crate::jobs::verify::lot::{Forming, Lot};
use crate::jobs::verify::names::names;
use crate::jobs::verify::side::{Backup, lots};
use crate::model::event::Observer;

/// What has been found, and what both backups hold.
pub(in crate::jobs) struct Compared {
    pub verified: Verified,
    pub comparing: Comparing,
    pub before: Look,
    pub after: Look,
}

/// Compares the items of two backups.
///
/// # Errors
/// When one of the two cannot be read.
pub(in crate::jobs) fn compare(
    before: &BackupSource,
    after: &BackupSource,
    without_files: bool,
    observer: &dyn Observer,
) -> Result<Compared, Error> {
    let scan = look(before, &Renames::default(), observer)?;
    let other = look(after, &Renames::default(), observer)?;
    let comparing = Comparing {
        without_files,
        names: Arc::new(names(before, &scan)?),
        renditions: None,
        is_easydb5: scan.origins.is_easydb5,
        is_importer: scan.origins.is_importer,
        ..Comparing::default()
    };
    let mut verified = Verified { backup: before.label(), server: after.label(), ..Verified::default() };
    let forming = Forming { comparing: comparing.clone(), survey: &scan.survey };
    let mut backup = Backup::new(before, &scan, &forming);
    backup.learn(false)?;
    let mut findings = Findings::of(&backup);
    let known = other.payloads.iter().enumerate().filter(|(_, payload)| payload.kind.is_known());
    let known: Vec<usize> = known.map(|(at, _)| at).collect();
    in_order(
        |give| lots(after, &other, &known, give),
        |lot: Lot| (lot.tally(), backup.lot(&lot)),
        |(tally, found)| {
            findings.take(&backup, &tally, found);
            Ok(())
        },
    )?;
    findings.finish(&backup, &mut verified)?;
    Ok(Compared { verified, comparing, before: scan, after: other })
}
