//! The header of a member: 512 bytes, in the forms of v7, ustar (POSIX.1-1988) and GNU tar. Fields are read strictly.

use crate::layout::tar::fault::Fault;
use crate::layout::tar::pax::Pax;
use crate::model::entry::FileTime;

pub(crate) const BLOCK: usize = 512;
const NANOSECONDS: i64 = 1_000_000_000;

/// A header whose check sum is right.
pub(crate) struct Header {
    pub(crate) kind: u8,
    pub(crate) form: Form,
    block: [u8; BLOCK],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Before 1988: no magic.
    V7,
    Ustar,
    Gnu,
}

impl Header {
    pub(crate) fn parse(block: &[u8; BLOCK]) -> Result<Self, Fault> {
        if !has_right_checksum(block) {
            return Err(Fault::Checksum);
        }
        let form = match &block[257..265] {
            b"ustar\x0000" => Form::Ustar,
            b"ustar  \0" => Form::Gnu,
            magic if magic.starts_with(b"ustar") => return Err(Fault::Magic),
            _ => Form::V7,
        };
        Ok(Self { kind: block[156], form, block: *block })
    }

    /// The name in the header, with what ustar puts in front.
    pub(crate) fn name(&self) -> Vec<u8> {
        let name = self.text(0..100);
        match (self.form, self.text(345..500)) {
            (Form::Ustar, prefix) if !prefix.is_empty() => [prefix, b"/", name].concat(),
            _ => name.to_vec(),
        }
    }

    /// Whether something follows the end of a name in its field, so that it could be read in two ways.
    pub(crate) fn has_hidden_name(&self) -> bool {
        let prefix = if self.form == Form::Ustar { 345..500 } else { 0..0 };
        [0..100, prefix].into_iter().any(|field| {
            let rest = &self.block[field.clone()][self.text(field).len()..];
            rest.iter().any(|byte| *byte != 0)
        })
    }

    fn text(&self, field: std::ops::Range<usize>) -> &[u8] {
        let field = &self.block[field];
        &field[..memchr::memchr(0, field).unwrap_or(field.len())]
    }

    pub(crate) fn size(&self) -> Result<u64, Fault> {
        let size = number(&self.block[124..136]).and_then(|size| u64::try_from(size).ok());
        size.filter(|size| i64::try_from(*size).is_ok()).ok_or(Fault::Number("size"))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub(crate) fn modified(&self) -> Result<i128, Fault> {
        number(&self.block[136..148]).ok_or(Fault::Number("time"))
    }
}

/// The sum of all bytes, those of its own field taken as blanks. Some programs once took bytes as signed.
fn has_right_checksum(block: &[u8; BLOCK]) -> bool {
    let Some(told) = number(&block[148..156]) else { return false };
    let bytes = || block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { b' ' } else { *byte });
    let unsigned: i128 = bytes().map(i128::from).sum();
    let signed: i128 = bytes().map(|byte| i128::from(byte.cast_signed())).sum();
    told == unsigned || told == signed
}

/// Octal digits, with blanks before and blanks or NULs after, nothing else; or GNU's base 256, marked by the first bit.
fn number(field: &[u8]) -> Option<i128> {
    if let [first @ (0x80 | 0xff), rest @ ..] = field {
        let start = if *first == 0xff { -1 } else { 0 };
        return Some(rest.iter().fold(start, |number: i128, byte| (number << 8) | i128::from(*byte)));
    }
    let digits = field.trim_ascii_start();
    let end = digits.iter().position(|byte| !matches!(byte, b'0'..=b'7')).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(end);
    let is_clean = rest.iter().all(|byte| matches!(byte, b' ' | 0));
    is_clean.then(|| digits.iter().fold(0, |number, digit| number * 8 + i128::from(digit - b'0')))
}

/// The longest name and prefix of ustar.
const NAME_MAX: usize = 100;
const PREFIX_MAX: usize = 155;
/// What twelve and what eight bytes can say in octal digits, with a NUL behind.
const OCTAL_12_MAX: u64 = 0o777_7777_7777;
/// The name of every PAX header, the one that Python gives.
const PAX_NAME: &[u8] = b"././@PaxHeader";

