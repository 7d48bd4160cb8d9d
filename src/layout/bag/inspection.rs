//! Holds the files of a bag against its lists, in whatever order the two come, in bounded memory.

use std::io::{self, BufRead, BufReader, Read};

use crate::layout::bag::sums::{Algorithm, Summed, Sums};
use crate::layout::bag::{BagFault, DATA, DECLARATION, Lists, Tagged};
use crate::layout::error::Error;
use crate::model::path::EntryPath;
use crate::sorter::Sorter;

/// The longest line: a digest and a path, every byte of which may be escaped.
const LINE_MAX: u64 = 16 << 10;
/// The longest declaration and description; they are a few lines.
const TEXT_MAX: u64 = 1 << 20;
const OXUM: &str = "Payload-Oxum";

/// What is known of a bag so far. Paths count from its top.
pub(crate) struct Inspection {
    found: Sorter,
    is_declared: bool,
    algorithms: Vec<Algorithm>,
    /// Bytes and files, as the bag says and as they were found.
    told: Option<(u64, u64)>,
    counted: (u64, u64),
}

impl Inspection {
    pub(crate) fn new() -> Self {
        Self { found: Sorter::anywhere(), is_declared: false, algorithms: Vec::new(), told: None, counted: (0, 0) }
    }

    /// Takes a file that is not part of the content.
    pub(crate) fn tag(&mut self, path: &EntryPath, content: &mut dyn Read) -> Result<(), Error> {
        let mut content = Summed::new(content, &Algorithm::ALL);
        match Tagged::of(path) {
            Tagged::Declaration => self.declare(&text(path, &mut content)?)?,
            Tagged::Info => self.told = told(&text(path, &mut content)?).map_err(|fault| fail(path, fault))?,
            Tagged::Fetch => return Err(fail(path, BagFault::Fetch)),
            Tagged::List(lists, algorithm) => {
                let algorithm = algorithm.ok_or_else(|| fail(path, BagFault::Algorithm))?;
                if lists == Lists::Content {
                    self.algorithms.push(algorithm);
                }
                self.list(path, lists, algorithm, &mut content)?;
            }
            Tagged::Other => {}
        }
        io::copy(&mut content, &mut io::sink()).map_err(|source| read_failed(path, source))?;
        self.push_found(path, content.sums)
    }

    /// Takes a file of the content, all of which was read through `content`.
    pub(crate) fn content<R>(&mut self, path: &EntryPath, content: Summed<R>) -> Result<(), Error> {
        self.counted.0 += content.bytes;
        self.counted.1 += 1;
        self.push_found(path, content.sums)
    }

    fn push_found(&mut self, path: &EntryPath, sums: Sums) -> Result<(), Error> {
        let mut value = vec![0];
        for (algorithm, digest) in sums.finish() {
            value.push(algorithm as u8);
            value.extend(digest);
        }
        self.push(path, &value)
    }

    fn push(&mut self, path: &EntryPath, value: &[u8]) -> Result<(), Error> {
        self.found.push(path.as_bytes(), value).map_err(|source| Error::Spool { path: path.clone(), source })
    }

    fn declare(&mut self, text: &str) -> Result<(), Error> {
        let value = |key: &str| text.lines().find_map(|line| Some(line.strip_prefix(key)?.strip_prefix(':')?.trim()));
        let is_known = matches!(value("BagIt-Version"), Some("1.0" | "0.97" | "0.96" | "0.95" | "0.94" | "0.93"));
        let is_utf8 = value("Tag-File-Character-Encoding").is_some_and(|name| name.eq_ignore_ascii_case("utf-8"));
        self.is_declared = is_known && is_utf8;
        if self.is_declared {
            Ok(())
        } else {
            Err(Error::Bag { place: DECLARATION.into(), fault: BagFault::Declaration, others: 0 })
        }
    }

    fn list(
        &mut self,
        path: &EntryPath,
        lists: Lists,
        algorithm: Algorithm,
        content: &mut dyn Read,
    ) -> Result<(), Error> {
        let mut lines = BufReader::new(content);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let read = (&mut lines).take(LINE_MAX).read_until(b'\n', &mut line);
            if read.map_err(|source| read_failed(path, source))? == 0 {
                break;
            }
            let (listed, digest) = parse(&line, lists, algorithm).ok_or_else(|| fail(path, BagFault::Line(number)))?;
            self.push(&listed, &[&[1, algorithm as u8][..], &digest].concat())?;
        }
        Ok(())
    }

    /// Compares all that was found with all that is listed.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        if !self.is_declared {
            return Err(Error::Bag { place: DECLARATION.into(), fault: BagFault::Declaration, others: 0 });
        }
        if self.algorithms.is_empty() {
            return Err(Error::Bag { place: "the bag".into(), fault: BagFault::NoList, others: 0 });
        }
        let mut wrong = Wrong::default();
        let failed = |source| Error::Stream { name: "the lists of the bag".into(), source };
        let mut sorted = self.found.sorted().map_err(failed)?;
        let mut next = sorted.next().map_err(failed)?;
        while let Some((path, value)) = next {
            let mut values = vec![value];
            next = sorted.next().map_err(failed)?;
            while let Some((_, value)) = next.take_if(|(other, _)| *other == path) {
                // More than one of each algorithm and what was found are wrong anyway.
                if values.len() <= 2 * Algorithm::ALL.len() {
                    values.push(value);
                }
                next = sorted.next().map_err(failed)?;
            }
            if let Some(fault) = compare(&path, &values, &self.algorithms) {
                wrong.note(&path, fault);
            }
        }
        wrong.judge()?;
        match self.told {
            Some(told) if told != self.counted => {
                Err(Error::Bag { place: OXUM.into(), fault: BagFault::Oxum, others: 0 })
            }
            _ => Ok(()),
        }
    }
}

