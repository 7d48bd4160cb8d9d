//! The verbs: each opens two ends, runs, and reports events.

mod copy;
mod error;

mod check;
mod export;
mod import;

pub use check::{check, stats};
pub use error::Error;
pub use export::{Export, Exported};
pub use import::{Import, Imported};
