//! Gzip in and out. What is unpacked is checked to the last byte: a cut, a wrong check sum or anything behind the last
//! member is an error, and there is a limit to what one entry can swell to. What is packed depends on the content
//! alone.

use std::io::{self, BufRead, Read, Write};

use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::layout::error::Error;
use crate::layout::input::name_error;
use crate::model::path::EntryPath;

/// The most plain bytes of one entry (1 TiB): far beyond any payload, and an end to what would swell without one.
pub(crate) const PLAIN_BYTES_MAX: u64 = 1 << 40;

/// Reads the plain bytes of gzip, of any number of members. Every error names the entry.
pub(crate) struct Unpacked<'b, R> {
    path: EntryPath,
    decoder: MultiGzDecoder<Buffered<'b, R>>,
    left: u64,
}

impl<'b, R: Read> Unpacked<'b, R> {
    /// `buffer` holds what is read ahead of `packed`; more than `limit` plain bytes are an error.
    pub(crate) fn new(path: EntryPath, packed: R, buffer: &'b mut [u8], limit: u64) -> Self {
        let buffered = Buffered { inner: packed, buffer, start: 0, end: 0 };
        Self { path, decoder: MultiGzDecoder::new(buffered), left: limit }
    }
}

impl<R: Read> Read for Unpacked<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.decoder.read(into);
        let count =
            count.map_err(|error| name_error(error, |source| Error::Gzip { path: self.path.clone(), source }))?;
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other(Error::TooLong { path: self.path.clone() })),
        }
        Ok(count)
    }
}

/// A `BufReader` over a borrowed buffer, so that one buffer serves any number of entries.
struct Buffered<'b, R> {
    inner: R,
    buffer: &'b mut [u8],
    start: usize,
    end: usize,
}

impl<R: Read> Read for Buffered<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Buffered<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.end = self.inner.read(self.buffer)?;
            self.start = 0;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }
}

/// Writes gzip whose header holds neither a name nor a time, so that equal content gives equal bytes.
pub(crate) fn packer<W: Write>(target: W, level: u32) -> GzEncoder<W> {
    flate2::GzBuilder::new().write(target, flate2::Compression::new(level))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(plain: &[u8]) -> Vec<u8> {
        let mut packer = packer(Vec::new(), 6);
        packer.write_all(plain).expect("memory takes all");
        packer.finish().expect("memory takes all")
    }

    fn unpacked(packed: &[u8], limit: u64) -> io::Result<Vec<u8>> {
        let path: EntryPath = "a.json.gz".parse().expect("a clean path");
        let mut plain = Vec::new();
        Unpacked::new(path, packed, &mut [0; 7], limit).read_to_end(&mut plain)?;
        Ok(plain)
    }

    #[test]
    fn all_members_are_unpacked() {
        let members = [packed(b"one "), packed(b""), packed(b"two")].concat();
        assert_eq!(unpacked(&members, 7).expect("whole gzip"), b"one two");
    }

    #[test]
    fn gzip_cut_anywhere_is_an_error_that_names_the_entry() {
        let whole = packed(&b"some text, some text, some other text".repeat(20));
        for length in 0..whole.len() {
            let error = unpacked(&whole[..length], PLAIN_BYTES_MAX).expect_err("cut gzip");
            assert_eq!(error.to_string(), "a.json.gz cannot be decompressed", "cut at {length}");
        }
        let members = [whole.clone(), whole].concat();
        for length in members.len() / 2 + 1..members.len() {
            unpacked(&members[..length], PLAIN_BYTES_MAX).expect_err("cut in the second member");
        }
    }

    #[test]
    fn gzip_that_lies_is_an_error() {
        let whole = packed(b"some text");
        for at in whole.len() - 8..whole.len() {
            let mut lying = whole.clone();
            lying[at] ^= 1;
            unpacked(&lying, PLAIN_BYTES_MAX).expect_err("a wrong check sum or length");
        }
    }

    #[test]
    fn anything_behind_the_last_member_is_an_error() {
        for tail in [&b"\0"[..], b"x", &[0; 512], b"\x1f", b"\x1f\x8b"] {
            unpacked(&[&packed(b"some text"), tail].concat(), PLAIN_BYTES_MAX).expect_err("a tail");
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = packed(&vec![0; 1 << 20]);
        assert_eq!(unpacked(&bomb, 1 << 20).expect("just within").len(), 1 << 20);
        let error = unpacked(&bomb, (1 << 20) - 1).expect_err("one byte more");
        assert!(error.to_string().starts_with("a.json.gz is longer than"), "{error}");
    }

    #[test]
    fn equal_content_gives_equal_gzip_without_name_or_time() {
        assert_eq!(packed(b"some text")[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    }
}
