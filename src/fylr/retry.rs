//! Which failures pass by themselves, and how long to wait for that.

use std::time::Duration;

use jiff::Timestamp;

/// Answers that a later attempt may not get: busy, locked, a gateway without its server.
const PASSING: [u16; 6] = [408, 423, 429, 502, 503, 504];
/// Answers by which a server says that it has too much to do.
const BUSY: [u16; 2] = [429, 503];
/// Answers by which a server says that nothing was done: it was too busy, a lock was in the way, it wants to be asked again.
const UNDONE: [u16; 4] = [202, 423, 429, 503];
/// The longest wait that a server can ask for; one that wants more is asked again earlier.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(10);
/// The first wait is this part of the longest one.
const FIRST_PART: u32 = 16;
/// The longest wait, in terms of the time between attempts that was asked for.
const LONGEST: u32 = 2;

/// How failed requests are repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Repetitions after the first attempt.
    pub count_max: u32,
    /// The time between attempts: the first ones follow sooner, the last ones after twice as long.
    pub sleep_between: Duration,
}

impl Default for RetryPolicy {
    /// As `fylr backup`: ten times, 30 seconds apart.
    fn default() -> Self {
        Self { count_max: 10, sleep_between: Duration::from_secs(30) }
    }
}

impl RetryPolicy {
    /// Asks once.
    #[must_use]
    pub const fn never() -> Self {
        Self { count_max: 0, sleep_between: Duration::ZERO }
    }

    /// Whether an answer with this status may be another one later.
    #[must_use]
    pub fn is_passing(status: u16) -> bool {
        PASSING.contains(&status)
    }

    /// Whether an answer with this status asks for fewer requests.
    #[must_use]
    pub fn is_busy(status: u16) -> bool {
        BUSY.contains(&status)
    }

    /// Whether an answer with this status means that nothing was done.
    #[must_use]
    pub fn is_undone(status: u16) -> bool {
        UNDONE.contains(&status)
    }

    /// How long to wait after the failed attempt number `attempt` (the first is 0); `None` when it was the last. Grows
    /// twofold up to twice the time between attempts. `chance` from 0 to 1 keeps many clients from coming back at once.
    /// What a server asks for counts where it is longer.
    #[must_use]
    pub fn wait(&self, attempt: u32, retry_after: Option<Duration>, chance: f64) -> Option<Duration> {
        if attempt >= self.count_max {
            return None;
        }
        let first = self.sleep_between / FIRST_PART;
        let longest = self.sleep_between * LONGEST;
        let grown = first.saturating_mul(2_u32.saturating_pow(attempt.min(31))).min(longest);
        let wait = grown.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0);
        Some(retry_after.map_or(wait, |asked| asked.min(RETRY_AFTER_MAX).max(wait)))
    }
}

/// Reads a `Retry-After`: seconds, or a date (RFC 9110 §10.2.3).
#[must_use]
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let policy = RetryPolicy { count_max: 7, sleep_between: Duration::from_secs(16) };
        let waits = (0..9).map(|attempt| policy.wait(attempt, None, 1.0).map(|wait| wait.as_secs()));
        let expected = [Some(1), Some(2), Some(4), Some(8), Some(16), Some(32), Some(32), None, None];
        assert_eq!(waits.collect::<Vec<_>>(), expected);
        assert_eq!(policy.wait(2, None, 0.0), Some(Duration::from_secs(2)));
        assert_eq!(RetryPolicy::never().wait(0, None, 0.5), None);
    }

    #[test]
    fn what_the_server_asks_for_counts_within_reason() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.wait(0, Some(Duration::from_secs(5)), 1.0), Some(Duration::from_secs(5)));
        assert_eq!(policy.wait(0, Some(Duration::ZERO), 1.0), Some(Duration::from_millis(1875)));
        assert_eq!(policy.wait(0, Some(Duration::from_secs(1 << 40)), 1.0), Some(RETRY_AFTER_MAX));
    }

    #[test]
    fn both_forms_of_retry_after_are_read() {
        let now = "1994-11-06T08:49:30Z".parse().unwrap();
        assert_eq!(retry_after(" 7 ", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }
}
