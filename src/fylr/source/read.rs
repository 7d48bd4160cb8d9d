//! Reads a whole instance: base types, then records, then what stands on records; every entry in its fixed place,
//! whatever the parallelism.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::fylr::client::Client;
use crate::fylr::error::Error;
use crate::fylr::instance::InstanceKind;
use crate::fylr::json::Json;
use crate::fylr::request::{Request, Shape};
use crate::fylr::source::asker::Asker;
use crate::fylr::source::bare_files::{self, Where};
use crate::fylr::source::book::Book;
use crate::fylr::source::delivery::{DELIVERIES_AHEAD, Delivery, Gone, Way, head};
use crate::fylr::source::ids::Inventory;
use crate::fylr::source::looker::Looker;
use crate::fylr::source::options::ReadOptions;
use crate::fylr::source::payload::{Form, Payload};
use crate::fylr::source::plan::Source;
use crate::fylr::source::report::{Aside, State};
use crate::fylr::source::resume::{self, BASE_TYPES_DONE, Resume};
use crate::fylr::source::turn::{self, Context, Links, Notes, Packed, Versions};
use crate::fylr::source::{base_types, changes, download, records, rest};
use crate::fylr::version::Version;
use crate::model::entry::{Encoding, Role};
use crate::model::event::{Event, Observer, Warning};
use crate::model::path::EntryPath;
use crate::model::payload::PayloadKind;

/// Records may be nested 128 deep, and each level takes its part of the stack, more so without optimizations.
const STACK_BYTES: usize = 16 << 20;
/// The first version of easydb5 whose links in old versions can be looked up.
const EASYDB5_LINKS: Version = Version::new(5, 120, 0);
/// The first version of easydb5 whose histories have no known flaws.
const EASYDB5_SOUND: Version = Version::new(5, 153, 0);

/// A reading that is under way. Dropping it ends the reading.
pub struct Reading {
    pub deliveries: mpsc::Receiver<Delivery>,
    /// Ends the reading when it is dropped.
    _end: DropGuard,
}

impl Source {
    /// Begins to read, in the runtime that this is called in; goes on where `resume` says.
    #[must_use]
    pub fn read(self, resume: Resume) -> Reading {
        let (sender, deliveries) = mpsc::channel(DELIVERIES_AHEAD);
        let end = CancellationToken::new();
        let (is_over, runtime) = (end.clone(), Handle::current());
        // One thread of its own keeps the order; what it asks for runs on the runtime's.
        let thread = std::thread::Builder::new().name("reading".to_owned()).stack_size(STACK_BYTES);
        let started = thread.spawn(move || {
            let mut reader = Reader::new(self, resume, Way::new(sender));
            // The steps of reading are one large value, better not on the stack.
            runtime.block_on(Box::pin(is_over.run_until_cancelled(reader.run_to_end())));
        });
        // Without a thread the deliveries end at once, which is told as an unexpected end.
        drop(started);
        Reading { deliveries, _end: end.drop_guard() }
    }
}

/// What all parts of reading share.
pub(crate) struct Reader {
    pub asker: Asker,
    pub client: Client,
    pub options: ReadOptions,
    pub observer: Arc<dyn Observer + Send + Sync>,
    pub source: SourceParts,
    pub resume: Resume,
    pub state: State,
    pub inventory: Inventory,
    pub way: Way,
    pub form: Form,
    /// Looks at records where they are not to be handed over.
    pub looker: Option<Looker>,
    /// Files that were handed over, by short stand-ins for their paths: 16 bytes for each.
    pub files_seen: HashSet<u64>,
    last_checkpoint: Option<Instant>,
    /// What is noted while items are turned.
    pub notes: Arc<Notes>,
    /// Files of base types that are to be handed over.
    pub packed: Arc<Packed>,
    /// The beginning of the large file that was handed over last: it is needed until that is safe.
    pub spent: Option<PathBuf>,
}

/// What a plan leaves behind.
pub(crate) struct SourceParts {
    pub documents: crate::fylr::source::plan::Documents,
    pub model: crate::fylr::source::datamodel::Datamodel,
    pub objecttypes: Vec<crate::fylr::source::plan::Objecttype>,
}

