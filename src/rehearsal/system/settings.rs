//! `GET /settings`: public, and what a client tells the two systems apart by.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::json::object;
use crate::rehearsal::options::Kind;

pub(super) fn settings(call: &Call) -> Answer {
    let options = &call.shared.options;
    let state = call.read();
    let version = format!("v{}", options.release);
    let startup = call.shared.started.to_string();
    match options.kind {
        Kind::Fylr => {
            let internal = state.config.path(&["system", "config", "name", "internal_name"]).text();
            let answer = Answer::json(&object([
                ("name", state.uuid.as_str().into()),
                ("config_name", internal.unwrap_or(&options.name).into()),
                ("instance", options.name.as_str().into()),
                ("version", version.as_str().into()),
                ("version_full", format!("{version}-rehearsal").into()),
                ("version_release_date", "<unreleased>".into()),
                ("external_url", call.shared.url().into()),
                ("build_commit", "0000000000000000000000000000000000000000".into()),
                ("build_commit_time", startup.as_str().into()),
                ("startup_time", startup.as_str().into()),
                ("num_cpu", 1_u64.into()),
                ("index_names", object([])),
                ("capabilities", object([("geo_support", false.into())])),
            ]));
            let answer = answer.with("x-fylr-status", "ready");
            if options.read_only { answer.with("x-fylr-read-only-mode", "true") } else { answer }
        }
        Kind::Easydb5 => {
            let schema = state.documents.schema_version();
            Answer::json(&object([
                ("name", options.name.as_str().into()),
                ("db-name", options.name.as_str().into()),
                ("api", "1".into()),
                ("server_version", 5_u64.into()),
                ("easydb_version", options.release.to_string().into()),
                ("version", version.into()),
                ("user-schema", schema.into()),
                ("solution", "base".into()),
                ("startup_time", startup.into()),
                ("server_time", crate::rehearsal::shared::now().into()),
                ("external_eas_url", format!("{}/eas", call.shared.url()).into()),
            ]))
        }
    }
}
