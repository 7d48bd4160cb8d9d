//! Numbers, sizes, times and durations. Groups of digits are kept together by a narrow space, which both languages know.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::web::words::Language;

const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
const SECOND: i64 = 1_000_000_000;
/// U+202F, a space that is narrow and breaks no line.
const NARROW: char = '\u{202f}';

impl Language {
    /// `200 600`; numbers of four digits stay together.
    #[must_use]
    pub fn number(self, number: u64) -> String {
        let digits = number.to_string();
        if digits.len() <= 4 {
            return digits;
        }
        let mut grouped = String::with_capacity(digits.len() * 2);
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                grouped.push(NARROW);
            }
            grouped.push(digit);
        }
        grouped
    }

    /// `1.6 MB` or `1,6 MB`, in powers of 1000.
    #[must_use]
    pub fn bytes(self, bytes: u64) -> String {
        let mut size = bytes as f64;
        let mut unit = 0;
        // What would be rounded to 1000.0 is one of the next unit.
        while size >= 999.95 && unit + 1 < UNITS.len() {
            size /= 1000.0;
            unit += 1;
        }
        match unit {
            0 => format!("{bytes}\u{a0}B"),
            _ => format!("{}\u{a0}{}", self.decimal(size), UNITS[unit]),
        }
    }

    /// `×7.3` or `×7,3`
    #[must_use]
    pub fn factor(self, factor: f64) -> String {
        format!("×{}", self.decimal(factor))
    }

    /// With one place: `7.3` or `7,3`.
    #[must_use]
    pub fn decimal(self, number: f64) -> String {
        let text = format!("{number:.1}");
        if self == Self::German { text.replace('.', ",") } else { text }
    }

    /// Local time of nanoseconds since 1970-01-01T00:00:00Z: `2026-03-01 14:05`, `01.03.2026, 14:05`.
    #[must_use]
    pub fn time(self, nanoseconds: i64) -> String {
        let form = if self == Self::German { "%d.%m.%Y, %H:%M" } else { "%Y-%m-%d %H:%M" };
        let timestamp = Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or_default();
        timestamp.to_zoned(TimeZone::system()).strftime(form).to_string()
    }

    /// `3.2 s`, `4 min 12 s`, `2 h 5 min` of nanoseconds.
    #[must_use]
    pub fn duration(self, nanoseconds: i64) -> String {
        let seconds = nanoseconds / SECOND;
        match seconds {
            ..60 => format!("{}\u{a0}s", self.decimal(nanoseconds as f64 / SECOND as f64)),
            60..3600 => format!("{}\u{a0}min {}\u{a0}s", seconds / 60, seconds % 60),
            3600.. => format!("{}\u{a0}h {}\u{a0}min", seconds / 3600, seconds % 3600 / 60),
        }
    }
}

/// UTC for machines (RFC 3339): what stands in `datetime` of `<time>`, and in JSON.
#[must_use]
pub fn utc(nanoseconds: i64) -> String {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_people_write_them() {
        let (english, german) = (Language::English, Language::German);
        assert_eq!(english.number(1000), "1000");
        assert_eq!(german.number(9_007_199_254_740_993), "9\u{202f}007\u{202f}199\u{202f}254\u{202f}740\u{202f}993");
        assert_eq!(english.bytes(1_600_000), "1.6\u{a0}MB");
        assert_eq!(german.bytes(1_600_000), "1,6\u{a0}MB");
        assert_eq!(german.bytes(999), "999\u{a0}B");
        assert_eq!(english.bytes(999_960), "1.0\u{a0}MB");
        assert_eq!(german.duration(3_240_000_000), "3,2\u{a0}s");
        assert_eq!(english.duration(252 * SECOND), "4\u{a0}min 12\u{a0}s");
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
    }
}
