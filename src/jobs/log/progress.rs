//! Events become how far a run is.

use crate::archive::runs::{Progress, TargetProgress};
use crate::model::event::Event;

/// Targets that are told one by one; nobody restores to so many.
const TARGETS_MAX: usize = 64;

/// Takes an event in, heard at `now` (nanoseconds since 1970-01-01T00:00:00Z); whether it has changed anything.
pub fn fold(progress: &mut Progress, event: &Event, now: i64) -> bool {
    match event {
        Event::Started { verb, entries, bytes } => {
            *progress = Progress {
                verb: (*verb).to_owned(),
                total: *entries,
                bytes_total: *bytes,
                targets: std::mem::take(&mut progress.targets),
                ..Progress::default()
            };
        }
        Event::Phase { name, records } => {
            progress.phase.clone_from(name);
            (progress.phase_total, progress.phase_done) = (*records, 0);
            progress.waiting = None;
        }
        Event::Counted { records } => {
            progress.done += records;
            progress.phase_done += records;
            // An instance that is read may get more records meanwhile than it told at first.
            if progress.total > 0 {
                progress.total = progress.total.max(progress.done);
            }
            if progress.phase_total > 0 {
                progress.phase_total = progress.phase_total.max(progress.phase_done);
            }
            progress.waiting = None;
        }
        Event::Advanced { entries, bytes } => {
            progress.entries += entries;
            progress.bytes += bytes;
            progress.waiting = None;
        }
        Event::OnTarget { target, phase, records } => on_target(progress, target, phase.as_deref(), *records),
        Event::Retrying { why, milliseconds } => {
            let until = now.saturating_add_unsigned(milliseconds.saturating_mul(1_000_000));
            progress.waiting = Some((why.clone(), until));
        }
        Event::Finished => {
            progress.phase.clear();
            (progress.phase_total, progress.phase_done) = (0, 0);
            progress.waiting = None;
        }
        _ => return false,
    }
    progress.at = now;
    true
}

fn on_target(progress: &mut Progress, name: &str, phase: Option<&str>, records: u64) {
    let targets = &mut progress.targets;
    let at = targets.iter().position(|target| target.name == name).unwrap_or_else(|| {
        targets.push(TargetProgress { name: name.to_owned(), ..TargetProgress::default() });
        targets.len() - 1
    });
    match phase {
        Some(phase) => {
            phase.clone_into(&mut targets[at].phase);
            (targets[at].phase_total, targets[at].phase_done) = (records, 0);
        }
        None => {
            targets[at].done += records;
            targets[at].phase_done += records;
        }
    }
    targets.truncate(TARGETS_MAX);
}
