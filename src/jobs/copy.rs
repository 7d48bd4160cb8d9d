//! The one loop through which every backup moves, whatever its two ends are.

use std::io::{self, Read};

use crate::model::backup::{BackupReader, BackupWriter};
use crate::model::entry::Content;
use crate::model::event::{Event, Observer};

/// Bytes after which progress is told.
const REPORT_BYTES: u64 = 4 << 20;

/// Moves every entry from `reader` to `writer`, and makes the backup visible there.
///
/// # Errors
/// The first error of either end.
pub fn copy<R, W, E>(reader: &R, mut writer: W, observer: &dyn Observer) -> Result<W::Outcome, E>
where
    R: BackupReader,
    W: BackupWriter,
    E: From<R::Error> + From<W::Error>,
{
    let manifest = reader.for_each(|head, content| {
        match content {
            Content::Bytes(content) => {
                let mut metered = Metered { content, observer, bytes: 0 };
                let put = writer.put(head, Content::Bytes(&mut metered));
                metered.report();
                put?;
            }
            other => writer.put(head, other)?,
        }
        observer.observe(Event::Advanced { entries: 1, bytes: 0 });
        Ok::<(), E>(())
    })?;
    let outcome = writer.finish(manifest)?;
    observer.observe(Event::Finished);
    Ok(outcome)
}

/// Tells how many bytes have passed.
struct Metered<'a> {
    content: &'a mut dyn Read,
    observer: &'a dyn Observer,
    bytes: u64,
}

impl Metered<'_> {
    fn report(&mut self) {
        if self.bytes > 0 {
            self.observer.observe(Event::Advanced { entries: 0, bytes: self.bytes });
            self.bytes = 0;
        }
    }
}

impl Read for Metered<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.content.read(out)?;
        self.bytes += length as u64;
        if self.bytes >= REPORT_BYTES {
            self.report();
        }
        Ok(length)
    }
}
