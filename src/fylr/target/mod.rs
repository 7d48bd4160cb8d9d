//! Writing to an instance of fylr: a backup's items are rewritten for this target, sent in the order in which it can take
//! them, and noted in a ledger. Nothing is written twice, and what is refused is set aside with the server's words.

mod brought;
mod gates;
mod ids;
mod numbering;
mod options;
mod renames;
mod report;
mod round;

mod payload;
mod rewrite;

mod base;
mod deletions;
mod fetched;
mod files;
mod lost;
mod mended;
mod records;
mod site;
mod stored;

mod prepare;
mod run;

mod compare;
mod survey;

pub use brought::{BROUGHT, Brought};
pub use compare::{Comparing, Essence, Gaps, Names, RULES, Rule, Side, Sight, Sights, StandIn, is_nameless, of_key};
pub use fetched::{ASKED_MAX, FETCHING, FileState, file_states};
pub(crate) use files::is_hash;
pub use files::try_url;
pub use gates::Abilities;
pub use ids::Base;
pub use mended::{MENDED, Mended};
pub use numbering::Numbering;
pub use options::{CHUNK_MAX, FileApi, NoFileApi, ORIGINAL, TIMEOUT, UPLOADS, UPLOADS_MAX, WriteOptions};
pub use payload::{Backup, Documents, PackedFile, Payload, Segment, Segments};
pub use prepare::{Contents, look, needed_plugins, purge};
pub use renames::{RenameError, Renames};
pub use report::{ASIDE_MAX, Aside, Restored, Tally};
pub use rewrite::Origins;
pub use run::Restore;
pub use survey::{FileCounts, Glimpse, Survey};
