//! Records: checked against the data model as they come in, stored as compact JSON with holes, and rendered with ids,
//! links and fresh file URLs as they go out.

mod dates;
mod delete;
mod draft;
mod flags;
mod head;
mod insert;
mod links;
mod list;
mod render;
mod reverse;
mod rights;
mod search;
mod unique;
mod values;

pub(in crate::rehearsal) use dates::is_timestamp;
pub(in crate::rehearsal) use delete::delete;
pub(in crate::rehearsal) use insert::post;
pub(in crate::rehearsal) use links::{Deferral, resolve as resolve_link};
pub(in crate::rehearsal) use list::{get_list, get_one};
pub(in crate::rehearsal) use rights::grants;
pub(in crate::rehearsal) use search::search;
