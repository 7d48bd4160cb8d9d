//! The network side: connections that can be cut, requests that are read, files that are staged and fetched, answers
//! that are sent, whole or not.

mod control;
mod fetch;
mod line;
mod receive;
mod send;
mod upload;

pub(in crate::rehearsal) use fetch::run_inline;
pub(in crate::rehearsal) use line::{Door, Line};
pub(in crate::rehearsal) use receive::receive;
pub(in crate::rehearsal) use upload::stage;
