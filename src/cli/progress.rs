//! The progress bar: how far, how fast, and the time left, on a terminal only. Work that reads an instance is counted in
//! its records, other work in parts that tell their own size, or in bytes.

use std::fmt;
use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::cli::format;

const MEASURED: &str =
    "{prefix} {wide_bar} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left";
const UNMEASURED: &str = "{prefix} {spinner} {decimal_bytes}, {decimal_bytes_per_sec}, {elapsed}";
const COUNTED: &str =
    "{prefix} {msg} {wide_bar} {human_pos} of {human_len} records, {rate} a second, {eta} left{stored}";
const UNCOUNTED: &str = "{prefix} {msg} {spinner} {human_pos} records, {rate} a second, {elapsed}{stored}";
/// How often it moves while nothing is heard of.
const TICK: Duration = Duration::from_millis(200);

/// What a person sees of the work going on.
pub struct Progress {
    bar: ProgressBar,
    /// The bar counts records, not bytes.
    counts: AtomicBool,
    /// It counts those of all parts together.
    is_overall: AtomicBool,
    /// New bytes in the archive.
    stored: Arc<AtomicU64>,
    /// A line for each of several targets, below one another.
    lines: MultiProgress,
    targets: Mutex<Vec<(String, ProgressBar)>>,
}

impl Progress {
    /// `None` where there is no terminal.
    pub fn on_terminal() -> Option<Self> {
        std::io::stderr().is_terminal().then(|| Self {
            bar: ProgressBar::hidden(),
            counts: AtomicBool::new(false),
            is_overall: AtomicBool::new(false),
            stored: Arc::default(),
            lines: MultiProgress::with_draw_target(ProgressDrawTarget::stderr()),
            targets: Mutex::default(),
        })
    }

    pub fn start(&self, verb: &'static str, entries: u64, bytes: u64) {
        self.bar.reset();
        self.bar.set_prefix(verb);
        self.stored.store(0, Ordering::Relaxed);
        // Of a backup it is known beforehand how many records there are in all its parts.
        let is_overall = verb == "backup";
        self.is_overall.store(is_overall, Ordering::Relaxed);
        self.counts.store(is_overall, Ordering::Relaxed);
        self.bar.set_length(if is_overall { entries } else { bytes });
        self.bar.set_style(self.style(match (is_overall, entries, bytes) {
            (true, 0, _) => UNCOUNTED,
            (true, ..) => COUNTED,
            (false, _, 0) => UNMEASURED,
            (false, ..) => MEASURED,
        }));
        self.bar.set_draw_target(ProgressDrawTarget::stderr());
        self.bar.enable_steady_tick(TICK);
    }

    pub fn advance(&self, bytes: u64) {
        if self.counts.load(Ordering::Relaxed) {
            return;
        }
        self.bar.inc(bytes);
        // Compressed payloads are longer than their files, so there can be more to read than was measured.
        if self.bar.length().is_some_and(|length| length > 0 && self.bar.position() > length) {
            self.bar.set_length(0);
            self.bar.set_style(self.style(UNMEASURED));
        }
    }

    /// A part of the work begins, which is counted in records.
    pub fn phase(&self, name: &str, records: u64) {
        self.bar.set_message(name.to_owned());
        if self.is_overall.load(Ordering::Relaxed) {
            return;
        }
        self.bar.reset();
        self.bar.set_length(records);
        self.bar.set_style(self.style(if records > 0 { COUNTED } else { UNCOUNTED }));
        self.counts.store(true, Ordering::Relaxed);
    }

    pub fn count(&self, records: u64) {
        self.bar.inc(records);
        // What was counted before can have grown, and versions are records, too.
        if self.bar.length().is_some_and(|length| length > 0 && self.bar.position() > length) {
            self.bar.set_length(0);
            self.bar.set_style(self.style(UNCOUNTED));
        }
    }

    /// One of several targets is at a part of the work, or has got so many records of it. Each has a line of its own.
    pub fn on_target(&self, target: &str, phase: Option<&str>, records: u64) {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        if targets.is_empty() {
            self.bar.finish_and_clear();
            self.bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let at = targets.iter().position(|(name, _)| name == target).unwrap_or_else(|| {
            let line = self.lines.add(ProgressBar::no_length().with_prefix(target.to_owned()));
            line.enable_steady_tick(TICK);
            targets.push((target.to_owned(), line));
            targets.len() - 1
        });
        let line = &targets[at].1;
        let Some(phase) = phase else { return line.inc(records) };
        line.reset();
        line.set_message(phase.to_owned());
        line.set_length(records);
        line.set_style(self.style(if records > 0 { COUNTED } else { UNCOUNTED }));
    }

    /// So many bytes are new in the archive.
    pub fn store(&self, bytes: u64) {
        self.stored.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn finish(&self) {
        for (_, line) in self.targets.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            line.finish_and_clear();
        }
        self.bar.finish_and_clear();
        self.bar.set_draw_target(ProgressDrawTarget::hidden());
    }

    /// Prints beside the bar.
    pub fn aside(&self, print: impl FnOnce()) {
        self.lines.suspend(|| self.bar.suspend(print));
    }

    fn style(&self, template: &str) -> ProgressStyle {
        let stored = Arc::clone(&self.stored);
        let style = ProgressStyle::with_template(template).expect("the templates are right");
        let style = style.with_key("rate", |state: &ProgressState, out: &mut dyn fmt::Write| {
            // Where nothing can be written nothing can be done about it.
            let _ = write!(out, "{:.0}", state.per_sec());
        });
        style.with_key("stored", move |_: &ProgressState, out: &mut dyn fmt::Write| {
            let bytes = stored.load(Ordering::Relaxed);
            if bytes > 0 {
                let _ = write!(out, ", {} new", format::bytes(bytes));
            }
        })
    }
}
