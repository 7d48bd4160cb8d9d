//! Faults on demand: rules that say what goes wrong, where, and how often.

mod grammar;
mod plan;
mod rule;

pub use grammar::{FAULT_GRAMMAR, RuleError};
pub use plan::Faults;
pub(in crate::rehearsal) use plan::Plan;
pub use rule::{Effect, Rule};