impl Reader {
    fn new(source: Source, mut resume: Resume, way: Way) -> Self {
        let looker = source.looker.clone();
        let (client, options, observer, parts) = source.into_parts();
        let form = Form { is_pretty: options.is_pretty, is_compressed: options.is_compressed };
        // Base types are turned anew as a whole, and so is told again what there is to tell of them.
        let is_begun = resume.state.finished.contains(BASE_TYPES_DONE);
        let state = if is_begun { std::mem::take(&mut resume.state) } else { State::default() };
        let inventory = std::mem::take(&mut resume.inventory);
        resume.told.clone_from(&state.report.aside);
        let notes: Arc<Notes> = Arc::default();
        notes.restore(&state.report.notes);
        let files_seen = HashSet::new();
        let asker = Asker::new(client.clone(), Arc::clone(&observer), Arc::clone(&resume.kept));
        Self {
            asker,
            client,
            options,
            observer,
            source: parts,
            resume,
            state,
            inventory,
            way,
            form,
            looker,
            files_seen,
            last_checkpoint: None,
            notes,
            packed: Arc::default(),
            spent: None,
        }
    }

    async fn run_to_end(&mut self) {
        let ended = match self.run().await {
            Ok(()) => Delivery::Done(Box::new(std::mem::take(&mut self.state.report))),
            Err(error) => Delivery::Failed(error),
        };
        // Who has stopped listening wants no end either.
        let _ = self.way.send(ended).await;
    }

    async fn run(&mut self) -> Result<(), Error> {
        if !self.state.finished.contains(BASE_TYPES_DONE) {
            self.state.report.last_event = changes::last_event(&self.asker).await;
            self.note_limits();
            self.documents().await?;
            base_types::read(self).await?;
            self.finished(BASE_TYPES_DONE).await?;
        }
        let context = Arc::new(self.context());
        records::read(self, &context).await?;
        rest::read(self, &context).await?;
        let last_event = self.state.report.last_event;
        self.state.report.changed = changes::since(&self.client, last_event).await;
        for what in self.state.report.changed.clone() {
            self.warn(Warning::Changed { what });
        }
        self.tell_notes();
        self.state.report.ids = self.state.book.as_ref().map(Book::told).unwrap_or_default();
        Ok(())
    }

    /// Says what this source cannot give.
    fn note_limits(&mut self) {
        let instance = self.client.instance().clone();
        if !instance.is_read_only {
            self.warn(Warning::NotReadOnly { server: self.client.server().to_string() });
        }
        let Some(version) = instance.version else { return };
        if self.options.all_versions && instance.is_easydb5_before(EASYDB5_LINKS) {
            self.limit(format!("easydb5 {version} does not tell the links of old versions; {EASYDB5_LINKS} does"));
        } else if self.options.all_versions && instance.is_easydb5_before(EASYDB5_SOUND) {
            self.limit(format!("histories of easydb5 {version} have known flaws; {EASYDB5_SOUND} has mended them"));
        }
        if instance.kind == InstanceKind::Fylr {
            for (from, what) in [
                (Version::new(6, 34, 0), "the addresses of files that are left on remote servers"),
                (Version::new(6, 22, 0), "right presets that are known to be complete"),
            ] {
                if version < from {
                    self.limit(format!("fylr {version} does not give {what}; {from} does"));
                }
            }
        }
    }

    /// Data model and base config.
    async fn documents(&mut self) -> Result<(), Error> {
        let documents = &self.source.documents;
        let mut text = b"{\"version\":1,\"format_version\":1,\"schema\":".to_vec();
        for (part, after) in
            [(&documents.schema, ",\"mask\":"), (&documents.mask, ",\"keys\":"), (&documents.l10n, "}")]
        {
            text.extend_from_slice(part.trim_ascii());
            text.extend_from_slice(after.as_bytes());
        }
        let datamodel = self.document(&text)?;
        self.entry("datamodel.json", Role::Datamodel, datamodel).await?;
        let config = self.asker.ask(&Request::get("config", Shape::Object)).await?;
        let mut config = parsed(&config, "config")?;
        bare_files::complete(self, &mut config, Where::Anywhere).await?;
        let config = turn::base_config(config, &self.context());
        let config = self.written(&config);
        self.entry("base_config.json", Role::BaseConfig, config).await?;
        download::files(self, self.packed.take()).await
    }

