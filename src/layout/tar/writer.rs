//! Writes a backup as a tar, in one pass, the same bytes for the same backup every time. Headers are ustar, with PAX where
//! that has no room, so that every program reads them.

use std::io::{self, Read, Seek, Write};

use tempfile::SpooledTempFile;

use crate::layout::bag::{Bag, Hashed, Tag, Wrapping};
use crate::layout::error::Error;
use crate::layout::gzip;
use crate::layout::packing::Packing;
use crate::layout::tar::header;
use crate::layout::tar::members::padding;
use crate::layout::tar::packer::Packer;
use crate::layout::tar::source::Compression;
use crate::layout::writer::{BUFFER_BYTES, WriteOptions, Written, fill};
use crate::model::backup::BackupWriter;
use crate::model::entry::{Content, EntryHead, FileTime, Role};
use crate::model::manifest::{BYTES_MAX, Manifest};
use crate::model::path::EntryPath;

/// What must be written before its size is known is held up to this size, and beyond in a file without a name.
const SPOOL_MAX: usize = 32 << 20;
/// The time of what has none.
const NO_TIME: FileTime = FileTime(0);

/// A backup that is being written as a tar. It takes entries in restore order, every role settled, and writes them in the
/// order in which they come.
pub struct TarWriter<W: Write> {
    out: Packer<W>,
    /// What the output is called.
    name: String,
    /// The folder that all of it lies in.
    folder: String,
    packing: Packing,
    bag: Option<Bag>,
    buffer: Box<[u8]>,
    written: Written,
}

impl<W: Write> TarWriter<W> {
    /// Begins a tar that goes to `out`, which errors call `name`; all of it lies in the folder `folder`.
    ///
    /// # Errors
    /// When the level of compression for payloads is none.
    pub fn new(out: W, name: String, folder: &str, tar: Compression, options: &WriteOptions) -> Result<Self, Error> {
        let packing = Packing::new(options.compression)?;
        let out = Packer::new(out, tar).map_err(|source| Error::Stream { name: name.clone(), source })?;
        let bag = (options.wrapping == Wrapping::Bag).then(Bag::new);
        let folder = folder.to_owned();
        let buffer = vec![0; BUFFER_BYTES].into();
        let mut writer = Self { out, name, folder, packing, bag, buffer, written: Written::default() };
        for tag in writer.bag.as_mut().map(Bag::begin).into_iter().flatten() {
            writer.write_tag(tag)?;
        }
        Ok(writer)
    }

    /// Ends the tar, and gives back what it was written to.
    ///
    /// # Errors
    /// When the rest cannot be written.
    pub fn end(mut self) -> Result<(W, Written), Error> {
        for tag in self.bag.take().map(Bag::finish).transpose()?.into_iter().flatten() {
            self.write_tag(tag)?;
        }
        self.write(&[0; 2 * header::BLOCK])?;
        let (name, written) = (self.name, self.written);
        let out = self.out.finish().map_err(|source| Error::Output { name, source })?;
        Ok((out, written))
    }

    fn write_tag(&mut self, tag: Tag) -> Result<(), Error> {
        let Tag { path, size, mut content } = tag;
        let member = Member { path: &path, size, modified: None };
        self.write_file(&member, &path, &mut content)
    }

    fn put_manifest(&mut self, head: &EntryHead, content: &mut dyn Read) -> Result<(), Error> {
        let mut bytes = Vec::new();
        let read = content.take(BYTES_MAX + 1).read_to_end(&mut bytes);
        read.map_err(|source| Error::Content { path: head.path.clone(), source })?;
        if bytes.len() as u64 > BYTES_MAX {
            return Err(Error::ManifestTooLong);
        }
        let manifest = Manifest::parse(bytes).map_err(Error::Manifest)?;
        let renamed = self.packing.manifest(&manifest).map_err(Error::Manifest)?;
        let bytes = renamed.as_ref().unwrap_or(&manifest).bytes();
        self.put_sized(head, &head.path, bytes.len() as u64, &mut &bytes[..])
    }

