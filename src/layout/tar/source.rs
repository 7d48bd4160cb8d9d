//! Where the bytes of a tar come from: a file or a stream, plain, gzip or zstd, which its first bytes tell. They are read
//! and unpacked ahead, on a thread of their own.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, bounded};
use flate2::bufread::MultiGzDecoder;

use crate::layout::error::Error;
use crate::layout::input::name_error;
use crate::layout::tar::fault::Fault;

/// What is read at a time.
const READ_BYTES: usize = 256 << 10;
/// Blocks that are ready to be taken.
const BLOCKS_AHEAD: usize = 8;
/// So much may come out of any compressed tar, …
const EXPANSION_FLOOR: u64 = 1 << 30;
/// … and beyond that so many times what went in: JSON shrinks to a twentieth, a bomb to a thousandth or less.
pub(crate) const EXPANSION_MAX: u64 = 250;
/// The largest zstd window, as of `zstd --ultra -22`: it has to be held.
pub(crate) const WINDOW_LOG_MAX: u32 = 27;
/// The first bytes that tell what it is.
const MAGICS: [(&[u8], &str); 9] = [
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"PK\x03\x04", "a zip file"),
    (b"PK\x05\x06", "a zip file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z file"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x1f\x9d", "compress (.Z)"),
    (b"LZIP", "lzip"),
    (b"Rar!", "a rar file"),
];

/// How a tar is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    Plain,
    Gzip,
    Zstd,
}

impl Compression {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "tar",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// The plain bytes of a tar.
pub(crate) struct Source {
    pub(crate) compression: Compression,
    blocks: Receiver<io::Result<Vec<u8>>>,
    block: Vec<u8>,
    at: usize,
    is_done: bool,
}

impl Source {
    /// Looks at the first bytes, and begins to read ahead.
    pub(crate) fn open(input: Box<dyn Read + Send>, name: &str) -> Result<Self, Error> {
        let count = Arc::new(AtomicU64::new(0));
        let mut input = BufReader::with_capacity(READ_BYTES, Counted { input, count: Arc::clone(&count) });
        let compression = detect(&mut input).map_err(|error| match error {
            Detected::Fault(fault) => Error::Tar { place: name.to_owned(), fault },
            Detected::Io(source) => Error::Stream { name: name.to_owned(), source },
        })?;
        let (sender, blocks) = bounded(BLOCKS_AHEAD);
        let name = name.to_owned();
        thread::spawn(move || {
            let named = |error| name_stream(error, &name, compression);
            let mut unpacked: Box<dyn Read> = match compression {
                Compression::Plain => Box::new(input),
                Compression::Gzip => Box::new(MultiGzDecoder::new(input)),
                Compression::Zstd => match zstd(input) {
                    Ok(decoder) => Box::new(decoder),
                    Err(error) => return drop(sender.send(Err(named(error)))),
                },
            };
            let mut total = 0;
            loop {
                let block = read_block(&mut *unpacked).and_then(|block| {
                    total += block.len() as u64;
                    let most = EXPANSION_FLOOR.max(count.load(Ordering::Relaxed).saturating_mul(EXPANSION_MAX));
                    let is_bomb = compression != Compression::Plain && total > most;
                    if is_bomb { Err(fault(&name, Fault::Bomb)) } else { Ok(block) }
                });
                let is_last = block.as_ref().map_or(true, Vec::is_empty);
                // Who takes no more has an error of their own.
                if sender.send(block.map_err(named)).is_err() || is_last {
                    return;
                }
            }
        });
        Ok(Self { compression, blocks, block: Vec::new(), at: 0, is_done: false })
    }
}

impl Read for Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.block.len() && !self.is_done {
            let gone = |_| io::Error::other("the thread that reads the tar has ended");
            self.block = self.blocks.recv().map_err(gone)??;
            self.at = 0;
            self.is_done = self.block.is_empty();
        }
        let length = out.len().min(self.block.len() - self.at);
        out[..length].copy_from_slice(&self.block[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

/// Counts what has been read.
struct Counted {
    input: Box<dyn Read + Send>,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // What cannot be read is no fault of what was read.
        let length = self.input.read(out).map_err(|error| io::Error::new(error.kind(), Unreadable(error)))?;
        self.count.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

/// The input failed, not what unpacks it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unreadable(io::Error);

enum Detected {
    Fault(Fault),
    Io(io::Error),
}

fn detect(input: &mut impl BufRead) -> Result<Compression, Detected> {
    let start = loop {
        match input.fill_buf() {
            Ok(start) => break start,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Detected::Io(error)),
        }
    };
    match start {
        [0x1f, 0x8b, ..] => Ok(Compression::Gzip),
        // A frame, or one to be skipped.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Ok(Compression::Zstd),
        start => match MAGICS.iter().find(|(magic, _)| start.starts_with(magic)) {
            Some((_, form)) => Err(Detected::Fault(Fault::Form(Some(form)))),
            None => Ok(Compression::Plain),
        },
    }
}

fn zstd<R: BufRead>(input: R) -> io::Result<zstd::Decoder<'static, R>> {
    let mut decoder = zstd::Decoder::with_buffer(input)?;
    decoder.window_log_max(WINDOW_LOG_MAX)?;
    Ok(decoder)
}

/// The next bytes; none at the end.
fn read_block(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut block = vec![0; READ_BYTES];
    let mut length = 0;
    while length < block.len() {
        match input.read(&mut block[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    block.truncate(length);
    Ok(block)
}

fn fault(name: &str, fault: Fault) -> io::Error {
    io::Error::other(Error::Tar { place: name.to_owned(), fault })
}

fn name_stream(error: io::Error, name: &str, compression: Compression) -> io::Error {
    let is_unreadable = error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Unreadable>);
    if is_unreadable || compression == Compression::Plain {
        return name_error(error, |source| Error::Stream { name: name.to_owned(), source });
    }
    let fault = match compression {
        Compression::Zstd if error.to_string().contains("too much memory") => Fault::Window,
        form => Fault::Compression(form.name()),
    };
    name_error(error, |_| Error::Tar { place: name.to_owned(), fault })
}
