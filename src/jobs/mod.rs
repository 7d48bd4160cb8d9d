//! The verbs: each opens two ends, runs, and reports events.

mod copy;
mod error;
mod log;
mod naming;
mod place;
mod profile;
mod record;

mod backup;
mod cat;
mod check;
mod copy_to;
pub mod diff;
mod export;
mod find;
pub mod forget;
mod history;
mod import;
mod instance;
mod label;
mod list;
mod prune;
pub mod restore;
mod runs;
mod salvage;
mod show;
mod subset;
pub mod verify;

pub use backup::{BackedUp, Backup, Directory, Start, unfinished};
pub use cat::Cat;
pub use check::{check, stats};
pub use copy_to::{Copied, CopyTo};
pub use error::{Error, chain};
pub use export::{Export, Exported};
pub use find::{Among, Find, Found};
pub use history::{History, Step};
pub use import::{Import, Imported, STREAM};
pub use instance::{LoadSource, instance};
pub use label::{TagChange, rename, tag};
pub use list::list;
pub use profile::{Profile, ProfileError, Profiles, SecretFrom};
pub use prune::{Pruned, plan_prune, prune};
pub use runs::{run, runs};
pub use salvage::salvage;
pub use show::Shown;
pub use subset::Outside;
