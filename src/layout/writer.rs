//! Writes a backup as a directory that is visible only when it is complete.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::layout::bag::{Bag, Hashed, Tag, Wrapping};
use crate::layout::error::Error;
use crate::layout::gzip::{self, PLAIN_BYTES_MAX, Unpacked};
use crate::layout::input::Input;
use crate::layout::listing;
use crate::layout::packing::Packing;
use crate::layout::partial::{Existing, Partial};
use crate::layout::tar::Compression;
use crate::layout::tree::{self, Tree};
use crate::model::backup::BackupWriter;
use crate::model::entry::{Content, Encoding, EntryHead, FileTime, Role};
use crate::model::event::Silent;
use crate::model::listing::{Listed, MissingPayloads, path_of};
use crate::model::manifest::{self, Manifest};
use crate::model::path::EntryPath;

/// What is read before it is written: long writes, and still a small part of the memory. What is packed depends on it.
pub(crate) const BUFFER_BYTES: usize = 1 << 20;

/// How to write a backup.
#[derive(Debug, Clone, Copy, Default)]
pub struct WriteOptions {
    pub existing: Existing,
    /// `None`: what was gzip becomes gzip. 0: nothing is compressed, and `.json.gz` becomes `.json`. 1 to 9: all
    /// payloads are compressed, and `.json` becomes `.json.gz`. The manifest follows.
    pub compression: Option<u32>,
    pub form: Form,
    pub wrapping: Wrapping,
}

/// What a backup is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    #[default]
    Directory,
    Tar(Compression),
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Files and empty folders.
    pub entries: u64,
    /// The length of all files on disk.
    pub bytes: u64,
}

/// Whether the manifest stands there. It is put first, but where names change it cannot be written before the end.
enum ManifestState {
    Awaited(Option<FileTime>),
    Written,
}

/// A backup that is being written as a directory.
pub struct DirectoryWriter {
    partial: Partial,
    tree: Tree,
    packing: Packing,
    buffer: Box<[u8]>,
    manifest: ManifestState,
    bag: Option<Bag>,
    /// Whether anything came as unlisted, which the manifest may name.
    has_unlisted: bool,
    written: Written,
}

impl DirectoryWriter {
    /// Begins a backup that is to become the directory `destination`; the directories on the way to it are created.
    ///
    /// # Errors
    /// When the destination is a link, a file, a mount point, or holds the working directory; when it is a directory
    /// that is not empty, unless it is a backup and may be replaced; when it cannot be written.
    pub fn create(destination: &Path, options: WriteOptions) -> Result<Self, Error> {
        let packing = Packing::new(options.compression)?;
        let partial = Partial::create(destination, options.existing)?;
        let root = partial.dir().try_clone();
        let root = root.map_err(|source| Error::Place { path: destination.to_owned(), source })?;
        let bag = (options.wrapping == Wrapping::Bag).then(Bag::new);
        Ok(Self {
            partial,
            tree: Tree::new(root),
            packing,
            buffer: vec![0; BUFFER_BYTES].into(),
            manifest: ManifestState::Awaited(None),
            bag,
            has_unlisted: false,
            written: Written::default(),
        })
    }

    fn write_file(&mut self, head: &EntryHead, content: &mut dyn Read) -> Result<(), Error> {
        let (path, level) = self.packing.place(head);
        let path = self.place(path)?;
        let mut file = Hashed::new(self.tree.create_file(&path)?, self.bag.as_ref());
        let mut copy = Copy { from: &head.path, to: &path, buffer: &mut self.buffer };
        match level {
            None => copy.run(content, &mut file)?,
            Some(level) => {
                let mut packer = gzip::packer(&mut file, level);
                copy.run(content, &mut packer)?;
                packer.try_finish().map_err(|source| Error::Write { path: path.clone(), source })?;
            }
        }
        let closed = close(&mut file.inner, head.modified);
        let bytes = closed.map_err(|source| Error::Write { path: path.clone(), source })?;
        if let Some(bag) = &mut self.bag {
            bag.add(&path, file)?;
        }
        self.written.bytes += bytes;
        self.written.entries += 1;
        Ok(())
    }

    /// Where something of the backup stands in the directory.
    fn place(&self, path: EntryPath) -> Result<EntryPath, Error> {
        if self.bag.is_some() { Bag::place(&path) } else { Ok(path) }
    }

    fn write_tag(&mut self, tag: Tag) -> Result<(), Error> {
        let Tag { path, mut content, .. } = tag;
        let mut file = self.tree.create_file(&path)?;
        let written = io::copy(&mut content, &mut file).map_err(|source| Error::Write { path, source })?;
        self.written.bytes += written;
        self.written.entries += 1;
        Ok(())
    }

    /// Renames and packs what came as unlisted as the manifest wants it.
    fn settle_payloads(&mut self, manifest: &Manifest) -> Result<(), Error> {
        // Bags are made of backups that are settled.
        if !self.has_unlisted || self.bag.is_some() || matches!(self.packing, Packing::Kept) {
            return Ok(());
        }
        let dir = self.partial.dir();
        let listing = listing::find(dir, manifest, MissingPayloads::Accept, &Silent)?;
        for file in listing.files.into_iter().filter(|file| file.is_there) {
            self.repack(file)?;
        }
        Ok(())
    }

