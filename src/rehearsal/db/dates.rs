//! Dates as fylr takes them: partial ones, B.C. ones, and points in time.

/// `-0320`, `1887`, `1887-04`, `1887-04-12`
pub(super) fn is_date(text: &str) -> bool {
    let (sign, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let mut parts = digits.split('-');
    let year = parts.next().unwrap_or_default();
    let is_number = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    // A year has four digits, or more with a sign.
    if !is_number(year, 1..=9) || (year.len() < 4 && !sign) {
        return false;
    }
    let (month, day) = (parts.next(), parts.next());
    if parts.next().is_some() {
        return false;
    }
    let number = |part: Option<&str>| part.map(|part| is_number(part, 2..=2).then(|| part.parse().unwrap_or(0)));
    match (number(month), number(day)) {
        (None, None) => true,
        (Some(Some(month)), None) => (1..=12).contains(&month),
        (Some(Some(month)), Some(Some(day))) => (1..=12).contains(&month) && (1..=days(year, month)).contains(&day),
        _ => false,
    }
}

fn days(year: &str, month: u32) -> u32 {
    let year: u64 = year.parse().unwrap_or(0);
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A date, with or without a time of day (RFC 3339, seconds and zone optional).
pub(super) fn is_datetime(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', ' ']) else { return is_date(text) };
    let clock_end = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(clock_end);
    let zone_is_right = match zone.strip_prefix(['+', '-']) {
        Some(offset) => is_clock(offset, 2),
        None => zone.is_empty() || zone == "Z",
    };
    is_date(date) && date.len() >= 10 && is_clock(clock, 3) && zone_is_right
}

/// `10:11`, `10:11:12`, `10:11:12.5`
fn is_clock(text: &str, parts_max: usize) -> bool {
    let (whole, fraction) = text.split_once('.').map_or((text, "0"), |(whole, fraction)| (whole, fraction));
    let parts = whole.split(':').collect::<Vec<_>>();
    let in_range = |(at, part): (usize, &&str)| {
        part.len() == 2 && part.parse::<u32>().is_ok_and(|number| number < if at == 0 { 25 } else { 61 })
    };
    (2..=parts_max).contains(&parts.len())
        && parts.iter().enumerate().all(in_range)
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

/// A point in time as system fields have it.
pub(in crate::rehearsal) fn is_timestamp(text: &str) -> bool {
    text.contains('T') && is_datetime(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_may_be_partial_and_before_christ() {
        for good in ["1887", "1887-04", "1887-04-12", "-0320", "-50", "2024-02-29", "12024-01-01"] {
            assert!(is_date(good), "{good}");
        }
        for bad in ["", "187", "1887-13", "1887-4", "1887-04-31", "2023-02-29", "12.04.1887", "1887-04-12-1", "-", "x"]
        {
            assert!(!is_date(bad), "{bad}");
        }
        for good in ["2024-02-03T10:11:12+01:00", "2024-02-03T10:11Z", "2024-02-03", "2024-05-28T08:00:00.123000Z"] {
            assert!(is_datetime(good), "{good}");
        }
        for bad in ["2024-02T10:11:12Z", "2024-02-03T25:11", "2024-02-03Tx", "2024-02-03T10:11:12+1"] {
            assert!(!is_datetime(bad), "{bad}");
        }
    }
}
