//! The verbs: each opens two ends, runs, and reports events.

mod copy;
mod error;
mod log;
mod place;

mod cat;
mod check;
mod export;
mod import;
mod list;
mod runs;
mod show;

pub use cat::Cat;
pub use check::{check, stats};
pub use error::{Error, chain};
pub use export::{Export, Exported};
pub use import::{Import, Imported};
pub use list::list;
pub use runs::{run, runs};
pub use show::Shown;
