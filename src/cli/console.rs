//! What a person at a terminal hears of the work: the fold of all events into progress and warnings.

use std::sync::{Mutex, PoisonError};
use std::thread::{self, ThreadId};

use fonds::archive::runs;
use fonds::model::event::{Event, Observer, Warning};

use crate::cli::format;
use crate::cli::progress::Progress;
use crate::cli::signals;
use crate::cli::stderr::{self, Label};

/// Warnings of one kind that are printed, and told with `--json`; of more there is a count.
const WARNINGS_SHOWN: usize = 20;

/// Observes on behalf of a person.
pub struct Console {
    progress: Option<Progress>,
    warnings: Mutex<Vec<Kind>>,
    /// The thread of the work.
    main: ThreadId,
    is_quiet: bool,
}

/// All warnings of one kind.
struct Kind {
    /// What the ones that are not shown are called.
    many: &'static str,
    shown: Vec<String>,
    count: usize,
}

impl Console {
    pub fn new(progress: Option<Progress>, is_quiet: bool) -> Self {
        Self { progress, warnings: Mutex::default(), main: thread::current().id(), is_quiet }
    }

    /// Takes the progress away, tells how many warnings were not shown, and gives back those that were.
    pub fn close(&self) -> Vec<String> {
        if let Some(progress) = &self.progress {
            progress.finish();
        }
        let kinds = std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner));
        kinds.into_iter().flat_map(Kind::close).collect()
    }

    fn tell_plan(&self, objecttypes: &[(String, Option<u64>)], is_selection: bool) {
        let named = objecttypes.iter().map(|(name, total)| match total {
            Some(total) => format!("{name} ({})", format::number(*total)),
            None => name.clone(),
        });
        let text = format!("objecttypes: {}", named.collect::<Vec<_>>().join(", "));
        tracing::info!("{text}");
        if is_selection && !self.is_quiet {
            stderr::say(Label::Plan, &text);
        }
    }

    fn warn(&self, warning: &Warning) {
        tracing::warn!("{warning}");
        let mut kinds = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        let many = many(warning);
        let at = kinds.iter().position(|kind| kind.many == many).unwrap_or_else(|| {
            kinds.push(Kind { many, shown: Vec::new(), count: 0 });
            kinds.len() - 1
        });
        let kind = &mut kinds[at];
        kind.count += 1;
        if kind.shown.len() < WARNINGS_SHOWN {
            let text = warning.to_string();
            let say = || stderr::say(Label::Warning, &text);
            self.progress.as_ref().map_or_else(say, |progress| progress.aside(say));
            kind.shown.push(text);
        }
    }
}

impl Observer for Console {
    fn observe(&self, event: Event) {
        if matches!(event, Event::Started { .. }) {
            signals::begin();
        }
        match (event, &self.progress) {
            (Event::Warning(warning), _) => self.warn(&warning),
            (Event::Audit { what }, _) => audit(&what),
            (Event::Planned { objecttypes, is_selection }, _) => self.tell_plan(&objecttypes, is_selection),
            (Event::OnTarget { target, phase, records }, Some(progress)) => {
                progress.on_target(&target, phase.as_deref(), records);
            }
            (Event::Phase { name, records }, Some(progress)) => progress.phase(&name, records),
            (Event::Counted { records }, Some(progress)) => progress.count(records),
            (Event::Stored { bytes }, Some(progress)) => progress.store(bytes),
            (Event::Started { verb, entries, bytes }, Some(progress)) => progress.start(verb, entries, bytes),
            (Event::Advanced { bytes, .. }, Some(progress)) => progress.advance(bytes),
            (Event::Finished, Some(progress)) => progress.finish(),
            _ => {}
        }
        if thread::current().id() == self.main {
            signals::end_if_requested();
        }
    }
}

impl Kind {
    fn close(mut self) -> Vec<String> {
        let more = self.count - self.shown.len();
        if more > 0 {
            let text = format!("and {} more {}", format::number(more as u64), self.many);
            stderr::say(Label::Warning, &text);
            self.shown.push(text);
        }
        self.shown
    }
}

/// Who did what on the page, and when.
fn audit(what: &str) {
    tracing::info!("audit: {what}");
    stderr::say(Label::Audit, &format!("{} {what}", format::time(runs::now())));
}

/// What many warnings of this kind are called.
fn many(warning: &Warning) -> &'static str {
    match warning {
        Warning::NoRecords { .. } => "payloads without records, kept as plain content",
        Warning::UnknownKind { .. } => "payloads of unknown kinds, kept as they are",
        Warning::Missing { .. } => "payloads that are missing",
        Warning::OtherExtension { .. } => "payloads that stand under the other extension",
        Warning::Slowed { .. } => "times that the server was busy",
        Warning::SmallerPages { .. } => "lists read in smaller pages",
        Warning::SetAside { .. } => "things that are not in the backup",
        Warning::NotRestored { .. } => "things that are not on the target",
        Warning::OfTarget { warning, .. } => many(warning),
        Warning::Limited { .. } => "limits of the source",
        Warning::NotReadOnly { .. } => "sources that are not in read-only mode",
        Warning::Changed { .. } => "things that changed",
    }
}