    fn repack(&mut self, file: Listed) -> Result<(), Error> {
        let failed = |source| Error::Read { path: file.path.clone(), source };
        let folder = listing::folder_of(self.partial.dir(), &file.path).map_err(failed)?;
        let input = Input::open(&folder, file.path.clone())?;
        let encoding = if input.is_gzip()? { Encoding::Gzip } else { Encoding::Plain };
        let (path, modified) = (file.path, Some(input.modified));
        let head = EntryHead { path, role: file.role, encoding, modified, size: None };
        let (place, level) = self.packing.place(&head);
        if place == head.path && level.is_some() == (encoding == Encoding::Gzip) {
            return Ok(());
        }
        let removed = folder.remove_file(OsStr::from_bytes(head.path.name()));
        removed.map_err(|source| Error::Write { path: head.path.clone(), source })?;
        self.written.entries -= 1;
        self.written.bytes -= input.length;
        match encoding {
            Encoding::Plain => self.write_file(&head, &mut { input }),
            Encoding::Gzip => {
                let mut ahead = vec![0; BUFFER_BYTES];
                let mut unpacked = Unpacked::new(head.path.clone(), input, &mut ahead, PLAIN_BYTES_MAX);
                self.write_file(&head, &mut unpacked)
            }
        }
    }

    fn put_manifest(&mut self, head: &EntryHead, content: &mut dyn Read) -> Result<(), Error> {
        if matches!(self.packing, Packing::Kept) {
            self.manifest = ManifestState::Written;
            return self.write_file(head, content);
        }
        self.manifest = ManifestState::Awaited(head.modified);
        let read = io::copy(content, &mut io::sink());
        read.map_err(|source| Error::Content { path: head.path.clone(), source })?;
        Ok(())
    }

    fn settle_manifest(&mut self, manifest: &Manifest) -> Result<(), Error> {
        let ManifestState::Awaited(modified) = self.manifest else { return Ok(()) };
        let renamed = self.packing.manifest(manifest).map_err(Error::Manifest)?;
        let head = EntryHead {
            path: path_of(manifest::FILE_NAME),
            role: Role::Manifest,
            encoding: Encoding::Plain,
            modified,
            size: None,
        };
        self.write_file(&head, &mut renamed.as_ref().unwrap_or(manifest).bytes())
    }
}

impl BackupWriter for DirectoryWriter {
    type Error = Error;
    type Outcome = Written;

    /// Missing entries leave nothing behind, and a folder may be put that is there already.
    fn put(&mut self, head: &EntryHead, content: Content<'_>) -> Result<(), Error> {
        match content {
            // Only a stream has it in a folder, which would have to be taken away again from every path.
            Content::Bytes(_) if head.role == Role::Manifest && head.path.parts().count() > 1 => {
                Err(Error::Taken { path: head.path.clone() })
            }
            Content::Bytes(content) if head.role == Role::Manifest => self.put_manifest(head, content),
            // It came as it stands before, and what the manifest names is unpacked at the end.
            Content::Bytes(_) if head.role == Role::Unlisted && head.encoding == Encoding::Gzip => Ok(()),
            Content::Bytes(content) => {
                self.has_unlisted |= head.role == Role::Unlisted;
                self.write_file(head, content)
            }
            Content::Folder => {
                self.written.entries += 1;
                let path = self.place(head.path.clone())?;
                self.tree.create_folder(&path, head.modified)
            }
            Content::Missing => Ok(()),
        }
    }

    /// Puts the directory in its place. Only where it replaces another one, its files are written to disk first.
    fn finish(mut self, manifest: &Manifest) -> Result<Written, Error> {
        self.settle_payloads(manifest)?;
        self.settle_manifest(manifest)?;
        if let Some(mut bag) = self.bag.take() {
            let begun = bag.begin();
            begun.into_iter().chain(bag.finish()?).try_for_each(|tag| self.write_tag(tag))?;
        }
        self.partial.publish()?;
        Ok(self.written)
    }
}

/// One copy from a content to a file, each with the path under which its errors are told.
struct Copy<'a> {
    from: &'a EntryPath,
    to: &'a EntryPath,
    buffer: &'a mut [u8],
}

impl Copy<'_> {
    fn run(&mut self, content: &mut dyn Read, target: &mut impl Write) -> Result<(), Error> {
        loop {
            let count =
                fill(self.buffer, content).map_err(|source| Error::Content { path: self.from.clone(), source })?;
            target.write_all(&self.buffer[..count]).map_err(|source| Error::Write { path: self.to.clone(), source })?;
            if count < self.buffer.len() {
                return Ok(());
            }
        }
    }
}

/// Reads until the buffer is full or the content ends, however small the pieces are in which it comes.
pub(crate) fn fill(buffer: &mut [u8], content: &mut dyn Read) -> io::Result<usize> {
    let mut count = 0;
    while count < buffer.len() {
        match content.read(&mut buffer[count..]) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

/// Sets the time of a file that is complete, and tells its length.
fn close(file: &mut File, modified: Option<FileTime>) -> io::Result<u64> {
    if let Some(modified) = modified {
        file.set_modified(tree::system_time(modified))?;
    }
    file.stream_position()
}
