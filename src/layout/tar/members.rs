//! Steps from member to member of a tar, which must come to its very end. Only files and folders pass, each with one
//! name and one size that every program agrees on.

use std::io::{self, Read};

use crate::layout::error::{Error, Special};
use crate::layout::input::name_error;
use crate::layout::tar::fault::{Fault, shown};
use crate::layout::tar::header::{BLOCK, Form, Header};
use crate::layout::tar::pax::{self, Pax};
use crate::model::entry::FileTime;

/// The longest header of names and the like; a path has at most 4096 bytes.
pub(crate) const EXTENSION_MAX: u64 = 1 << 20;
/// More members than any backup has files.
pub(crate) const MEMBERS_MAX: u64 = 1 << 26;
/// What may follow the end marker, all zeros: tapes have blocks of up to so many bytes.
pub(crate) const TAIL_MAX: u64 = 16 << 20;
/// The largest size that twelve octal digits can say.
const OCTAL_MAX: u64 = 0o777_7777_7777;

/// A file or a folder.
pub(crate) struct Member {
    /// As it stands in the tar.
    pub(crate) name: Vec<u8>,
    pub(crate) is_folder: bool,
    pub(crate) modified: FileTime,
}

pub(crate) struct Members<R> {
    input: R,
    /// What the tar is called.
    tar: String,
    offset: u64,
    count: u64,
    /// The member whose content is being read, and what of it is left.
    current: String,
    left: u64,
    padding: u64,
}

/// What is said of a member before its own header.
#[derive(Default)]
struct Extensions {
    long_name: Option<Vec<u8>>,
    long_link: bool,
    pax: Option<Pax>,
}

impl Extensions {
    fn is_empty(&self) -> bool {
        self.long_name.is_none() && !self.long_link && self.pax.is_none()
    }
}

impl<R: Read> Members<R> {
    pub(crate) fn new(input: R, tar: String) -> Self {
        Self { input, tar, offset: 0, count: 0, current: String::new(), left: 0, padding: 0 }
    }

    /// The next member, what is left of the last one skipped; none at the very end.
    pub(crate) fn next(&mut self) -> Result<Option<Member>, Error> {
        self.skip_rest()?;
        let mut extensions = Extensions::default();
        loop {
            let at = self.offset;
            let place = || format!("the header at byte {at}");
            let fail = |fault| Error::Tar { place: place(), fault };
            let Some(block) = self.block()? else { return Err(self.fault(Fault::NoEnd)) };
            if is_zero(&block) {
                if !extensions.is_empty() {
                    return Err(fail(Fault::Dangling));
                }
                return self.end().map(|()| None);
            }
            let header = Header::parse(&block).map_err(|fault| self.no_header(at, fault))?;
            self.count += 1;
            if self.count > MEMBERS_MAX {
                return Err(self.fault(Fault::ManyMembers));
            }
            match header.kind {
                b'L' | b'K' | b'x' | b'g' => self.extend(&header, &mut extensions, at)?,
                _ => return self.member(&header, extensions).map(Some),
            }
        }
    }

    fn fault(&self, fault: Fault) -> Error {
        Error::Tar { place: self.tar.clone(), fault }
    }

    /// What does not even begin with a header is no tar.
    fn no_header(&self, at: u64, fault: Fault) -> Error {
        match (at, fault) {
            (0, Fault::Checksum) => self.fault(Fault::Form(None)),
            (_, fault) => Error::Tar { place: format!("the header at byte {at}"), fault },
        }
    }

    fn extend(&mut self, header: &Header, extensions: &mut Extensions, at: u64) -> Result<(), Error> {
        let fail = |fault| Error::Tar { place: format!("the header at byte {at}"), fault };
        let size = header.size().map_err(fail)?;
        if size > EXTENSION_MAX {
            return Err(fail(Fault::LongExtension));
        }
        // What says something of the next member must stand right before it, and say it once.
        let is_second = match header.kind {
            b'L' => extensions.long_name.is_some() || extensions.pax.is_some(),
            b'K' => extensions.long_link || extensions.pax.is_some(),
            _ => !extensions.is_empty(),
        };
        if is_second {
            return Err(fail(Fault::TwoNames));
        }
        let bytes = self.extension(size, at)?;
        match header.kind {
            b'L' => extensions.long_name = Some(long_name(bytes).map_err(fail)?),
            b'K' => extensions.long_link = true,
            b'x' => extensions.pax = Some(Pax::parse(&bytes).map_err(fail)?),
            _ => Pax::check_global(&bytes).map_err(fail)?,
        }
        Ok(())
    }

    fn extension(&mut self, size: u64, at: u64) -> Result<Vec<u8>, Error> {
        self.current = format!("the header at byte {at}");
        (self.left, self.padding) = (size, padding(size));
        let mut bytes = Vec::new();
        Body(self).read_to_end(&mut bytes).map_err(|error| self.failed(error))?;
        self.skip_rest()?;
        Ok(bytes)
    }

    fn member(&mut self, header: &Header, extensions: Extensions) -> Result<Member, Error> {
        let pax = extensions.pax.unwrap_or_default();
        let is_named = pax.path.is_some() || extensions.long_name.is_some();
        let name = pax.path.or(extensions.long_name).unwrap_or_else(|| header.name());
        let place = shown(&name);
        let fail = |fault| Error::Tar { place: place.clone(), fault };
        if !is_named && header.has_hidden_name() {
            return Err(fail(Fault::TwoNames));
        }
        let size = size(header, pax.size).map_err(fail)?;
        let is_folder = match header.kind {
            b'0' | 0 if !name.ends_with(b"/") => false,
            // Before there were folders, a slash said so.
            0 if header.form == Form::V7 && size == 0 => true,
            b'0' | 0 => return Err(fail(Fault::FileSlash)),
            b'5' if size == 0 => true,
            b'5' => return Err(fail(Fault::FolderSize)),
            kind => return Err(refused(kind, name)),
        };
        if extensions.long_link {
            return Err(fail(Fault::Dangling));
        }
        let modified = match pax.modified {
            Some(modified) => modified,
            None => pax::from_seconds(header.modified().map_err(fail)?),
        };
        self.current = place;
        (self.left, self.padding) = (size, padding(size));
        Ok(Member { name, is_folder, modified })
    }

