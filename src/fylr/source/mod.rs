//! Reading an instance: everything a backup needs, in the order in which it is restored. [`Source::plan`] looks at what
//! there is, [`Source::read`] hands it over as [`Delivery`]s.

mod options;
mod report;

mod book;
mod datamodel;
mod ids;
mod levels;
mod spool;

mod turn;

mod beginning;
mod kept;
mod kept_answers;

mod asker;
mod looker;

mod delivery;
mod list;
mod payload;
mod resume;

mod ahead;
mod download;

mod bare_files;
mod base_types;
mod changes;
mod plan;
mod read;
mod records;
mod rest;

pub(crate) use datamodel::{Column, Datamodel, Table};
pub(crate) use list::told;
pub(crate) use looker::{LookedRecord, Looker, Seen, SeenRecord};
pub(crate) use read::parsed;
#[cfg(test)]
pub(crate) use turn::sample_context;
pub(crate) use turn::{Context, NESTED, Notes, Parts, glance, record};

pub(crate) use kept::{key, remove as remove_kept};

pub use delivery::Delivery;
pub use looker::LookedAt;
pub use options::{CHECKPOINT_EVERY, Events, Files, ReadOptions, URL_DAYS};
pub use plan::{Objecttype, Source};
pub use read::Reading;
pub use report::{Aside, Report};
pub use resume::Resume;
