//! The forms of the start page as they begin: fresh, as they were sent, or as a run or a plan had them.

use crate::archive::id::RunId;
use crate::archive::{Archive, Snapshot, SnapshotName, runs, snapshot};
use crate::jobs;
use crate::web::address;
use crate::web::forms::{BackupForm, Complaints, Fields, Offered, RenameRow, RestoreForm};
use crate::web::query::Query;
use crate::web::runs::Key;
use crate::web::site::Site;
use crate::web::start::Shelf;
use crate::web::words::{Language, forms};

/// Snapshots that the form offers, the newest of each backup first. Others are restored from their own page.
const OFFERED_MAX: usize = 300;
/// What `fylr` calls the versions of videos that easydb5 calls otherwise.
const RENAME_OF_EASYDB5: (&str, &str, &str) = ("video", "1920p", "1080p");
/// The name in a query of the run whose form is wanted again.
pub(super) const QUERY_FROM: &str = "run";
/// The name in a query of the plan whose form is wanted again.
pub(super) const QUERY_PLAN: &str = "plan";
/// The name in a query, and in forms, of the way to begin.
pub(super) const QUERY_START: &str = "start";

/// The forms, as they were sent or as they begin.
pub(super) struct Sheets {
    pub backup: BackupForm,
    pub restore: RestoreForm,
    pub backup_complaints: Complaints,
    pub restore_complaints: Complaints,
    /// Which of them is open.
    pub open: Open,
}

/// Which form is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    Neither,
    Backup,
    Restore,
}

impl Sheets {
    /// The form of a backup as it was sent.
    pub fn with_backup(site: &Site, shelf: &Shelf, backup: BackupForm, backup_complaints: Complaints) -> Self {
        Self { backup, backup_complaints, open: Open::Backup, ..Self::fresh(site, shelf, &Query::default()) }
    }

    /// The form of a restore as it was sent.
    pub fn with_restore(site: &Site, shelf: &Shelf, restore: RestoreForm, restore_complaints: Complaints) -> Self {
        Self { restore, restore_complaints, open: Open::Restore, ..Self::fresh(site, shelf, &Query::default()) }
    }

    /// What a link asks for: the form of a plan or of a run again, or a fresh one.
    pub fn asked(site: &Site, shelf: &Shelf, query: &Query, language: Language) -> Self {
        if let Some(plan) = query.get(QUERY_PLAN).and_then(|id| site.plans.get(id)) {
            return Self::with_restore(site, shelf, plan.form.clone(), Complaints::default());
        }
        let request = query.get(QUERY_FROM).and_then(|run| request(site, run));
        let Some(Ok(mut fields)) = request.map(|text| Fields::of_json(text.as_bytes())) else {
            return Self::fresh(site, shelf, query);
        };
        // Another way to go on than the run's own.
        if let Some(way) = query.get(QUERY_START) {
            fields.set(QUERY_START, way);
        }
        match fields.form().as_deref() {
            Some("backup") => {
                Self::with_backup(site, shelf, BackupForm::read(fields, language).0, Complaints::default())
            }
            Some("restore") => {
                Self::with_restore(site, shelf, RestoreForm::read(fields, language).0, Complaints::default())
            }
            _ => Self::fresh(site, shelf, query),
        }
    }

    /// Forms that nobody has filled in, or those that a link has begun.
    pub fn fresh(site: &Site, shelf: &Shelf, query: &Query) -> Self {
        let asked = query.get(address::SNAPSHOT).map(str::to_owned);
        let open = match () {
            () if asked.is_some() => Open::Restore,
            () if shelf.backups.is_empty() => Open::Backup,
            () => Open::Neither,
        };
        let newest = shelf.newest();
        let snapshot = asked.or_else(|| newest.map(|snapshot| snapshot.number.to_string())).unwrap_or_default();
        let renames = renames(site, shelf, &snapshot);
        Self {
            backup: BackupForm::default(),
            restore: RestoreForm { snapshot, renames, ..RestoreForm::default() },
            backup_complaints: Complaints::default(),
            restore_complaints: Complaints::default(),
            open,
        }
    }
}

/// What a run was asked for, without secrets.
fn request(site: &Site, run: &str) -> Option<String> {
    if let Some(key) = Key::parse(run) {
        return site.queue.of_key(&key).map(|live| live.request.clone());
    }
    let transaction = Archive::open(&site.archive).ok()?.read().ok()?;
    runs::request(&transaction, RunId(run.parse().ok()?)).ok()?
}

/// Versions that get other names: as the last restore of this backup had them, even if it had none; else what an easydb5
/// is known to need.
fn renames(site: &Site, shelf: &Shelf, number: &str) -> Vec<RenameRow> {
    let find = |name: &SnapshotName| snapshot::find(&Archive::open(&site.archive).ok()?.read().ok()?, name).ok();
    let Some(chosen) = number.parse::<SnapshotName>().ok().and_then(|name| find(&name)) else { return Vec::new() };
    let last = shelf.recent.restores.get(&chosen.name).and_then(|run| request(site, &run.name));
    let last = last.and_then(|text| Fields::of_json(text.as_bytes()).ok());
    if let Some(mut fields) = last.filter(|fields| fields.form().as_deref() == Some("restore")) {
        return fields.take("rename-versions").first().map(|list| RenameRow::rows(list)).unwrap_or_default();
    }
    if chosen.source.kind.as_deref() != Some("easydb5") {
        return Vec::new();
    }
    let (class, source, target) = RENAME_OF_EASYDB5;
    vec![RenameRow { class: class.to_owned(), source: source.to_owned(), target: target.to_owned() }]
}

/// The newest snapshot of each backup, then older ones, and always the one that is chosen.
pub(super) fn offered(shelf: &Shelf, sheets: &Sheets, site: &Site, language: Language) -> Vec<Offered> {
    let offer = |snapshot: &Snapshot| {
        let (number, created) = (snapshot.number.to_string(), language.time(snapshot.created));
        Offered { label: language.fill(forms::BACKUP_OPTION, &[&snapshot.name, &number, &created]), value: number }
    };
    let mut offered: Vec<Offered> = shelf.backups.iter().map(|backup| offer(&backup.newest)).collect();
    let all = jobs::list(&site.archive).unwrap_or_default();
    let mut older: Vec<Snapshot> = all.into_iter().flatten().collect();
    older.sort_by(|one, other| (&one.name, other.number).cmp(&(&other.name, one.number)));
    let chosen = &sheets.restore.snapshot;
    for snapshot in &older {
        let number = snapshot.number.to_string();
        let has_room = offered.len() < OFFERED_MAX || number == *chosen;
        if has_room && !offered.iter().any(|known| known.value == number) {
            offered.push(offer(snapshot));
        }
    }
    offered
}

/// A word that no other form has.
pub(super) fn once() -> String {
    let mut bytes = [0; 16];
    // Without randomness a form that is sent twice may count twice; a page is worth more.
    let _ = getrandom::fill(&mut bytes);
    format!("{:032x}", u128::from_le_bytes(bytes))
}
