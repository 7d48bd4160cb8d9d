//! The records that links name by something else than their ids, looked for where there are such links.

use std::collections::BTreeSet;

use crate::fylr::target::Names;
use crate::jobs::Error;
use crate::jobs::restore::{BackupSource, Look, SegmentReader};

/// Reads the payloads of the objecttypes that are linked to so.
pub(super) fn names(source: &BackupSource, scan: &Look) -> Result<Names, Error> {
    let mut names = Names::default();
    let wanted = &scan.survey.named_by;
    let objecttypes: BTreeSet<&str> = wanted.iter().map(|(objecttype, _)| objecttype.as_str()).collect();
    for (payload, array) in scan.payloads.iter().zip(&scan.arrays) {
        let Some(objecttype) = payload.objecttype.as_deref().filter(|name| objecttypes.contains(name)) else {
            continue;
        };
        let failed = |source| Error::Entry { path: payload.path.clone(), source };
        let mut reader = SegmentReader::new(source.coming(&payload.path)?, *array);
        while let Some(segment) = reader.next().map_err(failed)? {
            for text in segment.iter().filter_map(|text| std::str::from_utf8(text).ok()) {
                let keys = wanted.iter().filter(|(of, _)| of == objecttype).map(|(_, key)| key.as_str());
                names.add(objecttype, keys, text);
            }
        }
    }
    Ok(names)
}
