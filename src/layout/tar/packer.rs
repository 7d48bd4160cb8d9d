//! Compresses a tar while it is written, on all cores. What comes out depends on what goes in alone, not on how many
//! cores there are nor on how it is cut into writes.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use zstd::zstd_safe::CParameter;

use crate::layout::gzip;
use crate::layout::tar::source::Compression;

/// What is written at a time.
const WRITE_BYTES: usize = 256 << 10;
/// The level of the `zstd` command.
const ZSTD_LEVEL: i32 = 3;
/// What each zstd worker takes at a time; part of what the output depends on.
const ZSTD_JOB_BYTES: u32 = 4 << 20;
/// The level of the `gzip` command.
const GZIP_LEVEL: u32 = 6;
/// The plain bytes of each gzip member; part of what the output depends on. The loss by cutting is a thousandth.
const GZIP_MEMBER_BYTES: usize = 1 << 20;
/// Members being compressed for each core, so that none waits.
const MEMBERS_A_CORE: usize = 2;

/// Takes plain bytes and gives them on compressed.
pub(crate) enum Packer<W: Write> {
    Plain(io::BufWriter<W>),
    Gzip(Members<W>),
    Zstd(Box<zstd::Encoder<'static, W>>),
}

impl<W: Write> Packer<W> {
    pub(crate) fn new(out: W, compression: Compression) -> io::Result<Self> {
        Self::on_cores(out, compression, thread::available_parallelism().map_or(1, NonZeroUsize::get))
    }

    fn on_cores(out: W, compression: Compression, cores: usize) -> io::Result<Self> {
        Ok(match compression {
            Compression::Plain => Self::Plain(io::BufWriter::with_capacity(WRITE_BYTES, out)),
            Compression::Gzip => Self::Gzip(Members::new(out, cores)),
            Compression::Zstd => {
                let mut encoder = zstd::Encoder::new(out, ZSTD_LEVEL)?;
                // Without workers the output would be another one.
                encoder.multithread(u32::try_from(cores).unwrap_or(1))?;
                encoder.set_parameter(CParameter::JobSize(ZSTD_JOB_BYTES))?;
                encoder.include_checksum(true)?;
                Self::Zstd(Box::new(encoder))
            }
        })
    }

    /// Everything is written; gives back what it was written to.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(out) => out.into_inner().map_err(io::IntoInnerError::into_error),
            Self::Gzip(members) => members.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Packer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Gzip(members) => members.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    /// Nothing is forced out: where blocks end depends on the bytes alone.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gzip of many members, each compressed by itself.
pub(crate) struct Members<W> {
    out: W,
    plain: Vec<u8>,
    jobs: Option<Sender<Job>>,
    workers: Vec<JoinHandle<()>>,
    /// The members that are being compressed, in order.
    ahead: VecDeque<Receiver<io::Result<Vec<u8>>>>,
    ahead_max: usize,
    is_empty: bool,
}

struct Job {
    plain: Vec<u8>,
    packed: Sender<io::Result<Vec<u8>>>,
}

impl<W: Write> Members<W> {
    fn new(out: W, cores: usize) -> Self {
        let ahead_max = cores * MEMBERS_A_CORE;
        let (jobs, queue) = bounded::<Job>(ahead_max);
        let workers = (0..cores).map(|_| {
            let queue = queue.clone();
            thread::spawn(move || {
                for Job { plain, packed } in queue {
                    // Who takes no more has an error of their own.
                    let _ = packed.send(pack(&plain));
                }
            })
        });
        let workers = workers.collect();
        let plain = Vec::with_capacity(GZIP_MEMBER_BYTES);
        Self { out, plain, jobs: Some(jobs), workers, ahead: VecDeque::new(), ahead_max, is_empty: true }
    }

    fn begin_member(&mut self) -> io::Result<()> {
        if self.ahead.len() == self.ahead_max {
            self.write_member()?;
        }
        let (sender, receiver) = bounded(1);
        let plain = std::mem::replace(&mut self.plain, Vec::with_capacity(GZIP_MEMBER_BYTES));
        let job = Job { plain, packed: sender };
        self.jobs.as_ref().ok_or_else(gone)?.send(job).map_err(|_| gone())?;
        self.ahead.push_back(receiver);
        self.is_empty = false;
        Ok(())
    }

    fn write_member(&mut self) -> io::Result<()> {
        let Some(packed) = self.ahead.pop_front() else { return Ok(()) };
        let packed = packed.recv().map_err(|_| gone())??;
        self.out.write_all(&packed)
    }

    fn finish(mut self) -> io::Result<W> {
        if !self.plain.is_empty() || self.is_empty {
            self.begin_member()?;
        }
        while !self.ahead.is_empty() {
            self.write_member()?;
        }
        self.jobs = None;
        for worker in self.workers {
            worker.join().map_err(|_| gone())?;
        }
        Ok(self.out)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len().min(GZIP_MEMBER_BYTES - self.plain.len());
        self.plain.extend_from_slice(&bytes[..length]);
        if self.plain.len() == GZIP_MEMBER_BYTES {
            self.begin_member()?;
        }
        Ok(length)
    }
}

fn pack(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut packer = gzip::packer(Vec::with_capacity(plain.len() / 2), GZIP_LEVEL);
    packer.write_all(plain)?;
    packer.finish()
}

fn gone() -> io::Error {
    io::Error::other("a thread that compresses has ended")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn packed(plain: &[u8], compression: Compression, cores: usize, piece: usize) -> Vec<u8> {
        let mut packer = Packer::on_cores(Vec::new(), compression, cores).expect("memory");
        plain.chunks(piece).for_each(|piece| packer.write_all(piece).expect("memory"));
        packer.finish().expect("memory")
    }

    #[test]
    fn the_output_depends_neither_on_the_cores_nor_on_the_writes() {
        let mut chance = fastrand::Rng::with_seed(1);
        let plain = (0..11 << 20).map(|at| if at % 3 == 0 { chance.u8(..) } else { b'a' }).collect::<Vec<_>>();
        for compression in [Compression::Plain, Compression::Gzip, Compression::Zstd] {
            let expected = packed(&plain, compression, 1, plain.len());
            for (cores, piece) in [(2, 1 << 16), (3, 12_345), (7, 1 << 21)] {
                let same = packed(&plain, compression, cores, piece) == expected;
                assert!(same, "{compression:?} on {cores} cores by {piece}");
            }
            let mut back = Vec::new();
            match compression {
                Compression::Plain => back = expected,
                Compression::Gzip => drop(flate2::read::MultiGzDecoder::new(&expected[..]).read_to_end(&mut back)),
                Compression::Zstd => back = zstd::decode_all(&expected[..]).expect("whole zstd"),
            }
            assert!(back == plain, "{compression:?}");
        }
    }

    #[test]
    fn nothing_is_a_whole_stream_too() {
        assert!(packed(&[], Compression::Gzip, 2, 1).starts_with(&[0x1f, 0x8b]));
        assert_eq!(zstd::decode_all(&packed(&[], Compression::Zstd, 2, 1)[..]).expect("whole zstd"), b"");
    }
}
