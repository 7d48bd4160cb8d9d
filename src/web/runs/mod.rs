//! Runs: what waits, goes on and has been. Here they are queued and watched; how they look stands in the pages.

#![allow(dead_code, unused_imports, reason = "pages that begin runs use the rest")]

pub(super) mod pages;

mod live;
mod queue;
mod task;
pub(super) mod tasks;
mod view;

pub(super) use live::{Key, Known, Live, Step};
pub(super) use queue::Queue;
pub(super) use task::{Access, Ended, Task, Trouble, Work};
pub(super) use view::RunView;
