//! PAX headers (POSIX.1-2001): `LENGTH KEY=VALUE\n`, read so strictly that no two programs could read them differently,
//! and written.

use crate::layout::tar::fault::Fault;
use crate::model::entry::FileTime;

const NANOSECONDS: i128 = 1_000_000_000;
/// The character sets that names may be said to be in; either way they are bytes here.
const CHARSETS: [&[u8]; 2] = [b"ISO-IR 10646 2000 UTF-8", b"BINARY"];

/// What a PAX header says of the member that follows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Pax {
    pub(crate) path: Option<Vec<u8>>,
    pub(crate) size: Option<u64>,
    pub(crate) modified: Option<FileTime>,
}

impl Pax {
    /// Reads the header of one member.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let mut pax = Self::default();
        for (key, value) in records(bytes)? {
            match key {
                b"path" if value.is_empty() || value.contains(&0) => {
                    return Err(Fault::Pax("with an empty or cut path"));
                }
                b"path" => pax.path = Some(value.to_vec()),
                b"size" => pax.size = Some(size(value).ok_or(Fault::Pax("with a size that is none"))?),
                b"mtime" => pax.modified = Some(time(value).ok_or(Fault::Pax("with a time that is none"))?),
                b"linkpath" => return Err(Fault::Pax("of a link")),
                b"hdrcharset" if !CHARSETS.contains(&value) => return Err(Fault::Pax("in an unknown character set")),
                _ => refuse_sparse(key)?,
            }
        }
        Ok(pax)
    }

    /// Looks at a header that is to hold for all members. Nothing that would change them is accepted.
    pub(crate) fn check_global(bytes: &[u8]) -> Result<(), Fault> {
        for (key, _) in records(bytes)? {
            if matches!(key, b"path" | b"size" | b"mtime" | b"linkpath" | b"hdrcharset") {
                return Err(Fault::Pax("that changes all members"));
            }
            refuse_sparse(key)?;
        }
        Ok(())
    }

    /// The bytes of a header that says the same; none if there is nothing to say.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.path.as_ref().is_some_and(|path| std::str::from_utf8(path).is_err()) {
            push_record(&mut out, "hdrcharset", b"BINARY");
        }
        let modified = self.modified.map(spell_time);
        let size = self.size.map(|size| size.to_string().into_bytes());
        for (key, value) in [("mtime", modified.map(String::into_bytes)), ("path", self.path.clone()), ("size", size)] {
            if let Some(value) = value {
                push_record(&mut out, key, &value);
            }
        }
        out
    }
}

fn refuse_sparse(key: &[u8]) -> Result<(), Fault> {
    if key.starts_with(b"GNU.sparse.") { Err(Fault::Sparse) } else { Ok(()) }
}

type Record<'a> = (&'a [u8], &'a [u8]);

fn records(mut bytes: &[u8]) -> Result<Vec<Record<'_>>, Fault> {
    let mut records: Vec<Record<'_>> = Vec::new();
    while !bytes.is_empty() {
        let ((key, value), rest) = record(bytes)?;
        records.push((key, value));
        bytes = rest;
    }
    let mut keys = records.iter().map(|(key, _)| *key).collect::<Vec<_>>();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Fault::Pax("that says something twice"));
    }
    Ok(records)
}

fn record(bytes: &[u8]) -> Result<(Record<'_>, &[u8]), Fault> {
    let wrong = || Fault::Pax("with a wrong length");
    let blank = memchr::memchr(b' ', bytes).ok_or_else(wrong)?;
    let length = decimal(&bytes[..blank]).and_then(|length| usize::try_from(length).ok()).ok_or_else(wrong)?;
    if length > bytes.len() || length <= blank + 1 {
        return Err(wrong());
    }
    let (record, rest) = bytes.split_at(length);
    let [text @ .., b'\n'] = &record[blank + 1..] else {
        return Err(Fault::Pax("with a record that does not end in a line feed"));
    };
    let equals = memchr::memchr(b'=', text).filter(|at| *at > 0).ok_or(Fault::Pax("with a record without a key"))?;
    let (key, value) = (&text[..equals], &text[equals + 1..]);
    if key.contains(&0) || key.contains(&b'\n') {
        return Err(Fault::Pax("with a broken key"));
    }
    Ok(((key, value), rest))
}

