//! What is known of files: `GET /eas`, `GET /eas/{id}`, and changes by `POST /eas/{id}`. Refusals are 403, never 401.

use std::fmt::Write as _;

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::eas::put::duplicate;
use crate::rehearsal::eas::signer::Signer;
use crate::rehearsal::json::{Node, parse};
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::FileId;

fn refused(resource: &str) -> Problem {
    let text = format!("Insufficient rights to access resource {resource}.");
    Problem::new(403, "InsufficientRights", "eas", text).with("resource", resource.to_owned())
}

/// `GET /eas?ids=[1,2]`: those that are there, by their ids
pub(in crate::rehearsal) fn get_files(call: &Call) -> Result<Answer, Problem> {
    call.user().map_err(|_| refused("eas"))?;
    let text = call.request.param("ids").unwrap_or("[]");
    let ids = parse(text.as_bytes()).map_err(|_| Problem::parameter("ids", text))?;
    let state = call.read();
    let signer = Signer::new(call);
    let mut out = String::from("{");
    for id in ids.list().iter().filter_map(Node::number).map(FileId) {
        if state.files.get(id).is_some() {
            if out.len() > 1 {
                out.push(',');
            }
            let _ = write!(out, "\"{id}\":");
            signer.file(&state, id, &mut out);
        }
    }
    out.push('}');
    Ok(Answer::json_text(200, out))
}

/// `GET /eas/{id}`
pub(in crate::rehearsal) fn get_file(call: &Call, id: &str) -> Result<Answer, Problem> {
    call.user().map_err(|_| refused(id))?;
    let state = call.read();
    let number = id.parse().map(FileId).map_err(|_| refused(id))?;
    state.files.get(number).ok_or_else(|| refused(id))?;
    let mut out = String::new();
    Signer::new(call).file(&state, number, &mut out);
    Ok(Answer::json_text(200, out))
}

/// `POST /eas/{id}`: another name or reference
pub(in crate::rehearsal) fn post_file(call: &Call, id: &str) -> Result<Answer, Problem> {
    call.user().map_err(|_| refused(id))?;
    let body = call.request.json()?;
    let mut state = call.write();
    let number = id.parse().map(FileId).map_err(|_| refused(id))?;
    let uploader = state.files.get(number).map(|file| file.uploader).ok_or_else(|| refused(id))?;
    if !call.caller.is_root && call.caller.user != Some(uploader) {
        return Err(refused(id));
    }
    if let Some(reference) = body.at("reference").text() {
        match state.files.by_reference(reference) {
            Some(other) if other != number => return Err(duplicate(reference, other)),
            _ => state.files.refer(number, Some(reference.to_owned())),
        }
    }
    if let (Some(name), Some(file)) = (body.at("filename").text(), state.files.all.get_mut(&number)) {
        name.clone_into(&mut file.name);
    }
    let mut out = String::new();
    Signer::new(call).file(&state, number, &mut out);
    Ok(Answer::json_text(200, out))
}
