//! The progress bar: bytes, rate and time left, on a terminal only.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const MEASURED: &str =
    "{prefix} {wide_bar} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left";
const UNMEASURED: &str = "{prefix} {spinner} {decimal_bytes}, {decimal_bytes_per_sec}, {elapsed}";
/// How often it moves while nothing is heard of.
const TICK: Duration = Duration::from_millis(200);

/// What a person sees of the work going on.
pub struct Progress(ProgressBar);

impl Progress {
    /// `None` where there is no terminal.
    pub fn on_terminal() -> Option<Self> {
        std::io::stderr().is_terminal().then(|| Self(ProgressBar::hidden()))
    }

    pub fn start(&self, verb: &'static str, bytes: u64) {
        self.0.reset();
        self.0.set_prefix(verb);
        self.0.set_length(bytes);
        self.0.set_style(style(if bytes > 0 { MEASURED } else { UNMEASURED }));
        self.0.set_draw_target(ProgressDrawTarget::stderr());
        self.0.enable_steady_tick(TICK);
    }

    pub fn advance(&self, bytes: u64) {
        self.0.inc(bytes);
        // Compressed payloads are longer than their files, so there can be more to read than was measured.
        if self.0.length().is_some_and(|length| length > 0 && self.0.position() > length) {
            self.0.set_length(0);
            self.0.set_style(style(UNMEASURED));
        }
    }

    pub fn finish(&self) {
        self.0.finish_and_clear();
        self.0.set_draw_target(ProgressDrawTarget::hidden());
    }

    /// Prints beside the bar.
    pub fn aside(&self, print: impl FnOnce()) {
        self.0.suspend(print);
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates are right")
}
