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

pub(crate) use datamodel::{Column, Datamodel};
pub(crate) use list::told;
pub(crate) use read::parsed;
pub(crate) use turn::Notes;

pub(crate) use kept::{key, remove as remove_kept};

pub use delivery::Delivery;
pub use options::{CHECKPOINT_EVERY, Events, Files, ReadOptions, URL_DAYS};
pub use plan::{Objecttype, Source};
pub use read::Reading;
pub use report::{Aside, Report};
pub use resume::Resume;
