//! `fonds prune`: the space of what no snapshot needs is given back.

use clap::Args;
use fonds::archive::prune::{PrunePlan, Unused};
use fonds::jobs;
use serde_json::json;

use crate::cli::confirm::Confirmation;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::format;
use crate::cli::session::Session;

/// Give back the space of what no snapshot needs
///
/// Packs that nobody needs are dropped, packs that are partly needed are rewritten, and the file is made shorter. The
/// plan is printed first; --dry-run ends there. Killed at any moment, nothing is lost, and the next prune finishes.
#[derive(Debug, Args)]
pub struct Prune {
    #[command(flatten)]
    unused: MaxUnused,
    /// Only print the plan
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    confirmation: Confirmation,
}

/// How much of the archive may stay unneeded.
#[derive(Debug, Clone, Copy, Args)]
pub struct MaxUnused {
    /// Leave up to so much of the archive unneeded where rewriting gains little
    #[arg(long, value_name = "PERCENT", default_value = "2", value_parser = percent)]
    max_unused: Unused,
}

impl MaxUnused {
    pub fn get(self) -> Unused {
        self.max_unused
    }
}

fn percent(text: &str) -> Result<Unused, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse::<f64>().ok();
    match number.filter(|number| (0.0..=100.0).contains(number)) {
        #[expect(clippy::cast_sign_loss, reason = "it is 0 to 100")]
        Some(number) => Ok(Unused((number * 10.0).round() as u64)),
        None => Err("a number of percent is wanted, 0 to 100".to_owned()),
    }
}

impl Prune {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let plan = jobs::plan_prune(&session.archive, self.unused.get(), &[])?;
        session.out.member("dry_run", &self.dry_run.into())?;
        let is_roomy = plan.is_empty() && jobs::is_roomy(&session.archive)?;
        if self.dry_run || plan.is_empty() && !is_roomy {
            tell(&plan, is_roomy, session)?;
            return Ok(Exit::DONE);
        }
        if is_roomy {
            // Nothing goes but room that nothing stands in.
            return execute(self.unused.get(), session);
        }
        let question = format!("drop {} chunks that no snapshot needs?", format::number(plan.gone()));
        if !self.confirmation.get(&question)? {
            session.summary("nothing was changed")?;
            return Ok(Exit::REFUSED);
        }
        execute(self.unused.get(), session)
    }
}

/// Tells what a prune would do; `is_roomy`: it would at least make the file shorter.
pub fn tell(plan: &PrunePlan, is_roomy: bool, session: &mut Session) -> Result<(), Error> {
    session.out.member("plan", &view(plan))?;
    session.out.member("shortens", &(is_roomy || !plan.is_empty()).into())?;
    let text = match (plan.is_empty(), is_roomy) {
        (true, true) => "would drop nothing, and make the file shorter: it has room that nothing is in".to_owned(),
        (true, false) => "there is nothing to prune".to_owned(),
        (false, _) => format!("would {}", text(plan)),
    };
    session.summary(&text)?;
    Ok(())
}

/// Prunes, and tells what was given back.
pub fn execute(unused: Unused, session: &mut Session) -> Result<Exit, Error> {
    let pruned = session.work(|observer| jobs::prune(&session.archive, unused, observer))?;
    session.out.member("plan", &view(&pruned.plan))?;
    session.out.member("bytes_before", &pruned.bytes_before.into())?;
    session.out.member("bytes_after", &pruned.bytes_after.into())?;
    let given_back = pruned.bytes_before.saturating_sub(pruned.bytes_after);
    session.summary(&format!(
        "{} given back: the archive took {}, and takes {}",
        format::bytes(given_back),
        format::bytes(pruned.bytes_before),
        format::bytes(pruned.bytes_after)
    ))?;
    Ok(Exit::DONE)
}

/// `drop 12 packs and rewrite 3 (2.9 MB), …`
fn text(plan: &PrunePlan) -> String {
    format!(
        "drop {} of {}, drop {} of {} and rewrite {} ({}), give back about {}, leave {} unneeded",
        format::number(plan.gone()),
        format::count(plan.chunks, "chunk", "chunks"),
        format::number(plan.packs_dropped),
        format::count(plan.packs, "pack", "packs"),
        format::number(plan.packs_rewritten),
        format::bytes(plan.bytes_rewritten),
        format::bytes(plan.bytes_freed),
        format::bytes(plan.bytes_left),
    )
}

fn view(plan: &PrunePlan) -> serde_json::Value {
    json!({
        "snapshots": plan.needed.snapshots,
        "chunks": plan.chunks,
        "chunks_unneeded": plan.chunks_unneeded,
        "chunks_dropped": plan.gone(),
        "packs": plan.packs,
        "packs_dropped": plan.packs_dropped,
        "packs_rewritten": plan.packs_rewritten,
        "bytes_rewritten": plan.bytes_rewritten,
        "bytes_freed": plan.bytes_freed,
        "bytes_left": plan.bytes_left,
    })
}
