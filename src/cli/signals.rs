//! Signals: Ctrl-C and SIGTERM end work that has begun in order. The next event that the main thread hears of it unwinds
//! it, so that what is half written is removed. Where nothing has begun, after a while, and with a second signal the end
//! is at once. Either is safe, as a kill is.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::stderr::{self, Label};

/// How long work may take to end in order: longer than the slowest write in between.
const GRACE: Duration = Duration::from_secs(5);

/// How long a waiting thread sleeps: nobody notices so much.
const PATIENCE: Duration = Duration::from_millis(50);

/// The signal that asked for the end; 0 if none did.
static REQUESTED: AtomicI32 = AtomicI32::new(0);
/// Whether there is work that can be unwound.
static WORKING: AtomicBool = AtomicBool::new(false);
/// Whether somebody waits to be told to end.
static WAITING: AtomicBool = AtomicBool::new(false);
/// Whether unwinding has begun.
static UNWINDING: AtomicBool = AtomicBool::new(false);

/// What unwinds the work.
struct Interruption;

/// Begins to listen.
pub fn install() -> io::Result<()> {
    // With a handler, a write beyond the file size limit fails as one on a full disk does.
    signal_hook::flag::register(SIGXFSZ, Arc::default())?;
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::spawn(move || signals.forever().for_each(arrived));
    Ok(())
}

fn arrived(signal: i32) {
    let is_first = REQUESTED.swap(signal, Ordering::SeqCst) == 0;
    if is_first && WAITING.load(Ordering::SeqCst) {
        return;
    }
    if !is_first || !WORKING.load(Ordering::SeqCst) {
        exit(signal);
    }
    thread::spawn(move || {
        thread::sleep(GRACE);
        exit(signal);
    });
}

fn exit(signal: i32) -> ! {
    stderr::say(Label::Error, &Error::Interrupted(signal).to_string());
    std::process::exit(Exit::signal(signal).0.into())
}

/// From now on a signal ends nothing, but [`wait`].
pub fn hold() {
    WAITING.store(true, Ordering::SeqCst);
}

/// Waits, after [`hold`], until a signal asks for the end. The next one ends at once.
pub fn wait() {
    while REQUESTED.load(Ordering::SeqCst) == 0 {
        thread::sleep(PATIENCE);
    }
    WAITING.store(false, Ordering::SeqCst);
}

/// Says that there is something half done. To be called within [`interruptible`].
pub fn begin() {
    WORKING.store(true, Ordering::SeqCst);
}

/// Does work that [`end_if_requested`] can end once it has begun.
pub fn interruptible<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let was_working = WORKING.load(Ordering::SeqCst);
    let done = catch_unwind(AssertUnwindSafe(work));
    WORKING.store(was_working, Ordering::SeqCst);
    // Somebody on the way may have taken the unwinding for a failure of their own.
    if UNWINDING.load(Ordering::SeqCst) {
        return Err(Error::Interrupted(REQUESTED.load(Ordering::SeqCst)));
    }
    done.unwrap_or_else(|panic: Box<dyn Any + Send>| resume_unwind(panic))
}

/// Unwinds the work if a signal has asked for it. To be called on the thread of the work.
pub fn end_if_requested() {
    if REQUESTED.load(Ordering::SeqCst) != 0 && WORKING.load(Ordering::SeqCst) {
        UNWINDING.store(true, Ordering::SeqCst);
        resume_unwind(Box::new(Interruption));
    }
}
