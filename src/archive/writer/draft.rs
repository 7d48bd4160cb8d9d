//! What a snapshot's row will say of its entries.

use crate::archive::id::ChunkRun;
use crate::archive::list::{Body, FileBody, Records, Row};
use crate::archive::snapshot::{Counts, KindCount};
use crate::model::entry::Role;

/// What the archive is told of a snapshot by its entries.
#[derive(Debug, Default)]
pub struct Draft {
    pub list: Vec<ChunkRun>,
    pub counts: Counts,
    pub kinds: Vec<KindCount>,
    pub new_records: u64,
    pub new_bytes: u64,
}

impl Draft {
    fn count_kind(&mut self, records: &Records, bytes: u64, new_records: u64) {
        self.new_records += new_records;
        let same = |kind: &&mut KindCount| kind.kind == records.kind && kind.objecttype == records.objecttype;
        let kind = match self.kinds.iter_mut().find(same) {
            Some(kind) => kind,
            None => {
                self.kinds.push(KindCount {
                    kind: records.kind.clone(),
                    objecttype: records.objecttype.clone(),
                    payloads: 0,
                    records: 0,
                    older_versions: 0,
                    bytes: 0,
                    new_records: 0,
                });
                self.kinds.last_mut().expect("a kind was just added")
            }
        };
        kind.payloads += 1;
        kind.records += records.count;
        kind.older_versions += records.older_versions;
        kind.bytes += bytes;
        kind.new_records += new_records;
    }

    pub fn count(&mut self, row: &Row, new_records: u64) {
        if let Body::File(FileBody { size, records: Some(records), .. }) = &row.body {
            self.count_kind(records, *size, new_records);
        }
        let counts = &mut self.counts;
        counts.entries += 1;
        let body = match &row.body {
            Body::Folder => return counts.folders += 1,
            Body::Missing => return counts.missing += 1,
            Body::File(body) => body,
        };
        counts.bytes += body.size;
        match row.head.role {
            Role::Payload => {
                counts.payloads += 1;
                counts.payload_bytes += body.size;
                counts.records += body.records.as_ref().map_or(0, |records| records.count);
                counts.flawed += u64::from(body.flaw.is_some());
            }
            Role::File => {
                counts.files += 1;
                counts.file_bytes += body.size;
            }
            Role::Rendition => {
                counts.renditions += 1;
                counts.file_bytes += body.size;
            }
            Role::Log => counts.logs += 1,
            Role::Unlisted => counts.unlisted += 1,
            Role::Manifest | Role::Datamodel | Role::BaseConfig => {}
        }
    }
}