/// Digits without a sign or zeros in front.
fn decimal(digits: &[u8]) -> Option<u64> {
    let is_clean = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) && (digits[0] != b'0' || digits == b"0");
    if is_clean { std::str::from_utf8(digits).ok()?.parse().ok() } else { None }
}

fn size(value: &[u8]) -> Option<u64> {
    decimal(value).filter(|size| i64::try_from(*size).is_ok())
}

/// Seconds, with any number of digits after a point; what is finer than nanoseconds is cut off.
fn time(value: &[u8]) -> Option<FileTime> {
    let (is_negative, value) = value.strip_prefix(b"-").map_or((false, value), |rest| (true, rest));
    let point = memchr::memchr(b'.', value).unwrap_or(value.len());
    let fraction = value.get(point + 1..).unwrap_or_default();
    if !fraction.iter().all(u8::is_ascii_digit) || !value[..point].iter().all(u8::is_ascii_digit) || point == 0 {
        return None;
    }
    let seconds: u64 = std::str::from_utf8(&value[..point]).ok()?.parse().ok()?;
    let digits = fraction.iter().chain(b"000000000").take(9);
    let nanoseconds = digits.fold(0, |number: i128, digit| number * 10 + i128::from(digit - b'0'));
    let total = i128::from(seconds) * NANOSECONDS + nanoseconds;
    Some(clamped(if is_negative { -total } else { total }))
}

/// Whole seconds as a time, at the nearest end of what the type can hold.
pub(crate) fn from_seconds(seconds: i128) -> FileTime {
    clamped(seconds.saturating_mul(NANOSECONDS))
}

fn clamped(nanoseconds: i128) -> FileTime {
    FileTime(nanoseconds.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
}

fn spell_time(time: FileTime) -> String {
    let (sign, distance) = (if time.0 < 0 { "-" } else { "" }, time.0.unsigned_abs());
    let text = format!("{sign}{}.{:09}", distance / 1_000_000_000, distance % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The length counts itself.
fn push_record(out: &mut Vec<u8>, key: &str, value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    out.extend(format!("{length} {key}=").into_bytes());
    out.extend_from_slice(value);
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for length in [1, 80, 85, 86, 87, 88, 89, 90, 91, 980, 990, 995, 4000] {
            for time in [0, 1, -1, 1_500_000_000, i64::MAX, i64::MIN + 1] {
                let path = Some(vec![b'x'; length]);
                let pax = Pax { path, size: Some(length as u64), modified: Some(FileTime(time)) };
                assert_eq!(Pax::parse(&pax.encode()), Ok(pax), "{length} {time}");
            }
        }
        assert!(Pax::default().encode().is_empty());
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for bad in [
            "8 path=a",
            "7 path=a\n",
            "+9 path=a\n",
            "09 path=ab\n",
            "0x9 path=a\n",
            " 9 path=a\n",
            "9\tpath=a\n",
            "99999999999999999999 path=a\n",
            "5 =a\n",
            "7 path\n",
            "8 path=\n",
            "10 path=\0\n",
            "10 path=a\n10 path=b\n",
            "11 size=+5\n",
            "11 size=05\n",
            "8 size=\n",
            "28 size=9223372036854775808\n",
            "13 mtime=nan\n",
            "12 mtime=.5\n",
            "14 linkpath=x\n",
            "22 GNU.sparse.major=1\n",
            "16 hdrcharset=x\n",
            "3 \n",
            "0 \n",
        ] {
            assert!(Pax::parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
        let fine = b"10 path=a\n16 mtime=1.5000\n11 size=55\n19 SCHILY.dev=12345\n";
        Pax::parse(fine).expect_err("a wrong length");
        let fine = b"10 path=a\n16 mtime=1.5000\n11 size=55\n20 SCHILY.dev=12345\n";
        let expected = Pax { path: Some(b"a".into()), size: Some(55), modified: Some(FileTime(1_500_000_000)) };
        assert_eq!(Pax::parse(fine), Ok(expected));
        Pax::check_global(b"16 comment=abcd\n").expect("nothing that matters");
        for bad in [&b"10 path=a\n"[..], b"10 size=5\n", b"14 linkpath=x\n", b"11 mtime=5\n", b"x"] {
            Pax::check_global(bad).expect_err("it changes all members");
        }
    }
}
