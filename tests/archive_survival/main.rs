//! A finished snapshot survives everything: a kill, power loss, a full disk, a disk that fails. Guards against commits in
//! the wrong order, against believing a commit that failed, and against an import that cannot be repeated.

mod creation;
mod faults;
mod full_disk;
mod kill;
mod power;
mod power_loss;
mod pruning;
#[path = "../support/mod.rs"]
mod support;
