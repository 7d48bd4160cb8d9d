//! `fonds forget`: snapshots are taken out of the archive.

use clap::Args;
use fonds::archive::id::SnapshotNumber;
use fonds::archive::snapshot::{self, backup_name};
use fonds::archive::{Snapshot, SnapshotName};
use fonds::jobs;
use fonds::jobs::forget::{ForgetPlan, Periods, Policy, Within};
use serde_json::json;

use crate::cli::confirm::Confirmation;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::prune::{self, MaxUnused};
use crate::cli::session::Session;
use crate::cli::table::{Column, Table};
use crate::cli::{format, view};

/// Take snapshots out of the archive, by name or by policy
///
/// A policy is applied to each backup name on its own: of each of so many hours, days, weeks, months and years that have
/// snapshots the newest one is kept. What no rule keeps is forgotten. Days begin in the local time zone, weeks on Mondays.
///
/// The plan is printed first; --dry-run ends there. What was forgotten still takes its space until "fonds prune" or
/// --prune gives it back, but nothing can get it back.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("policy").multiple(true).conflicts_with("snapshots")))]
pub struct Forget {
    /// Numbers, names (the newest of a name), or name~N
    snapshots: Vec<SnapshotName>,
    /// Keep the N newest; "unlimited" keeps all, here and below
    #[arg(long, value_name = "N", group = "policy", value_parser = periods)]
    keep_last: Option<Periods>,
    /// Keep the newest of each of the last N hours that have any
    #[arg(long, value_name = "N", group = "policy", value_parser = periods)]
    keep_hourly: Option<Periods>,
    /// … of the last N days
    #[arg(long, value_name = "N", group = "policy", value_parser = periods)]
    keep_daily: Option<Periods>,
    /// … of the last N weeks
    #[arg(long, value_name = "N", group = "policy", value_parser = periods)]
    keep_weekly: Option<Periods>,
    /// … of the last N months
    #[arg(long, value_name = "N", group = "policy", value_parser = periods)]
    keep_monthly: Option<Periods>,
    /// … of the last N years
    #[arg(long, value_name = "N", group = "policy", value_parser = periods)]
    keep_yearly: Option<Periods>,
    /// Keep all that are at most so much older than the newest: 30d, 8w, 1y6m
    #[arg(long, value_name = "TIME", group = "policy")]
    keep_within: Option<Within>,
    /// Keep all that have this tag; may be given several times
    #[arg(long, value_name = "TAG", group = "policy", value_parser = snapshot::tag)]
    keep_tag: Vec<String>,
    /// Apply the policy to this backup name alone; may be given several times
    #[arg(long, value_parser = backup_name, requires = "policy")]
    name: Vec<String>,
    /// Apply the policy to snapshots with this tag alone; with several, to those that have them all
    #[arg(long, value_parser = snapshot::tag, requires = "policy")]
    tag: Vec<String>,
    /// Give the space back at once
    #[arg(long)]
    prune: bool,
    #[command(flatten)]
    unused: MaxUnused,
    /// Only print the plan
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    confirmation: Confirmation,
}

fn periods(text: &str) -> Result<Periods, String> {
    match text {
        "unlimited" => Ok(Periods::ALL),
        text => text.parse().map(Periods).map_err(|_| "a number or \"unlimited\" is wanted".to_owned()),
    }
}

impl Forget {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let plan = self.job()?.plan(&session.archive)?;
        self.tell(&plan, session)?;
        let numbers: Vec<SnapshotNumber> = plan.forgotten.iter().map(|snapshot| snapshot.number).collect();
        let counted = format::count(numbers.len() as u64, "snapshot", "snapshots");
        if self.dry_run {
            session.summary(&format!("{counted} would be forgotten; nothing was changed"))?;
            if self.prune {
                let plan = jobs::plan_prune(&session.archive, self.unused.get(), &numbers)?;
                let is_roomy = plan.is_empty() && jobs::is_roomy(&session.archive)?;
                prune::tell(&plan, is_roomy, session)?;
            }
            return Ok(Exit::DONE);
        }
        if !numbers.is_empty() {
            if !self.confirmation.get(&format!("forget {counted} for good?"))? {
                session.summary("nothing was changed")?;
                return Ok(Exit::REFUSED);
            }
            plan.execute(&session.archive)?;
        }
        if self.prune {
            session.summary(&format!("{counted} forgotten"))?;
            return prune::execute(self.unused.get(), session);
        }
        session.summary(&match numbers.len() {
            0 => "there is nothing to forget".to_owned(),
            _ => format!("{counted} forgotten; \"fonds prune\" gives the space back"),
        })?;
        Ok(Exit::DONE)
    }

    fn job(&self) -> Result<jobs::forget::Forget, Error> {
        if !self.snapshots.is_empty() {
            return Ok(jobs::forget::Forget::Named(self.snapshots.clone()));
        }
        let policy = Policy {
            last: self.keep_last.unwrap_or_default(),
            hourly: self.keep_hourly.unwrap_or_default(),
            daily: self.keep_daily.unwrap_or_default(),
            weekly: self.keep_weekly.unwrap_or_default(),
            monthly: self.keep_monthly.unwrap_or_default(),
            yearly: self.keep_yearly.unwrap_or_default(),
            within: self.keep_within,
            tags: self.keep_tag.clone(),
        };
        if policy.is_empty() {
            return Err(Error::NothingToForget);
        }
        Ok(jobs::forget::Forget::ByPolicy { policy, names: self.name.clone(), tags: self.tag.clone() })
    }

    fn tell(&self, plan: &ForgetPlan, session: &mut Session) -> Result<(), Error> {
        session.out.list("forgotten")?;
        for snapshot in &plan.forgotten {
            session.out.item(|| view::snapshot(snapshot))?;
        }
        session.out.list("kept")?;
        for (snapshot, reasons) in &plan.kept {
            session.out.item(|| json!({ "snapshot": view::snapshot(snapshot), "reasons": reasons }))?;
        }
        session.out.member("dry_run", &self.dry_run.into())?;
        if session.is_quiet && !self.dry_run {
            return Ok(());
        }
        let mut rows: Vec<(&Snapshot, String)> =
            plan.forgotten.iter().map(|snapshot| (snapshot, "forget".to_owned())).collect();
        rows.extend(plan.kept.iter().map(|(snapshot, reasons)| (snapshot, format!("keep: {}", reasons.join(", ")))));
        rows.sort_by_key(|(snapshot, _)| snapshot.number);
        let mut table = Table::new([
            Column::Right("no"),
            Column::Left("name"),
            Column::Left("created"),
            Column::Left("tags"),
            Column::Left("plan"),
        ]);
        for (snapshot, plan) in rows {
            let created = format::time(snapshot.created);
            table.row([snapshot.number.to_string(), snapshot.name.clone(), created, snapshot.tags.join(","), plan]);
        }
        session.out.print(|out| table.print(out))?;
        Ok(())
    }
}
