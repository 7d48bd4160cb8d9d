//! Digests in every algorithm that lists of bags are in.

use std::io::{self, Read};

use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

/// An algorithm of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

impl Algorithm {
    pub(crate) const ALL: [Self; 4] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha512];

    /// The name in the names of lists.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    pub(crate) fn digest_bytes(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// Digests on the way.
#[derive(Default)]
pub(crate) struct Sums {
    md5: Option<Md5>,
    sha1: Option<Sha1>,
    sha256: Option<Sha256>,
    sha512: Option<Sha512>,
}

impl Sums {
    pub(crate) fn new(algorithms: &[Algorithm]) -> Self {
        let has = |algorithm| algorithms.contains(&algorithm);
        Self {
            md5: has(Algorithm::Md5).then(Md5::new),
            sha1: has(Algorithm::Sha1).then(Sha1::new),
            sha256: has(Algorithm::Sha256).then(Sha256::new),
            sha512: has(Algorithm::Sha512).then(Sha512::new),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.md5.iter_mut().for_each(|sum| sum.update(bytes));
        self.sha1.iter_mut().for_each(|sum| sum.update(bytes));
        self.sha256.iter_mut().for_each(|sum| sum.update(bytes));
        self.sha512.iter_mut().for_each(|sum| sum.update(bytes));
    }

    /// The digests that were taken, in the order of [`Algorithm::ALL`].
    pub(crate) fn finish(self) -> Vec<(Algorithm, Vec<u8>)> {
        let md5 = self.md5.map(|sum| (Algorithm::Md5, sum.finalize().to_vec()));
        let sha1 = self.sha1.map(|sum| (Algorithm::Sha1, sum.finalize().to_vec()));
        let sha256 = self.sha256.map(|sum| (Algorithm::Sha256, sum.finalize().to_vec()));
        let sha512 = self.sha512.map(|sum| (Algorithm::Sha512, sum.finalize().to_vec()));
        [md5, sha1, sha256, sha512].into_iter().flatten().collect()
    }
}

/// What is read through it has its digests taken.
pub(crate) struct Summed<R> {
    pub(crate) inner: R,
    pub(crate) sums: Sums,
    pub(crate) bytes: u64,
}

impl<R> Summed<R> {
    pub(crate) fn new(inner: R, algorithms: &[Algorithm]) -> Self {
        Self { inner, sums: Sums::new(algorithms), bytes: 0 }
    }
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(out)?;
        self.sums.update(&out[..length]);
        self.bytes += length as u64;
        Ok(length)
    }
}