    fn document(&self, text: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.written(&parsed(text, "the data model")?))
    }

    fn written(&self, json: &Json<'_>) -> Vec<u8> {
        let mut text = json.to_bytes(self.options.is_pretty.then_some(0));
        text.push(b'\n');
        text
    }

    async fn entry(&self, name: &str, role: Role, bytes: Vec<u8>) -> Result<(), Gone> {
        let path = EntryPath::new(name).expect("a clean name");
        if self.resume.has(&path) {
            return Ok(());
        }
        self.way.entry(head(path, role, Encoding::Plain), 0, vec![Bytes::from(bytes)]).await
    }

    /// Hands over items as payloads of one kind, so many in each.
    pub async fn payloads(
        &mut self,
        kind: PayloadKind,
        name: &str,
        items: Vec<Bytes>,
        size: usize,
    ) -> Result<(), Error> {
        for (number, items) in items.chunks(size.max(1)).enumerate() {
            self.payload(kind.clone(), &format!("{name}-{number:04}"), items.to_vec()).await?;
        }
        Ok(())
    }

    /// Hands over one payload with the files in it, unless they are there already.
    pub async fn payload(&mut self, kind: PayloadKind, name: &str, items: Vec<Bytes>) -> Result<(), Error> {
        let head = self.form.head(name);
        if !self.resume.has(&head.path) {
            let mut payload = Payload::new(&self.way, self.form, head, kind, None);
            payload.add(items).await?;
            payload.end().await?;
        }
        download::files(self, self.packed.take()).await
    }

    pub fn context(&self) -> Context {
        let is_whole = self.options.maximum_count.is_none();
        let names = self.source.objecttypes.iter().map(|objecttype| objecttype.name.clone());
        Context {
            kind: self.client.instance().kind,
            book: self.state.book.clone().unwrap_or_default(),
            model: self.source.model.clone(),
            ranks: names.zip(0..).collect(),
            versions: if self.options.all_versions { Versions::All } else { Versions::Latest },
            links: if is_whole { Links::Whole } else { Links::Partial },
            files: self.options.files.mode(),
            origins: self.client.origins(),
            notes: Arc::clone(&self.notes),
            packed: Arc::clone(&self.packed),
        }
    }

    /// Notes that a part is complete.
    pub async fn finished(&mut self, part: &str) -> Result<(), Gone> {
        self.state.finished.insert(part.to_owned());
        self.checkpoint().await
    }

    /// Lets the work go on from here, should it be interrupted. Not oftener than now and then, for each costs a commit.
    pub async fn checkpoint(&mut self) -> Result<(), Gone> {
        // Base types are read as a whole, for they name each other: to go on with them takes all answers.
        let is_early = self.last_checkpoint.is_some_and(|last| last.elapsed() < self.options.checkpoint_every);
        if is_early || !(self.state.finished.contains(BASE_TYPES_DONE) || self.resume.kept.is_kept()) {
            return Ok(());
        }
        self.last_checkpoint = Some(Instant::now());
        self.state.report.notes = self.notes.all();
        self.way.send(Delivery::Checkpoint(resume::encode(&self.state))).await
    }

    pub async fn phase(&self, name: &str, records: u64) -> Result<(), Gone> {
        self.way.send(Delivery::Phase { name: name.to_owned(), records }).await
    }

    /// Something that was asked for is not in the backup.
    pub fn aside(&mut self, what: String, why: String) {
        self.warn(Warning::SetAside { what: what.clone(), why: why.clone() });
        self.state.report.aside.push(Aside { what, why });
    }

    pub fn all_aside(&mut self, aside: Vec<(String, String)>) {
        for (what, why) in aside {
            self.aside(what, why);
        }
    }

    /// The same for what is read again when the backup goes on: what was told before is not told twice.
    pub fn all_aside_again(&mut self, aside: Vec<(String, String)>) {
        for (what, why) in aside {
            let told = Aside { what, why };
            let before = self.resume.told.iter().position(|before| *before == told);
            match before {
                Some(at) => drop(self.resume.told.swap_remove(at)),
                None => self.aside(told.what, told.why),
            }
        }
    }

    /// Something that the source cannot give.
    pub fn limit(&mut self, what: String) {
        self.notes.add(what);
    }

    pub fn warn(&self, warning: Warning) {
        self.observer.observe(Event::Warning(warning));
    }

    fn tell_notes(&mut self) {
        self.state.report.notes = self.notes.all();
        for (what, count) in &self.state.report.notes {
            let times = if *count > 1 { format!(" ({count} times)") } else { String::new() };
            self.warn(Warning::Limited { what: format!("{what}{times}") });
        }
    }
}

/// A whole answer taken apart.
pub(crate) fn parsed<'t>(text: &'t [u8], what: &str) -> Result<Json<'t>, Error> {
    let broken = |why: String| Error::Unexpected { what: what.to_owned(), why };
    let text = std::str::from_utf8(text).map_err(|_| broken("it is no UTF-8".to_owned()))?;
    Json::parse(text).map_err(|error| broken(error.to_string()))
}

/// Where a spool may be made.
pub(crate) fn folder(options: &ReadOptions) -> PathBuf {
    options.folder.clone()
}
