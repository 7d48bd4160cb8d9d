//! Several runs of the same thing and the middle of them.

use std::time::Duration;

use super::process::Usage;

/// The runs of one tool at one task.
#[derive(Clone, Debug, Default)]
pub struct Laps(Vec<Usage>);

impl Laps {
    pub fn push(&mut self, usage: Usage) {
        self.0.push(usage);
    }

    pub fn wall(&self) -> Option<Duration> {
        median(self.0.iter().map(|usage| usage.wall))
    }

    pub fn cpu(&self) -> Option<Duration> {
        median(self.0.iter().map(|usage| usage.cpu))
    }

    /// The largest of all, since memory has to be there for the worst run.
    pub fn peak_bytes(&self) -> Option<u64> {
        self.0.iter().map(|usage| usage.peak_bytes).max()
    }
}

/// The middle value, the mean of the two middle ones of an even number.
fn median(values: impl Iterator<Item = Duration>) -> Option<Duration> {
    let mut values: Vec<Duration> = values.collect();
    values.sort();
    let upper = *values.get(values.len() / 2)?;
    let lower = values[(values.len() - 1) / 2];
    Some((lower + upper) / 2)
}
