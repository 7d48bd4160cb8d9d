//! Which events become lines of the log, and how they are worded.

use crate::model::event::{Event, Warning};
use crate::model::log::Level;

/// The line for an event, if it has one.
pub(super) fn line_of(event: &Event) -> Option<(Level, String)> {
    Some(match event {
        Event::Warning(warning) => (level(warning), warning.to_string()),
        Event::Noted { text } => (Level::Info, text.clone()),
        Event::Phase { name, records: 0 } => (Level::Info, name.clone()),
        Event::Phase { name, records: 1 } => (Level::Info, format!("{name}: 1 record")),
        Event::Phase { name, records } => (Level::Info, format!("{name}: {records} records")),
        Event::Planned { objecttypes, .. } => {
            let named = objecttypes.iter().map(|(name, total)| match total {
                Some(total) => format!("{name} ({total})"),
                None => name.clone(),
            });
            (Level::Info, format!("objecttypes: {}", named.collect::<Vec<_>>().join(", ")))
        }
        Event::Started { verb, entries, bytes } => {
            let of = match (entries, bytes) {
                (0, 0) => String::new(),
                (entries, 0) => format!(": {entries}"),
                (entries, bytes) => format!(": {entries}, {bytes} bytes"),
            };
            (Level::Info, format!("{verb}{of}"))
        }
        Event::Retrying { why, milliseconds } => {
            (Level::Warning, format!("{why}; again in {:.1} s", *milliseconds as f64 / 1000.0))
        }
        _ => return None,
    })
}

/// What was asked for and is missing is an error in a log, though the work goes on.
fn level(warning: &Warning) -> Level {
    match warning {
        Warning::SetAside { .. } | Warning::NotRestored { .. } | Warning::Missing { .. } => Level::Error,
        Warning::OfTarget { warning, .. } => level(warning),
        _ => Level::Warning,
    }
}