    /// After the first block of zeros there is another one, and then nothing but more of them.
    fn end(&mut self) -> Result<(), Error> {
        let at = self.offset;
        match self.block()? {
            Some(block) if is_zero(&block) => {}
            Some(_) => {
                return Err(Error::Tar { place: format!("the header at byte {at}"), fault: Fault::LoneZeros });
            }
            None => return Err(self.fault(Fault::NoEnd)),
        }
        let start = self.offset;
        let mut bytes = [0; BLOCK];
        loop {
            let length = self.fill(&mut bytes)?;
            if bytes[..length].iter().any(|byte| *byte != 0) {
                return Err(self.fault(Fault::AfterEnd));
            }
            if self.offset - start > TAIL_MAX {
                return Err(self.fault(Fault::LongTail));
            }
            if length < BLOCK {
                return Ok(());
            }
        }
    }

    fn skip_rest(&mut self) -> Result<(), Error> {
        io::copy(&mut Body(self), &mut io::sink()).map_err(|error| self.failed(error))?;
        self.left = std::mem::take(&mut self.padding);
        io::copy(&mut Body(self), &mut io::sink()).map_err(|error| self.failed(error))?;
        Ok(())
    }

    /// The next block; none where the tar ends.
    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, Error> {
        let mut block = [0; BLOCK];
        match self.fill(&mut block)? {
            BLOCK => Ok(Some(block)),
            0 => Ok(None),
            _ if self.offset < BLOCK as u64 => Err(self.fault(Fault::Form(None))),
            _ => Err(self.fault(Fault::Cut)),
        }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<usize, Error> {
        let mut length = 0;
        while length < bytes.len() {
            match self.input.read(&mut bytes[length..]) {
                Ok(0) => break,
                Ok(more) => length += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        self.offset += length as u64;
        Ok(length)
    }

    /// The error of the layer in an error of reading.
    fn failed(&self, error: io::Error) -> Error {
        match error.downcast::<Error>() {
            Ok(error) => error,
            Err(source) => Error::Stream { name: self.tar.clone(), source },
        }
    }

    /// The content of the member that was stepped to last.
    pub(crate) fn body(&mut self) -> Body<'_, R> {
        Body(self)
    }
}

/// The content of a member. That it is cut off is an error that names it.
pub(crate) struct Body<'a, R>(&'a mut Members<R>);

impl<R: Read> Read for Body<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let members = &mut *self.0;
        let most = out.len().min(usize::try_from(members.left).unwrap_or(usize::MAX));
        if most == 0 {
            return Ok(0);
        }
        let length = members.input.read(&mut out[..most]);
        let length =
            length.map_err(|error| name_error(error, |source| Error::Stream { name: members.tar.clone(), source }))?;
        if length == 0 {
            return Err(io::Error::other(Error::Tar { place: members.current.clone(), fault: Fault::Cut }));
        }
        members.left -= length as u64;
        members.offset += length as u64;
        Ok(length)
    }
}

fn is_zero(block: &[u8; BLOCK]) -> bool {
    block.iter().all(|byte| *byte == 0)
}

/// What fills the last block.
pub(crate) fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK as u64) - size
}

/// GNU ends a long name with a NUL.
fn long_name(mut bytes: Vec<u8>) -> Result<Vec<u8>, Fault> {
    bytes.pop_if(|last| *last == 0);
    if bytes.is_empty() || bytes.contains(&0) { Err(Fault::TwoNames) } else { Ok(bytes) }
}

/// A size too large for the header stands in the PAX header alone; otherwise both say the same.
fn size(header: &Header, pax: Option<u64>) -> Result<u64, Fault> {
    let told = header.size()?;
    match pax {
        None => Ok(told),
        Some(size) if size == told => Ok(size),
        Some(size) if size > OCTAL_MAX && (told == 0 || told == OCTAL_MAX) => Ok(size),
        Some(_) => Err(Fault::TwoSizes),
    }
}

fn refused(kind: u8, name: Vec<u8>) -> Error {
    let special = match kind {
        b'1' => Special::HardLink,
        b'2' => Special::Link,
        b'3' | b'4' => Special::Device,
        b'6' => Special::Fifo,
        b'S' => return Error::Tar { place: shown(&name), fault: Fault::Sparse },
        kind => return Error::Tar { place: shown(&name), fault: Fault::Type(kind) },
    };
    Error::SpecialMember { name: shown(&name), special }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::tar::header::encode;

    #[test]
    fn sizes_beyond_octal_digits_are_those_that_were_written() {
        for size in [0, OCTAL_MAX, OCTAL_MAX + 1, 20 << 30, i64::MAX as u64] {
            let headers = encode(b"museum/files/large", b'0', size, FileTime(5));
            let mut members = Members::new(&headers[..], "a tar".to_owned());
            let member = members.next().expect("a header").expect("a member");
            assert_eq!(
                (&member.name[..], member.modified, members.left),
                (&b"museum/files/large"[..], FileTime(5), size)
            );
        }
    }
}
