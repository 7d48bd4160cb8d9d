//! How it went on each target.

use fonds::fylr::target::{Restored, Tally};
use fonds::jobs;
use fonds::jobs::restore::Outcome;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::format;
use crate::cli::judgement::judge;
use crate::cli::session::{Session, complain};
use crate::cli::stderr::{self, Label};

/// Things set aside that are printed for each target; all of them are in the ledger.
const ASIDE_SHOWN: usize = 10;

/// Says how it went; the exit code is that of the worst.
pub fn tell(outcomes: Vec<Outcome>, session: &mut Session) -> Result<Exit, Error> {
    session.out.list("targets")?;
    for outcome in &outcomes {
        session.out.item(|| jobs::restored_to(outcome))?;
    }
    let is_one = outcomes.len() == 1;
    let mut exit = Exit::DONE;
    for Outcome { target, server, ended, duration } in outcomes {
        match ended {
            Ok(restored) => {
                let nanoseconds = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
                session.summary(&format!("{target}: {} in {}", summary(&restored), format::duration(nanoseconds)))?;
                for aside in restored.aside.iter().take(ASIDE_SHOWN) {
                    session.summary(&format!("  {}: {}", aside.what, aside.why))?;
                }
                if restored.files_coming > 0 {
                    let count = format::count(restored.files_coming, "file is", "files are");
                    session.summary(&format!(
                        "  {count} still being fetched by the target; \"fonds verify\" waits for them"
                    ))?;
                }
                if restored.aside_count > 0 {
                    let more = restored.aside_count.saturating_sub(ASIDE_SHOWN as u64);
                    let more = if more > 0 { format!("  and {more} more; ") } else { "  ".to_owned() };
                    session
                        .summary(&format!("{more}--retry-failed tries them again, \"fonds runs show\" lists them"))?;
                    exit = exit.max(Exit::INCOMPLETE);
                }
            }
            Err(error) if is_one => return Err(error.into()),
            Err(error) => {
                let error: Error = error.into();
                stderr::say(Label::Error, &format!("{target} ({server})"));
                exit = worst(exit, complain(&error));
                stderr::say(Label::Hint, judge(&error).1);
            }
        }
    }
    Ok(exit)
}

/// A failure counts more than something set aside.
fn worst(one: Exit, other: Exit) -> Exit {
    if one == Exit::DONE || one == Exit::INCOMPLETE { other } else { one }
}

fn summary(restored: &Restored) -> String {
    let sum = |of: fn(&Tally) -> u64, wanted: fn(&str) -> bool| {
        restored.tallies.iter().filter(|(kind, _)| wanted(kind)).map(|(_, tally)| of(tally)).sum::<u64>()
    };
    let is_record = |kind: &str| kind.starts_with("db:");
    let is_file = |kind: &str| matches!(kind, "file" | "rendition");
    let is_other = |kind: &str| !kind.starts_with("db:") && !matches!(kind, "file" | "rendition");
    let mut parts = vec![
        format::count(sum(|tally| tally.done, is_record), "record", "records"),
        format::count(sum(|tally| tally.done, is_file), "file", "files"),
        format::count(sum(|tally| tally.done, is_other), "other thing", "other things"),
    ];
    let there = sum(|tally| tally.there, |_| true);
    if there > 0 {
        parts.push(format!("{} there already", format::number(there)));
    }
    if restored.aside_count > 0 {
        parts.push(format!("{} set aside", format::number(restored.aside_count)));
    }
    parts.join(", ")
}
