//! Runs: what waits, goes on and has been. Here they are queued and watched; how they look stands in the pages.

pub(super) mod pages;

mod live;
mod queue;
mod task;
pub(super) mod tasks;
mod view;

pub(super) use live::{Key, Live, Step};
pub(super) use queue::Queue;
pub(super) use task::{Access, Ended, Task, Trouble};
pub(super) use view::RunView;
