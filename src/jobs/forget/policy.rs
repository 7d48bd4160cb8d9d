//! Which snapshots of one backup name are kept: the newest ones, and the last one of each of so many hours, days, weeks,
//! months and years that have any.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

use crate::archive::Snapshot;

/// How many periods keep a snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Periods(pub u64);

impl Periods {
    /// Every period that has a snapshot.
    pub const ALL: Self = Self(u64::MAX);
}

/// What is kept. What none of these keeps is forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    pub last: Periods,
    pub hourly: Periods,
    pub daily: Periods,
    pub weekly: Periods,
    pub monthly: Periods,
    pub yearly: Periods,
    /// All that are at most so much older than the newest one.
    pub within: Option<Within>,
    /// All that have one of these tags.
    pub tags: Vec<String>,
}

/// A time back from the newest snapshot: `1y5m7d2h` are years, months, days and hours; `w` are weeks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Within {
    years: i64,
    months: i64,
    weeks: i64,
    days: i64,
    hours: i64,
}

/// The text is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no time like 30d, 8w or 1y6m: numbers up to 10000 with y, m, w, d or h")]
pub struct NoTime(String);

/// So far back reaches a policy.
const WITHIN_MAX: i64 = 10_000;

impl std::str::FromStr for Within {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        let no_time = || NoTime(text.to_owned());
        let mut within = Self::default();
        let mut rest = text;
        while let Some(end) = rest.find(|character: char| !character.is_ascii_digit()) {
            let number: i64 = rest[..end].parse().map_err(|_| no_time())?;
            let field = match rest.as_bytes()[end] {
                b'y' => &mut within.years,
                b'm' => &mut within.months,
                b'w' => &mut within.weeks,
                b'd' => &mut within.days,
                b'h' => &mut within.hours,
                _ => return Err(no_time()),
            };
            if *field != 0 || number > WITHIN_MAX {
                return Err(no_time());
            }
            *field = number;
            rest = &rest[end + 1..];
        }
        if rest.is_empty() && within != Self::default() { Ok(within) } else { Err(no_time()) }
    }
}

impl Within {
    fn before(self, newest: &Zoned) -> Option<Zoned> {
        let span = Span::new().try_years(self.years).ok()?.try_months(self.months).ok()?;
        let span = span.try_weeks(self.weeks).ok()?.try_days(self.days).ok()?.try_hours(self.hours).ok()?;
        newest.checked_sub(span).ok()
    }
}

/// A snapshot, and why it is kept; not at all if there is no reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub snapshot: Snapshot,
    pub reasons: Vec<String>,
}

/// A period: its name, how many of them keep a snapshot, and what snapshots of one of them have in common.
type Period = (&'static str, u64, fn(&Zoned) -> (i64, i64, i64));

impl Policy {
    /// Whether it keeps nothing whatever there is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.periods().iter().all(|(_, count, _)| *count == 0)
            && self.last.0 == 0
            && self.within.is_none()
            && self.tags.is_empty()
    }

    fn periods(&self) -> [Period; 5] {
        [
            ("hourly", self.hourly.0, |time| {
                (i64::from(time.year()), i64::from(time.day_of_year()), i64::from(time.hour()))
            }),
            ("daily", self.daily.0, |time| (i64::from(time.year()), i64::from(time.day_of_year()), 0)),
            ("weekly", self.weekly.0, |time| {
                let week = time.date().iso_week_date();
                (i64::from(week.year()), i64::from(week.week()), 0)
            }),
            ("monthly", self.monthly.0, |time| (i64::from(time.year()), i64::from(time.month()), 0)),
            ("yearly", self.yearly.0, |time| (i64::from(time.year()), 0, 0)),
        ]
    }

    /// Judges the snapshots of one backup name; days begin and end in `zone`. Comes back newest first.
    #[must_use]
    pub fn judge(&self, mut snapshots: Vec<Snapshot>, zone: &TimeZone) -> Vec<Judged> {
        snapshots.sort_by_key(|snapshot| std::cmp::Reverse((snapshot.created, snapshot.number)));
        let times: Vec<Zoned> = snapshots.iter().map(|snapshot| time(snapshot, zone)).collect();
        let earliest = times.first().and_then(|newest| self.within?.before(newest));
        let mut judged: Vec<Judged> =
            snapshots.into_iter().map(|snapshot| Judged { snapshot, reasons: Vec::new() }).collect();
        for (at, one) in judged.iter_mut().enumerate() {
            if (at as u64) < self.last.0 {
                one.reasons.push("last".to_owned());
            }
            if earliest.as_ref().is_some_and(|earliest| times[at] >= *earliest) {
                one.reasons.push("within".to_owned());
            }
            let tags = one.snapshot.tags.iter().filter(|tag| self.tags.contains(tag));
            one.reasons.extend(tags.map(|tag| format!("tag {tag}")));
        }
        for (name, count, of) in self.periods() {
            keep(&mut judged, &times, name, count, of);
        }
        judged
    }
}

