//! What is kept of a form, read again.

use serde_json::Value;

use crate::web::forms::backup::BackupForm;
use crate::web::forms::command::CommandLine;
use crate::web::forms::connection::Place;
use crate::web::forms::fields::Fields;
use crate::web::forms::restore::RestoreForm;

/// The command lines that a request amounts to, as they are typed; none for what no form has made.
#[must_use]
pub fn command_lines(request: &Value, place: &Place<'_>) -> Vec<String> {
    let Ok(fields) = Fields::of_json(request.to_string().as_bytes()) else { return Vec::new() };
    let lines = match request["form"].as_str() {
        Some("backup") => vec![BackupForm::read(fields, place.language).0.command(place)],
        Some("restore") => RestoreForm::read(fields, place.language).0.commands(place),
        _ => Vec::new(),
    };
    lines.iter().map(CommandLine::shell).collect()
}
