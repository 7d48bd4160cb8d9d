//! A restore: every part of a backup in the order in which a target can take it. What is through is noted, so that a
//! later run goes on behind it.

mod feed;
mod order;
mod payloads;
mod progress;
mod records;
mod retry;

use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, RwLock};

use roaring::RoaringTreemap;
use tokio::sync::Mutex;

use crate::fylr::client::Client;
use crate::fylr::error::Error;
use crate::fylr::source::Datamodel;
use crate::fylr::target::base::{self, EventsSent};
use crate::fylr::target::brought::Brought;
use crate::fylr::target::fetched::{self, Tell};
use crate::fylr::target::files::Uploads;
use crate::fylr::target::gates::Abilities;
use crate::fylr::target::ids::{Base, Ids};
use crate::fylr::target::numbering::Numbering;
use crate::fylr::target::options::WriteOptions;
use crate::fylr::target::payload::{Backup, Documents, Payload};
use crate::fylr::target::prepare;
use crate::fylr::target::report::{Report, Restored};
use crate::fylr::target::rewrite::{Context, Origins};
use crate::fylr::target::round::Round;
use crate::fylr::target::run::order::{AFTER_PLUGINS, ORDER};
use crate::fylr::target::run::progress::{Wanted, aside_before};
use crate::fylr::target::site::Site;
use crate::model::event::{Event, Observer, Warning};
use crate::model::ledger::Ledger;
use crate::model::payload::PayloadKind;

/// What is restored, and to where.
pub struct Restore {
    pub client: Client,
    pub options: WriteOptions,
    pub origins: Origins,
    pub documents: Documents,
    /// The data model of the backup, whether it is written or not.
    pub datamodel: Option<Vec<u8>>,
    pub payloads: Vec<Payload>,
    /// Which numbers versions of records have on the target.
    pub numbering: Arc<Numbering>,
    /// Ids of the source by reference, as far as the backup tells them: `(pool, 3, museum)`.
    pub references: Vec<(Base, u64, String)>,
    pub backup: Arc<dyn Backup>,
    pub ledger: Arc<dyn Ledger>,
    pub observer: Arc<dyn Observer + Send + Sync>,
    /// An earlier run was ended: something may be there that is noted nowhere.
    pub goes_on: bool,
    /// Only what was set aside by earlier runs.
    pub only_aside: bool,
    /// Records that are deleted at the source and linked to.
    pub deleted_linked: Arc<RoaringTreemap>,
}

impl Restore {
    /// Writes all of it.
    ///
    /// # Errors
    /// When the target or the backup ends to answer. What was written until then is noted in the ledger.
    pub async fn run(self) -> Result<Restored, Error> {
        let Self { client, options, origins, documents, datamodel, payloads, numbering, references, .. } = self;
        let schema = match datamodel.as_deref() {
            Some(text) => serde_json::from_slice::<serde_json::Value>(text).unwrap_or_default()["schema"].take(),
            // Where the backup has none, records are of the target's.
            None => prepare::schema(&client).await?,
        };
        let context = Context {
            abilities: Abilities::of(client.instance()),
            instance_id: client.instance().id.clone(),
            ids: Ids::default(),
            base_files: RwLock::default(),
            model: Datamodel::read(&schema),
            numbering,
            source_ids: references.iter().map(|(base, id, name)| ((*base, name.clone()), *id)).collect(),
            deleted_first: if options.include_deleted_linked && !options.is_dry_run {
                self.deleted_linked
            } else {
                Arc::default()
            },
            notes: Arc::default(),
            origins,
            options,
        };
        let site = Site {
            client,
            uploads: Uploads::new(&context.options),
            context,
            ledger: self.ledger,
            backup: self.backup,
            observer: self.observer,
            report: Report::default(),
            known: Mutex::default(),
            unsure: AtomicU32::new(0),
            goes_on: AtomicBool::new(self.goes_on || self.only_aside),
        };
        site.remember()?;
        if !site.context.options.is_dry_run {
            site.note(vec![Brought::of(&site.context.options).note()])?;
        }
        let wanted = if self.only_aside { Some(aside_before(&site)?) } else { None };
        let mut run = Run { site, documents, datamodel, payloads, references, wanted, events: EventsSent::default() };
        if let Some(mut wanted) = run.wanted.take() {
            fetched::look(&run.site, Tell::Ledger).await?;
            run.base_items(&mut wanted).await?;
            run.wanted = Some(wanted);
        }
        Box::pin(Arc::new(run).whole_way()).await
    }
}

