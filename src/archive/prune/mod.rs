//! Prune: the space of what no snapshot needs is given back. Planned from a view of the archive, then executed in
//! transactions each of which leaves a whole archive behind, so that one that was killed is simply run again.

mod execute;
mod marks;
mod plan;
mod repack;

pub use marks::Marks;
pub use plan::{PrunePlan, Unused};