    fn put_file(&mut self, head: &EntryHead, content: &mut dyn Read) -> Result<(), Error> {
        let (path, level) = self.packing.place(head);
        if let (None, Some(size)) = (level, head.size) {
            return self.put_sized(head, &path, size, content);
        }
        let failed = |source| Error::Spool { path: path.clone(), source };
        let mut spool = SpooledTempFile::new(SPOOL_MAX);
        match level {
            None => self.spool(head, content, &mut spool)?,
            Some(level) => {
                let mut packer = gzip::packer(&mut spool, level);
                self.spool(head, content, &mut packer)?;
                packer.try_finish().map_err(failed)?;
            }
        }
        let size = spool.stream_position().map_err(failed)?;
        spool.rewind().map_err(failed)?;
        self.put_sized(head, &path, size, &mut spool)
    }

    fn spool(&mut self, head: &EntryHead, content: &mut dyn Read, spool: &mut impl Write) -> Result<(), Error> {
        loop {
            let length = fill(&mut self.buffer, content);
            let length = length.map_err(|source| Error::Content { path: head.path.clone(), source })?;
            let written = spool.write_all(&self.buffer[..length]);
            written.map_err(|source| Error::Spool { path: head.path.clone(), source })?;
            if length < self.buffer.len() {
                return Ok(());
            }
        }
    }

    /// Writes a file of the backup, which is in the part of a bag that its manifest names.
    fn put_sized(
        &mut self,
        head: &EntryHead,
        path: &EntryPath,
        size: u64,
        content: &mut dyn Read,
    ) -> Result<(), Error> {
        let place = if self.bag.is_some() { Bag::place(path)? } else { path.clone() };
        let mut hashed = Hashed::new(content, self.bag.as_ref());
        self.write_file(&Member { path: &place, size, modified: head.modified }, &head.path, &mut hashed)?;
        self.bag.as_mut().map_or(Ok(()), |bag| bag.add(&place, hashed))
    }

    fn write_file(&mut self, member: &Member<'_>, from: &EntryPath, content: &mut dyn Read) -> Result<(), Error> {
        self.write_header(member, b'0')?;
        let failed = |source| Error::Content { path: from.clone(), source };
        let mut left = member.size;
        while left > 0 {
            let most = self.buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let length = match content.read(&mut self.buffer[..most]) {
                Ok(0) => return Err(failed(io::ErrorKind::UnexpectedEof.into())),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(failed(error)),
            };
            let written = self.out.write_all(&self.buffer[..length]);
            written.map_err(|source| Error::Output { name: self.name.clone(), source })?;
            left -= length as u64;
        }
        // Only at its end is a content known to be right.
        if content.read(&mut self.buffer[..1]).map_err(failed)? > 0 {
            return Err(Error::Changed { path: from.clone() });
        }
        self.write(&[0; header::BLOCK][..padding(member.size) as usize])?;
        self.written.entries += 1;
        self.written.bytes += member.size;
        Ok(())
    }

    fn write_folder(&mut self, head: &EntryHead) -> Result<(), Error> {
        let path = if self.bag.is_some() { Bag::place(&head.path)? } else { head.path.clone() };
        self.write_header(&Member { path: &path, size: 0, modified: head.modified }, b'5')?;
        self.written.entries += 1;
        Ok(())
    }

    fn write_header(&mut self, member: &Member<'_>, kind: u8) -> Result<(), Error> {
        let slash: &[u8] = if kind == b'5' { b"/" } else { b"" };
        let name = [self.folder.as_bytes(), b"/", member.path.as_bytes(), slash].concat();
        let headers = header::encode(&name, kind, member.size, member.modified.unwrap_or(NO_TIME));
        self.write(&headers)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.out.write_all(bytes).map_err(|source| Error::Output { name: self.name.clone(), source })
    }
}

/// A member to be written.
struct Member<'a> {
    path: &'a EntryPath,
    size: u64,
    modified: Option<FileTime>,
}

impl<W: Write> BackupWriter for TarWriter<W> {
    type Error = Error;
    type Outcome = (W, Written);

    /// Missing entries leave nothing behind.
    fn put(&mut self, head: &EntryHead, content: Content<'_>) -> Result<(), Error> {
        match content {
            Content::Bytes(content) if head.role == Role::Manifest => self.put_manifest(head, content),
            Content::Bytes(content) => self.put_file(head, content),
            Content::Folder => self.write_folder(head),
            Content::Missing => Ok(()),
        }
    }

    fn finish(self, _: &Manifest) -> Result<(W, Written), Error> {
        self.end()
    }
}
