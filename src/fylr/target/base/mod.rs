//! Base types on their way to a target. Most have a reference: what has the same one there already is updated, all else
//! is new. A write without an answer is looked for before it is made again.

mod collections;
mod events;
mod known;
mod one_by_one;
mod publications;
mod upsert;
mod whole;

pub(crate) use collections::fill;
pub(crate) use events::{EventsSent, send as send_events};
pub(crate) use known::{Known, load};
pub(crate) use one_by_one::{mapping, plugin, preset};
pub(crate) use publications::publish;
pub(crate) use upsert::{Sent, upsert};
pub(crate) use whole::{tags, transitions};
