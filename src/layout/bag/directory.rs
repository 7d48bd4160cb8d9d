//! A bag that is a directory: all of it is held against its lists before it is read as a backup.

use std::io;
use std::path::Path;

use cap_std::fs::Dir;

use crate::layout::bag::sums::{Algorithm, Summed};
use crate::layout::bag::{DATA, Inspection};
use crate::layout::error::Error;
use crate::layout::walk::{Found, Walk};

/// Reads every file in `top`, the top of a bag, once.
pub(crate) fn inspect(source: &Path, top: &Dir) -> Result<(), Error> {
    let mut inspection = Inspection::new();
    let walk = top.try_clone().and_then(|top| Walk::new(top, |_| true));
    for found in walk.map_err(|error| Error::Source { path: source.to_owned(), source: error })? {
        let Found::File(file) = found? else { continue };
        let path = file.path.clone();
        let mut input = file.open()?;
        if path.is_below(DATA) {
            let mut content = Summed::new(input, &Algorithm::ALL);
            let failed = |source| Error::Read { path: path.clone(), source };
            io::copy(&mut content, &mut io::sink()).map_err(failed)?;
            inspection.content(&path, content)?;
        } else {
            inspection.tag(&path, &mut input)?;
        }
    }
    inspection.finish()
}
