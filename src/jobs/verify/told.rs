//! What the ledger of a restore tells a comparison: what was left behind on purpose, which records have one version more
//! because their files came later, and which files the target has yet to fetch.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::archive::{Archive, ledger};
use crate::fylr::target::{ASKED_MAX, BROUGHT, Brought, FETCHING, FileState, MENDED, Mended, file_states};
use crate::fylr::{self, Client};
use crate::jobs::Error;
use crate::jobs::restore::{Look, ledgers};
use crate::jobs::verify::Verified;
use crate::model::event::{Event, Observer};
use crate::model::ledger::Ledger;

/// How often a target is asked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What a ledger tells.
#[derive(Default)]
pub(super) struct Told {
    /// `None`: there is no ledger of this restore.
    pub brought: Option<Brought>,
    pub mended: Arc<HashMap<u64, Mended>>,
    coming: BTreeSet<u64>,
}

/// Files that a target fetches, after it was waited for them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Waited {
    /// It is still fetching them.
    pub coming: u64,
    /// It could not fetch them.
    pub failed: u64,
}

impl Waited {
    pub fn tell(self, verified: &mut Verified) {
        verified.files_coming = self.coming;
        let files = |count: u64| if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
        if self.coming > 0 {
            let text = format!("the target is still fetching {}; their bytes were not compared", files(self.coming));
            verified.notes.insert(text);
        }
        if self.failed > 0 {
            let text = format!("the target could not fetch {}; restore --retry-failed tries again", files(self.failed));
            verified.notes.insert(text);
        }
    }
}

impl Told {
    /// Says what was not compared, or otherwise, because the restore was told so.
    pub fn tell(&self, scan: &Look, verified: &mut Verified) {
        let Some(brought) = &self.brought else { return };
        let has_passwords = scan.manifest.value("has_passwords").is_some_and(|value| value.trim() == "true");
        let mut left = brought.left_out();
        left.retain(|what| what != "passwords" || has_passwords);
        if !left.is_empty() {
            let text = format!("left behind by the restore, as it was told to, and not compared: {}", left.join("; "));
            verified.notes.insert(text);
        }
        if !self.mended.is_empty() {
            let count = self.mended.len();
            let text = format!(
                "{count} records have one version more than in the backup, because their files came later; older versions \
                 of these were compared without files"
            );
            verified.notes.insert(text);
        }
    }

    /// Reads the ledger that an archive has of a restore of this backup to this instance, if it has one.
    pub fn of_archive(archive: &Path, client: &Client, backup: &str) -> Result<Self, Error> {
        let server = client.server().to_string();
        let own = |head: &ledger::LedgerHead| {
            head.server == server && head.backup == backup && head.instance == client.instance().id
        };
        let Some(head) = ledgers(archive)?.into_iter().rfind(own) else { return Ok(Self::default()) };
        let opened = Archive::open(archive)?;
        let transaction = opened.read()?;
        Self::read(&mut |area, visit| {
            Ok(ledger::notes(&transaction, head.number, area, |note, text| {
                visit(note, text);
                Ok(())
            })?)
        })
    }

    /// Reads a ledger that is at hand.
    pub fn of_ledger(ledger: &dyn Ledger) -> Result<Self, Error> {
        Self::read(&mut |area, visit| Ok(ledger.under(area, visit).map_err(fylr::Error::Ledger)?))
    }

    #[expect(clippy::type_complexity, reason = "it is a walk over notes, wherever they are")]
    fn read(under: &mut dyn FnMut(&str, &mut dyn FnMut(&str, &str)) -> Result<(), Error>) -> Result<Self, Error> {
        let (mut brought, mut mended, mut coming): (Option<Brought>, _, _) = (None, HashMap::new(), BTreeSet::new());
        under(BROUGHT, &mut |_, text| {
            let other = Brought::read(text);
            brought = match (brought.take(), other) {
                (Some(one), Some(other)) => Some(one.and(other)),
                (one, other) => one.or(other),
            };
        })?;
        under(MENDED, &mut |note, text| mended.extend(Mended::read(note, text)))?;
        under(FETCHING, &mut |note, _| coming.extend(note[FETCHING.len()..].parse::<u64>()))?;
        Ok(Self { brought, mended: Arc::new(mended), coming })
    }

    /// Waits for the files that the target fetches, as long as they come: one that has not changed anything for so long
    /// is not waited for.
    pub async fn wait(&self, client: &Client, observer: &dyn Observer, patience: Duration) -> Result<Waited, Error> {
        let mut coming: Vec<u64> = self.coming.iter().copied().collect();
        let mut waited = Waited::default();
        if coming.is_empty() {
            return Ok(waited);
        }
        let name = "files that the target fetches".to_owned();
        observer.observe(Event::Phase { name, records: coming.len() as u64 });
        let mut changed = Instant::now();
        loop {
            let before = coming.len();
            let mut left = Vec::new();
            for part in coming.chunks(ASKED_MAX) {
                let states = file_states(client, part).await?;
                waited.failed += part.iter().filter(|id| states[*id] == FileState::Failed).count() as u64;
                left.extend(part.iter().filter(|id| states[*id] == FileState::Coming));
            }
            coming = left;
            if coming.len() < before {
                changed = Instant::now();
                observer.observe(Event::Counted { records: (before - coming.len()) as u64 });
            }
            if coming.is_empty() || changed.elapsed() >= patience {
                waited.coming = coming.len() as u64;
                return Ok(waited);
            }
            tokio::time::sleep(LOOK_EVERY.min(patience)).await;
        }
    }
}
