//! Export: a snapshot becomes a directory or a tar.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use regex::Regex;

use crate::archive::{self, Archive, RecordReader, Snapshot, SnapshotName, SnapshotReader, snapshot};
use crate::jobs::Error;
use crate::jobs::copy::copy;
use crate::jobs::import::STREAM;
use crate::jobs::place::{is_same, lies_in};
use crate::jobs::subset::{Outside, Subset};
use crate::layout::{self, Compression, DirectoryWriter, Existing, Form, TarFile, TarWriter, WriteOptions, Written};
use crate::model::backup::BackupReader;
use crate::model::event::{Event, Observer};

/// What to export, and how.
pub struct Export {
    pub snapshot: SnapshotName,
    /// Where to; [`STREAM`] is standard output, for a tar.
    pub destination: PathBuf,
    pub options: WriteOptions,
    /// Only records of the objecttypes that match; all if there is none.
    pub include: Option<Regex>,
}

/// What an export has done.
pub struct Exported {
    pub snapshot: Snapshot,
    pub written: Written,
    /// Links to what was left out.
    pub outside: Vec<Outside>,
}

impl Export {
    /// Exports from the archive at `archive`.
    ///
    /// # Errors
    /// When an end fails; then nothing stands at the destination that was not there before.
    pub fn run(&self, archive: &Path, observer: &Arc<dyn Observer + Send + Sync>) -> Result<Exported, Error> {
        if self.options.existing == Existing::Replace && self.would_replace(archive) {
            return Err(Error::Replaced(archive.to_owned()));
        }
        let archive = Archive::open(archive)?;
        let snapshot = snapshot::find(&archive.read()?, &self.snapshot)?;
        let reader = SnapshotReader::open(&archive, snapshot.clone())?;
        let Some(include) = &self.include else {
            let written = self.write(&reader, &snapshot, observer)?;
            return Ok(Exported { snapshot, written, outside: Vec::new() });
        };
        let subset = Subset::new(&reader, &RecordReader::of(&archive)?, include)?;
        let written = self.write(&subset, &snapshot, observer)?;
        let outside = subset.outside;
        Ok(Exported { snapshot, written, outside })
    }

    fn write<R: BackupReader<Error = archive::Error>>(
        &self,
        reader: &R,
        snapshot: &Snapshot,
        observer: &Arc<dyn Observer + Send + Sync>,
    ) -> Result<Written, Error> {
        match self.options.form {
            Form::Directory => {
                let writer = DirectoryWriter::create(&self.destination, self.options)?;
                start(snapshot, observer);
                copy::<_, _, Error>(reader, writer, &**observer)
            }
            Form::Tar(compression) => self.tar(reader, snapshot, compression, observer),
        }
    }

    fn tar<R: BackupReader<Error = archive::Error>>(
        &self,
        reader: &R,
        snapshot: &Snapshot,
        compression: Compression,
        observer: &Arc<dyn Observer + Send + Sync>,
    ) -> Result<Written, Error> {
        let folder = &snapshot.name;
        if self.destination == Path::new(STREAM) {
            let name = "standard output";
            let failed = |source| layout::Error::Output { name: name.to_owned(), source };
            // Not through the standard library's buffer, which looks for ends of lines.
            let out = File::from(io::stdout().as_fd().try_clone_to_owned().map_err(failed)?);
            let writer = TarWriter::new(out, name.to_owned(), folder, compression, &self.options)?;
            start(snapshot, observer);
            let (_, written) = copy::<_, _, Error>(reader, writer, &**observer)?;
            return Ok(written);
        }
        let file = TarFile::create(&self.destination, self.options.existing)?;
        let name = self.destination.display().to_string();
        let writer = TarWriter::new(file, name, folder, compression, &self.options)?;
        start(snapshot, observer);
        let (file, written) = copy::<_, _, Error>(reader, writer, &**observer)?;
        file.publish()?;
        Ok(written)
    }

    /// Whether what is to be replaced is or holds the archive.
    fn would_replace(&self, archive: &Path) -> bool {
        match self.options.form {
            Form::Directory => lies_in(archive, &self.destination),
            Form::Tar(_) => is_same(archive, &self.destination),
        }
    }
}

/// A snapshot as a tar that goes wherever bytes can be written to.
pub struct TarStream {
    pub snapshot: SnapshotName,
    pub compression: Compression,
}

impl TarStream {
    /// Writes the tar. Every byte was checked before it is handed on, as far as it stands in a pack; an entry that is not
    /// what came in ends the tar with an error, so that what was written until then must be thrown away.
    ///
    /// # Errors
    /// When the archive cannot be read, or `out` takes no more.
    pub fn run<W: Write>(&self, archive: &Path, out: W, observer: &dyn Observer) -> Result<Written, Error> {
        let archive = Archive::open(archive)?;
        let snapshot = snapshot::find(&archive.read()?, &self.snapshot)?;
        let reader = SnapshotReader::open(&archive, snapshot.clone())?;
        let name = format!("{}.tar", snapshot.name);
        let writer = TarWriter::new(out, name, &snapshot.name, self.compression, &WriteOptions::default())?;
        let (_, written) = copy::<_, _, Error>(&reader, writer, observer)?;
        Ok(written)
    }
}

fn start(snapshot: &Snapshot, observer: &Arc<dyn Observer + Send + Sync>) {
    let counts = &snapshot.counts;
    observer.observe(Event::Started { verb: "export", entries: counts.entries, bytes: counts.bytes });
}
