//! The targets of the project, each a ratio to a rival or limit measured in the same run.

use std::time::Duration;

use super::contest::Outcome;
use super::entrant::Entrant;
use super::lap::Laps;
use super::limits;
use super::options::Variant;

/// A figure and how large or small it has to be.
pub struct Target {
    pub what: String,
    pub measured: Option<f64>,
    bound: Bound,
    unit: &'static str,
}

#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Target {
    pub fn wanted(&self) -> String {
        match self.bound {
            Bound::AtMost(value) => format!("≤ {value} {}", self.unit),
            Bound::AtLeast(value) => format!("≥ {value} {}", self.unit),
        }
    }

    /// Nothing when the rival was not there.
    pub fn reached(&self) -> Option<bool> {
        self.measured.map(|measured| match self.bound {
            Bound::AtMost(value) => measured <= value,
            Bound::AtLeast(value) => measured >= value,
        })
    }
}

/// All targets of one variant.
pub fn all(variant: Variant, outcome: &Outcome) -> Vec<Target> {
    let Some((ours, rivals)) = outcome.entrants.split_first() else {
        return Vec::new();
    };
    let mut targets = sizes(variant, ours, rivals);
    targets.extend(speeds(ours, rivals, outcome));
    targets.extend(absolutes(ours, outcome));
    targets
}

fn sizes(variant: Variant, ours: &Entrant, rivals: &[Entrant]) -> Vec<Target> {
    let (floor, smaller) = match variant {
        Variant::Const => (1.10, 4.5),
        Variant::Volatile => (1.03, 3.2),
    };
    let size = |entrant: &Entrant| {
        let complete = entrant.failure.is_none();
        complete.then_some(entrant.after_last.allocated_bytes as f64)
    };
    let task = "archive after the last";
    let of = |rival, bound| Comparison { task, rival, bound }.of(ours, rivals, size);
    let mut targets = vec![of("patch-chain", Bound::AtMost(floor))];
    for rival in ["restic", "rustic", "borg", "bupstash"] {
        targets.push(of(rival, Bound::AtLeast(smaller)));
    }
    targets
}

/// Task, rival, bound and figure of every target of speed against a rival.
const SPEEDS: [(&str, &str, Bound, Figure); 8] = [
    ("first import", "tar+zstd", Bound::AtMost(1.25), |it| wall(&it.first)),
    ("first import", "restic", Bound::AtLeast(2.3), |it| wall(&it.first)),
    ("later imports", "restic", Bound::AtLeast(6.0), |it| wall(&it.later)),
    ("later imports", "borg", Bound::AtLeast(5.0), |it| wall(&it.later)),
    ("later imports", "bupstash", Bound::AtLeast(2.3), |it| wall(&it.later)),
    ("export", "tar+zstd", Bound::AtMost(1.3), |it| wall(&it.restore)),
    ("export", "restic", Bound::AtLeast(2.5), |it| wall(&it.restore)),
    ("export", "bupstash", Bound::AtLeast(1.0), |it| wall(&it.restore)),
];

fn speeds(ours: &Entrant, rivals: &[Entrant], outcome: &Outcome) -> Vec<Target> {
    let limit = outcome.limits.iter().find(|(name, _)| *name == limits::SPLIT_NAME);
    let mut targets = vec![Target {
        what: format!("later imports: ours to {}", limits::SPLIT_NAME),
        measured: ratio(wall(&ours.later), limit.and_then(|(_, laps)| wall(laps))),
        bound: Bound::AtMost(1.6),
        unit: "×",
    }];
    targets.extend(
        SPEEDS
            .into_iter()
            .map(|(task, rival, bound, figure)| Comparison { task, rival, bound }.of(ours, rivals, figure)),
    );
    targets
}

fn absolutes(ours: &Entrant, outcome: &Outcome) -> Vec<Target> {
    let more = &outcome.ours;
    let laps = [&ours.first, &ours.later, &ours.restore, &more.check, &more.list, &more.cat];
    let peak = laps.iter().filter_map(|laps| laps.peak_bytes()).max();
    // Every entry of every snapshot is rebuilt and compared with its digest.
    let checked = ratio(Some(outcome.series_bytes as f64 / 1e6), wall(&more.check));
    let milliseconds = |laps| wall(laps).map(|seconds| seconds * 1e3);
    let figures = [
        ("check --read-data, all snapshots", checked, Bound::AtLeast(700.0), "MB/s"),
        ("peak memory", peak.map(|peak| peak as f64 / 1e6), Bound::AtMost(200.0), "MB"),
        ("open and list", milliseconds(&more.list), Bound::AtMost(30.0), "ms"),
        ("cat of one payload", milliseconds(&more.cat), Bound::AtMost(100.0), "ms"),
    ];
    let target = |(what, measured, bound, unit): (&str, _, _, _)| {
        let what = what.to_owned();
        Target { what, measured, bound, unit }
    };
    figures.into_iter().map(target).collect()
}

type Figure = fn(&Entrant) -> Option<f64>;

/// A figure of ours beside the same figure of a rival.
struct Comparison<'a> {
    task: &'a str,
    rival: &'a str,
    bound: Bound,
}

impl Comparison<'_> {
    /// At most: ours to theirs. At least: how many times larger theirs is.
    fn of(self, ours: &Entrant, rivals: &[Entrant], figure: impl Fn(&Entrant) -> Option<f64>) -> Target {
        let theirs = rivals.iter().find(|rival| rival.name() == self.rival).and_then(&figure);
        let (what, measured) = match self.bound {
            Bound::AtMost(_) => (format!("ours to {}", self.rival), ratio(figure(ours), theirs)),
            Bound::AtLeast(_) => (format!("{} to ours", self.rival), ratio(theirs, figure(ours))),
        };
        let what = format!("{}: {what}", self.task);
        Target { what, measured, bound: self.bound, unit: "×" }
    }
}

fn wall(laps: &Laps) -> Option<f64> {
    laps.wall().as_ref().map(Duration::as_secs_f64)
}

fn ratio(over: Option<f64>, under: Option<f64>) -> Option<f64> {
    Some(over? / under?)
}