/// The headers of a member, the last one its own. Files may be read by all and written by their owner, who is nobody.
pub(crate) fn encode(name: &[u8], kind: u8, size: u64, modified: FileTime) -> Vec<u8> {
    let split = if name.is_ascii() || std::str::from_utf8(name).is_err() { split(name) } else { None };
    let seconds = modified.0.div_euclid(NANOSECONDS);
    let is_whole = modified.0.rem_euclid(NANOSECONDS) == 0 && (0..=OCTAL_12_MAX as i64).contains(&seconds);
    let pax = Pax {
        path: split.is_none().then(|| name.to_vec()),
        size: (size > OCTAL_12_MAX).then_some(size),
        modified: (!is_whole).then_some(modified),
    };
    let said = pax.encode();
    let mut out = Vec::with_capacity(3 * BLOCK);
    if !said.is_empty() {
        out.extend(block(&Fields { name: PAX_NAME, prefix: b"", kind: b'x', size: said.len() as u64, seconds: 0 }));
        out.extend_from_slice(&said);
        out.resize(out.len().next_multiple_of(BLOCK), 0);
    }
    let (prefix, name) = split.unwrap_or((b"", &name[..name.len().min(NAME_MAX)]));
    let seconds = seconds.clamp(0, OCTAL_12_MAX as i64).cast_unsigned();
    out.extend(block(&Fields { name, prefix, kind, size: size.min(OCTAL_12_MAX), seconds }));
    out
}

/// A name in the two fields of ustar, cut at a slash.
fn split(name: &[u8]) -> Option<(&[u8], &[u8])> {
    if name.len() <= NAME_MAX {
        return Some((b"", name));
    }
    let fits = |at: &usize| *at <= PREFIX_MAX && (1..=NAME_MAX).contains(&(name.len() - at - 1));
    let at = memchr::memchr_iter(b'/', name).filter(|at| *at > 0).find(fits)?;
    Some((&name[..at], &name[at + 1..]))
}

struct Fields<'a> {
    name: &'a [u8],
    prefix: &'a [u8],
    kind: u8,
    size: u64,
    seconds: u64,
}

fn block(fields: &Fields<'_>) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mode = if fields.kind == b'5' { 0o755 } else { 0o644 };
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, fields.name);
    put(100, format!("{mode:07o}").as_bytes());
    put(108, b"0000000");
    put(116, b"0000000");
    put(124, format!("{:011o}", fields.size).as_bytes());
    put(136, format!("{:011o}", fields.seconds).as_bytes());
    put(148, b"        ");
    put(156, &[fields.kind]);
    put(257, b"ustar\x0000");
    put(329, b"0000000");
    put(337, b"0000000");
    put(345, fields.prefix);
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let long = |length: usize| [b"folder/".to_vec(), vec![b'x'; length]].concat();
        for (name, blocks) in [
            (b"a".to_vec(), 1),
            (long(93), 1),
            (long(100), 1),
            (long(101), 3),
            ([vec![b'p'; 155], b"/".to_vec(), vec![b'n'; 100]].concat(), 1),
            ([vec![b'p'; 156], b"/".to_vec(), vec![b'n'; 100]].concat(), 3),
            ("ä".as_bytes().to_vec(), 3),
            (b"\xff".to_vec(), 1),
        ] {
            let headers = encode(&name, b'0', 5, FileTime(7 * NANOSECONDS));
            assert_eq!(headers.len(), blocks * BLOCK, "{name:?}");
            let last = headers.last_chunk::<BLOCK>().expect("a block");
            let header = Header::parse(last).expect("a header");
            assert!(!header.has_hidden_name());
            assert_eq!((header.kind, header.form, header.size(), header.modified()), (b'0', Form::Ustar, Ok(5), Ok(7)));
            if blocks == 1 {
                assert_eq!(header.name(), name);
            } else {
                let length = Header::parse(headers.first_chunk().expect("a block")).expect("a header").size();
                let said = &headers[BLOCK..BLOCK + length.expect("a size") as usize];
                assert_eq!(Pax::parse(said).expect("a PAX header").path, Some(name));
            }
        }
        assert_eq!(encode(b"a", b'0', 1 << 40, FileTime(-1)).len(), 3 * BLOCK);
    }

    #[test]
    fn numbers_are_octal_or_base_256_and_nothing_else() {
        for (field, expected) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"00000000\0\0", Some(0)),
            (b"\0\0\0\0", Some(0)),
            (b"77777777777", Some(0o777_7777_7777)),
            (b"\x80\0\0\0\x02\0\0\0\0", Some(2 << 32)),
            (b"\xff\xff\xff\xff\xff", Some(-1)),
            (b"-1\0", None),
            (b"+1\0", None),
            (b"0x1\0", None),
            (b"8\0", None),
            (b"1\x001", None),
            (b"1 1", None),
            (b"\x81\0\0", None),
        ] {
            assert_eq!(number(field), expected, "{field:?}");
        }
    }
}