struct Run {
    site: Site,
    documents: Documents,
    datamodel: Option<Vec<u8>>,
    payloads: Vec<Payload>,
    references: Vec<(Base, u64, String)>,
    /// Only these items.
    wanted: Option<Wanted>,
    events: EventsSent,
}

impl Run {
    async fn whole_way(self: Arc<Self>) -> Result<Restored, Error> {
        if self.site.context.options.is_dry_run {
            self.records().await?;
            return Ok(self.finish());
        }
        for (at, (kind, round)) in ORDER.iter().enumerate() {
            if at == AFTER_PLUGINS {
                self.settings().await?;
            }
            match kind {
                PayloadKind::Records => {
                    self.match_references().await?;
                    self.deleted_first().await?;
                    self.records().await?;
                    if self.wanted.is_some() {
                        self.mend().await?;
                    }
                    self.deletions().await?;
                }
                kind => self.kind(kind, *round).await?,
            }
        }
        self.kind(&PayloadKind::Events, Round::First).await?;
        if !self.site.context.options.skip_reindex {
            self.site.observer.observe(Event::Phase { name: "reindex".to_owned(), records: 0 });
            prepare::reindex(&self.site).await?;
        }
        let coming = fetched::look(&self.site, Tell::People).await?;
        self.site.settle()?;
        Ok(Restored { files_coming: coming, ..self.finish() })
    }

    fn finish(&self) -> Restored {
        let mut restored = self.site.report.take();
        // What earlier runs have set aside is missing still.
        let mut noted = 0;
        for area in ["aside/", "lost/"] {
            // A ledger that does not answer has failed the run before.
            let _ = self.site.ledger.under(area, &mut |_, _| noted += 1);
        }
        restored.aside_count = restored.aside_count.max(noted);
        restored.notes = self.site.context.notes.all();
        for (what, count) in &restored.notes {
            let times = if *count > 1 { format!(" ({count} times)") } else { String::new() };
            self.site.observer.observe(Event::Warning(Warning::Limited { what: format!("{what}{times}") }));
        }
        restored
    }

    /// Base config, data model, and which ids the parts of the data model have on the target.
    async fn settings(&self) -> Result<(), Error> {
        let lacks = self.wanted.is_some() && self.lacks_files_of_config()?;
        if let Some(config) = self.documents.base_config.as_deref().filter(|_| self.wanted.is_none() || lacks)
            && (lacks || self.site.noted("step/config")?.is_none())
        {
            self.site.observer.observe(Event::Phase { name: "base config".to_owned(), records: 0 });
            prepare::base_config(&self.site, config).await?;
            self.site.note(vec![("step/config".to_owned(), Some("done".to_owned()))])?;
        }
        if let Some(model) = self.documents.datamodel.as_deref().filter(|_| self.wanted.is_none())
            && self.site.noted("step/datamodel")?.is_none()
        {
            self.site.observer.observe(Event::Phase { name: "data model".to_owned(), records: 0 });
            prepare::datamodel(&self.site, model).await?;
            self.site.note(vec![("step/datamodel".to_owned(), Some("done".to_owned()))])?;
            self.site.settle()?;
        }
        if let Some(model) = &self.datamodel {
            prepare::match_models(&self.site, model).await?;
        }
        Ok(())
    }

    /// Learns which ids things with a reference have got, for whoever names them by id.
    async fn match_references(&self) -> Result<(), Error> {
        for (kind, base) in [
            (PayloadKind::Users, Base::User),
            (PayloadKind::Groups, Base::Group),
            (PayloadKind::Pools, Base::Pool),
            (PayloadKind::Collections, Base::Collection),
            (PayloadKind::Messages, Base::Message),
        ] {
            let mut wanted = self.references.iter().filter(|(of, _, _)| *of == base).peekable();
            if wanted.peek().is_none() {
                continue;
            }
            base::load(&self.site, &kind, false).await?;
            let known = self.site.known.lock().await;
            let Some(known) = known.get(&kind) else { continue };
            for (_, source, reference) in wanted {
                if let Some(item) = known.get(reference) {
                    self.site.learn(base, *source, item.id)?;
                }
            }
        }
        Ok(())
    }
}