/// The first thing that is wrong, and how many more there are.
#[derive(Default)]
struct Wrong {
    first: Option<(String, BagFault)>,
    others: usize,
}

impl Wrong {
    fn note(&mut self, path: &[u8], fault: BagFault) {
        if self.first.is_some() {
            self.others += 1;
            return;
        }
        let shown = EntryPath::new(path).map_or_else(|_| String::from_utf8_lossy(path).into(), |path| path.to_string());
        self.first = Some((shown, fault));
    }

    fn judge(self) -> Result<(), Error> {
        match self.first {
            Some((place, fault)) => Err(Error::Bag { place, fault, others: self.others }),
            None => Ok(()),
        }
    }
}

/// What is wrong at one path: what was found comes first, then what is listed.
fn compare(path: &[u8], values: &[Vec<u8>], algorithms: &[Algorithm]) -> Option<BagFault> {
    let found: Vec<_> = values.iter().filter(|value| value[0] == 0).collect();
    let listed = || values.iter().filter(|value| value[0] == 1);
    let [found] = found[..] else {
        return Some(if found.is_empty() { BagFault::Missing } else { BagFault::Twice });
    };
    let is_content = path.strip_prefix(DATA.as_bytes()).is_some_and(|rest| rest.starts_with(b"/"));
    for algorithm in Algorithm::ALL {
        let mut listed = listed().filter(|value| value[1] == algorithm as u8);
        match (listed.next(), listed.next()) {
            (None, _) if is_content && algorithms.contains(&algorithm) => {
                return Some(BagFault::Unlisted(algorithm.name()));
            }
            (Some(_), Some(_)) => return Some(BagFault::Twice),
            (Some(listed), None) if !holds(found, algorithm, &listed[2..]) => {
                return Some(BagFault::Different(algorithm.name()));
            }
            _ => {}
        }
    }
    None
}

/// Whether the digest is among those that were taken.
fn holds(found: &[u8], algorithm: Algorithm, digest: &[u8]) -> bool {
    let mut rest = &found[1..];
    while let Some((first, more)) = rest.split_first() {
        let Some(length) = Algorithm::ALL.get(usize::from(*first)).map(|algorithm| algorithm.digest_bytes()) else {
            return false;
        };
        if *first == algorithm as u8 {
            return more.get(..length) == Some(digest);
        }
        rest = more.get(length..).unwrap_or_default();
    }
    false
}

/// A line of a list: a digest in hex, blanks, and an escaped path.
fn parse(line: &[u8], lists: Lists, algorithm: Algorithm) -> Option<(EntryPath, Vec<u8>)> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let blank = line.iter().position(|byte| matches!(byte, b' ' | b'\t'))?;
    let (hex, path) = line.split_at(blank);
    let path = path.trim_ascii_start();
    let path = EntryPath::new(decoded(path.strip_prefix(b"*").unwrap_or(path))?).ok()?;
    let digest = from_hex(hex).filter(|digest| digest.len() == algorithm.digest_bytes())?;
    (path.is_below(DATA) == (lists == Lists::Content)).then_some((path, digest))
}

fn from_hex(hex: &[u8]) -> Option<Vec<u8>> {
    let digits = std::str::from_utf8(hex).ok().filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    if digits.len() % 2 == 1 {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
}

/// Only what ends a line and the percent sign are escaped. Before version 1.0 nothing was, so other signs stay.
fn decoded(path: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, more)) = rest.split_first() {
        let escaped = more.get(..2).filter(|_| *first == b'%').map(<[u8]>::to_ascii_uppercase);
        let byte = match escaped.as_deref() {
            Some(b"25") => Some(b'%'),
            Some(b"0A") => Some(b'\n'),
            Some(b"0D") => Some(b'\r'),
            _ => None,
        };
        out.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &more[2..] } else { more };
    }
    (!out.is_empty()).then_some(out)
}

fn text(path: &EntryPath, content: &mut impl Read) -> Result<String, Error> {
    let mut bytes = Vec::new();
    content.take(TEXT_MAX + 1).read_to_end(&mut bytes).map_err(|source| read_failed(path, source))?;
    if bytes.len() as u64 > TEXT_MAX {
        return Err(fail(path, BagFault::Long));
    }
    Ok(String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').to_owned())
}

/// Bytes and files that the description tells.
fn told(text: &str) -> Result<Option<(u64, u64)>, BagFault> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let Some((_, value)) = lines.find(|(key, _)| key.trim().eq_ignore_ascii_case(OXUM)) else { return Ok(None) };
    let parsed =
        value.trim().split_once('.').and_then(|(bytes, files)| Some((bytes.parse().ok()?, files.parse().ok()?)));
    parsed.map(Some).ok_or(BagFault::Oxum)
}

fn fail(path: &EntryPath, fault: BagFault) -> Error {
    Error::Bag { place: path.to_string(), fault, others: 0 }
}

fn read_failed(path: &EntryPath, error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(source) => Error::Read { path: path.clone(), source },
    }
}
