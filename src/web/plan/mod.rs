//! The plan of a restore: made when its form is sent, shown, and started when the host of every target was typed.

mod confirm;
mod draw;
mod page;
mod plans;

pub(super) use page::{confirmed, create, page};
pub(super) use plans::Plans;