/// Keeps the newest snapshot of each of `count` periods, and the oldest of all if there are fewer periods.
fn keep(judged: &mut [Judged], times: &[Zoned], name: &str, count: u64, of: fn(&Zoned) -> (i64, i64, i64)) {
    let mut left = count;
    let mut last = None;
    for (at, one) in judged.iter_mut().enumerate() {
        let period = of(&times[at]);
        let is_new = last != Some(period);
        if left > 0 && (is_new || at + 1 == times.len()) {
            left -= 1;
            one.reasons.push(if is_new { name.to_owned() } else { format!("oldest {name}") });
        }
        last = Some(period);
    }
}

fn time(snapshot: &Snapshot, zone: &TimeZone) -> Zoned {
    Timestamp::from_nanosecond(i128::from(snapshot.created)).unwrap_or_default().to_zoned(zone.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::id::{RunId, SnapshotNumber};
    use crate::archive::snapshot::{Added, Counts, Source};

    fn snapshots(times: &[&str]) -> Vec<Snapshot> {
        let snapshot = |(number, time): (u64, &&str)| Snapshot {
            number: SnapshotNumber(number),
            name: "museum".to_owned(),
            created: time.parse::<Timestamp>().expect("a time").as_nanosecond() as i64,
            run: RunId(1),
            source: Source::default(),
            list: Vec::new(),
            counts: Counts::default(),
            kinds: Vec::new(),
            added: Added::default(),
            tags: Vec::new(),
        };
        (1..).zip(times).map(snapshot).collect()
    }

    fn kept(policy: &Policy, snapshots: Vec<Snapshot>) -> Vec<u64> {
        let judged = policy.judge(snapshots, &TimeZone::UTC);
        let mut kept: Vec<u64> =
            judged.iter().filter(|one| !one.reasons.is_empty()).map(|one| one.snapshot.number.0).collect();
        kept.sort_unstable();
        kept
    }

    #[test]
    fn the_newest_of_each_day_is_kept_and_the_oldest_of_all_while_days_are_left() {
        let times = ["2026-01-01T01:00:00Z", "2026-01-01T23:00:00Z", "2026-01-03T01:00:00Z", "2026-01-03T02:00:00Z"];
        let policy = |days| Policy { daily: Periods(days), ..Policy::default() };
        assert_eq!(kept(&policy(1), snapshots(&times)), [4]);
        assert_eq!(kept(&policy(2), snapshots(&times)), [2, 4]);
        assert_eq!(kept(&policy(3), snapshots(&times)), [1, 2, 4]);
    }

    #[test]
    fn weeks_are_those_of_iso_8601_and_may_begin_in_the_old_year() {
        // 2026-12-28 is a Monday; its week is the last of 2026 and has three days of January.
        let times = ["2026-12-27T12:00:00Z", "2026-12-28T12:00:00Z", "2027-01-03T12:00:00Z", "2027-01-04T12:00:00Z"];
        let policy = Policy { weekly: Periods(2), ..Policy::default() };
        assert_eq!(kept(&policy, snapshots(&times)), [3, 4]);
        let policy = Policy { yearly: Periods(2), ..Policy::default() };
        assert_eq!(kept(&policy, snapshots(&times)), [2, 4]);
    }

    #[test]
    fn days_begin_where_the_administrator_lives() {
        let times = ["2026-01-01T22:30:00Z", "2026-01-01T23:30:00Z"];
        let policy = Policy { daily: Periods(2), ..Policy::default() };
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let judged = policy.judge(snapshots(&times), &zone);
        assert!(judged.iter().all(|one| one.reasons == ["daily"]), "{judged:?}");
    }

    #[test]
    fn a_time_back_counts_from_the_newest() {
        let times = ["2025-12-31T00:00:00Z", "2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z"];
        let policy = |text: &str| Policy { within: Some(text.parse().expect("a time")), ..Policy::default() };
        assert_eq!(kept(&policy("27d"), snapshots(&times)), [3]);
        assert_eq!(kept(&policy("4w"), snapshots(&times)), [2, 3]);
        assert_eq!(kept(&policy("1y"), snapshots(&times)), [1, 2, 3]);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "d", "12", "1x", "1d1d", "-1d", "1 d", "99999d", "0d", "1é"] {
            assert!(text.parse::<Within>().is_err(), "{text}");
        }
    }

    #[test]
    fn tagged_snapshots_stay() {
        let mut all = snapshots(&["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]);
        all[0].tags.push("production".to_owned());
        let policy = Policy { last: Periods(1), tags: vec!["production".to_owned()], ..Policy::default() };
        assert_eq!(kept(&policy, all), [1, 2]);
    }
}
