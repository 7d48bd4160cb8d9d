//! Numbers, sizes, times and texts as people read them.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;

const UNITS: [&str; 6] = ["bytes", "kB", "MB", "GB", "TB", "PB"];
const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1000 * MILLISECOND;

/// `200 600`
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 record`, `2 998 records`
pub fn count(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// `1.6 MB`, in powers of 1000.
pub fn bytes(bytes: u64) -> String {
    if bytes < 1000 {
        return if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") };
    }
    let mut size = bytes as f64;
    let mut unit = 0;
    // What would be rounded to 1000.0 is one of the next unit.
    while size >= 999.95 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

/// `×7.3`
pub fn factor(factor: f64) -> String {
    format!("×{factor:.1}")
}

/// Local time of nanoseconds since 1970-01-01T00:00:00Z.
pub fn time(nanoseconds: i64) -> String {
    timestamp(nanoseconds).to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The same for machines.
pub fn time_utc(nanoseconds: i64) -> String {
    timestamp(nanoseconds).to_string()
}

fn timestamp(nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or_default()
}

/// `3.2 s`, `4 min 12 s`, `2 h 5 min` of nanoseconds.
pub fn duration(nanoseconds: i64) -> String {
    let seconds = nanoseconds / SECOND;
    match seconds {
        ..60 => format!("{:.1} s", (nanoseconds / MILLISECOND) as f64 / 1000.0),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600.. => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A text out of a backup, safe to print: what would control the terminal or reorder the line is shown as `\u{..}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    let is_harmful = |character: char| {
        character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let shown = |character: char| {
        if is_harmful(character) { character.escape_unicode().to_string() } else { character.to_string() }
    };
    Cow::Owned(text.chars().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1000), "1 000");
        assert_eq!(number(1_234_567), "1 234 567");
    }

    #[test]
    fn sizes_have_fixed_units() {
        assert_eq!(bytes(1), "1 byte");
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(1_600_000), "1.6 MB");
        assert_eq!(bytes(999_960), "1.0 MB");
        assert_eq!(bytes(u64::MAX), "18446.7 PB");
    }

    #[test]
    fn durations_have_two_units_at_most() {
        assert_eq!(duration(3_240 * MILLISECOND), "3.2 s");
        assert_eq!(duration(252 * SECOND), "4 min 12 s");
        assert_eq!(duration(7_500 * SECOND), "2 h 5 min");
    }

    #[test]
    fn texts_cannot_control_the_terminal() {
        assert_eq!(printable("Krug & Kanne"), "Krug & Kanne");
        assert_eq!(printable("a\u{1b}[2J\u{202e}b"), "a\\u{1b}[2J\\u{202e}b");
    }
}
