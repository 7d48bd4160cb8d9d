//! What is asked for in forms: from what a browser or a script sends to the options of a job, to the command line that
//! amounts to the same, to what is kept of it without secrets, and back into a form.

mod complaint;
mod fields;
mod reading;

mod command;
mod connection;
mod renames;

mod backup;
mod kept;
mod restore;
mod verify;

mod draw_backup;
mod draw_restore;
mod draw_verify;

#[cfg(test)]
mod tests;

pub use backup::BackupForm;
pub use command::CommandLine;
pub use complaint::{Complaint, Complaints};
pub use connection::{Access, Place};
pub use draw_backup::draw as draw_backup;
pub use draw_restore::{Offered, draw as draw_restore};
pub use draw_verify::draw as draw_verify;
pub use fields::{BodyError, Fields, ONCE};
pub use kept::command_lines;
pub use renames::RenameRow;
pub use restore::{RestoreForm, Way};
pub use verify::VerifyForm;
