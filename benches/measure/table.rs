//! The figures as tables on standard output.

use std::time::Duration;

use super::contest::Outcome;
use super::entrant::Entrant;
use super::lap::Laps;
use super::targets::Target;

const TOOLS: [&str; 9] = [
    "tool",
    "first wall/cpu s",
    "later wall/cpu s",
    "restore wall/cpu s",
    "MB after 1",
    "MB after last",
    "MB by length",
    "peak MB",
    "",
];

/// One line for each tool, then the limits of the machine.
pub fn print_outcome(outcome: &Outcome) {
    let mut rows = vec![TOOLS.map(str::to_owned).to_vec()];
    rows.extend(outcome.entrants.iter().map(entrant));
    print(&rows);
    println!();
    let mut rows = vec![["limit on one snapshot", "wall/cpu s"].map(str::to_owned).to_vec()];
    rows.extend(outcome.limits.iter().map(|(name, laps)| vec![(*name).to_owned(), seconds(laps)]));
    let ours = &outcome.ours;
    for (name, laps) in [("fonds check --read-data", &ours.check), ("fonds list", &ours.list), ("fonds cat", &ours.cat)]
    {
        rows.push(vec![name.to_owned(), seconds(laps)]);
    }
    print(&rows);
    if let Some(name) = &ours.difference {
        println!("\nnot given back as it was: {name}");
    }
}

/// One line for each target: what was wanted, what was measured, whether it is reached.
pub fn print_targets(targets: &[Target]) {
    let mut rows = vec![["target", "wanted", "measured", "reached"].map(str::to_owned).to_vec()];
    for target in targets {
        let measured = target.measured.map_or("-".to_owned(), |value| format!("{value:.2}"));
        let reached = target.reached().map_or("not measured", |yes| if yes { "yes" } else { "NO" });
        rows.push(vec![target.what.clone(), target.wanted(), measured, reached.to_owned()]);
    }
    print(&rows);
}

fn entrant(entrant: &Entrant) -> Vec<String> {
    let laps = [&entrant.first, &entrant.later, &entrant.restore];
    let peak = laps.iter().filter_map(|laps| laps.peak_bytes()).max();
    let mut row = vec![entrant.name().to_owned()];
    row.extend(laps.map(seconds));
    row.push(megabytes(entrant.after_first.allocated_bytes));
    row.push(megabytes(entrant.after_last.allocated_bytes));
    row.push(megabytes(entrant.after_last.length_bytes));
    row.push(peak.map_or("-".to_owned(), |bytes| format!("{:.0}", bytes as f64 / 1e6)));
    row.push(entrant.failure.as_ref().map_or("", |_| "failed").to_owned());
    row
}

fn seconds(laps: &Laps) -> String {
    match (laps.wall(), laps.cpu()) {
        (Some(wall), Some(cpu)) => format!("{} / {}", short(wall), short(cpu)),
        _ => "-".to_owned(),
    }
}

/// Three digits after the point below a second, two above.
fn short(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1.0 { format!("{seconds:.3}") } else { format!("{seconds:.2}") }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}

/// Pads every column to its widest cell.
fn print(rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> = cells.map(|(cell, width)| format!("{cell:<width$}")).collect();
        println!("{}", line.join("  ").trim_end());
    }
}
