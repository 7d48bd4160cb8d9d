//! Runs `fonds` and its rivals on the same directories and says which targets are reached.

mod borg;
mod bupstash;
pub mod contest;
pub mod disk;
mod entrant;
mod fonds;
mod lap;
pub mod limits;
pub mod options;
mod ours;
mod patch_chain;
mod process;
mod restic;
mod rustic;
mod split;
pub mod table;
mod tar;
pub mod targets;
pub mod tool;

pub use split::split_and_hash;
