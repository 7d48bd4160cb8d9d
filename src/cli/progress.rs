//! The progress bar: bytes, rate and time left, on a terminal only.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const MEASURED: &str =
    "{prefix} {wide_bar} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left";
const UNMEASURED: &str = "{prefix} {spinner} {decimal_bytes}, {decimal_bytes_per_sec}, {elapsed}";
const COUNTED: &str = "{prefix} {msg} {wide_bar} {human_pos} of {human_len} records, {per_sec}, {eta} left";
const UNCOUNTED: &str = "{prefix} {msg} {spinner} {human_pos}, {per_sec}, {elapsed}";
/// How often it moves while nothing is heard of.
const TICK: Duration = Duration::from_millis(200);

/// What a person sees of the work going on.
pub struct Progress {
    bar: ProgressBar,
    /// The bar counts records, not bytes.
    counts: AtomicBool,
}

impl Progress {
    /// `None` where there is no terminal.
    pub fn on_terminal() -> Option<Self> {
        std::io::stderr().is_terminal().then(|| Self { bar: ProgressBar::hidden(), counts: AtomicBool::new(false) })
    }

    pub fn start(&self, verb: &'static str, bytes: u64) {
        self.bar.reset();
        self.bar.set_prefix(verb);
        self.bar.set_length(bytes);
        self.bar.set_style(style(if bytes > 0 { MEASURED } else { UNMEASURED }));
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
            self.bar.set_style(style(UNMEASURED));
        }
    }

    /// A part of the work begins, which is counted in records.
    pub fn phase(&self, name: &str, records: u64) {
        self.bar.reset();
        self.bar.set_length(records);
        self.bar.set_message(name.to_owned());
        self.bar.set_style(style(if records > 0 { COUNTED } else { UNCOUNTED }));
        self.counts.store(true, Ordering::Relaxed);
    }

    pub fn count(&self, records: u64) {
        self.bar.inc(records);
        // What was counted before can have grown, and versions are records, too.
        if self.bar.length().is_some_and(|length| length > 0 && self.bar.position() > length) {
            self.bar.set_length(0);
            self.bar.set_style(style(UNCOUNTED));
        }
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
        self.bar.set_draw_target(ProgressDrawTarget::hidden());
    }

    /// Prints beside the bar.
    pub fn aside(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates are right")
}
