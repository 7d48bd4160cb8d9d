//! The bytes of files. fylr wants a signature, in the query or as a header, or an access token; easydb5 serves whoever
//! knows the URL.

use crate::rehearsal::answer::{Answer, Body};
use crate::rehearsal::auth::Call;
use crate::rehearsal::eas::signer::{Unsigned, check};
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::{File, FileId, Place};

/// `GET /api/v1/eas/download/{id}/{hash}/{version}`
pub(in crate::rehearsal) fn download(call: &Call, id: &str, hash: &str, version: &str) -> Result<Answer, Problem> {
    let state = call.read();
    let number = id.parse().map(FileId).map_err(|_| Problem::not_found("file", id))?;
    let refused = |what: &str| {
        let resource = format!("{id}/{what}");
        let text = format!("Insufficient rights to access resource {resource}.");
        Problem::new(403, "InsufficientRights", "eas", text).with("resource", resource)
    };
    let file = state.files.get(number).ok_or_else(|| Problem::not_found("file", id))?;
    let signature = call.request.param("x-fylr-signature").or_else(|| call.request.header("x-fylr-signature"));
    match signature {
        Some(signature) => match check(&call.shared.key, number, hash, signature) {
            Ok(()) => {}
            Err(Unsigned::Expired) => return Err(refused("signature expired")),
            Err(Unsigned::Wrong) => return Err(refused("signature wrong")),
        },
        None if call.caller.user.is_none() && call.has(6, 8, 0) => {
            return Err(refused("signature wrong"));
        }
        None => {}
    }
    // The name of the version is that of a rendition of the file itself or of its original.
    let name = version.rsplit_once('.').map_or(version, |(name, _)| name);
    let own = file.parent.as_ref().map_or("original", |(_, name)| name.as_str());
    let wanted = if own == name {
        Some(file)
    } else {
        let rendition = file.renditions.iter().find(|(known, _)| known == name);
        rendition.and_then(|(_, id)| state.files.get(*id))
    };
    let found = wanted.filter(|file| file.hash == hash || hash == file_hash(&state.files.all[&number]));
    serve(found.ok_or_else(|| refused(&format!("{hash}/{version}")))?)
}

fn file_hash(file: &File) -> &str {
    &file.hash
}

/// `GET /eas/partitions-inline/{part}/…/{id}/{hash}[/{mime type}]`
pub(in crate::rehearsal) fn download_easydb5(call: &Call, segments: &[&str]) -> Result<Answer, Problem> {
    let missing = || Problem::new(404, "error.user.eas_http_404", "user", "File not found");
    let [_, _, _, id, hash, ..] = segments else { return Err(missing()) };
    let state = call.read();
    let file = id.parse().ok().and_then(|id| state.files.get(FileId(id)));
    serve(file.filter(|file| file.hash.starts_with(hash) && hash.len() >= 32).ok_or_else(missing)?)
}

fn serve(file: &File) -> Result<Answer, Problem> {
    let name: String = url::form_urlencoded::byte_serialize(file.name.as_bytes()).collect();
    let disposition = format!("inline; filename*=UTF-8''{}", name.replace('+', "%20"));
    match &file.place {
        Place::Here(path) => {
            let body = Body::File { path: path.clone(), mime: file.mime.clone(), bytes: file.bytes };
            let answer = Answer { status: 200, headers: axum::http::HeaderMap::new(), body };
            Ok(answer.with("content-disposition", &disposition))
        }
        Place::Remote(url) => Ok(Answer::empty(302).with("location", url)),
        Place::Nowhere => {
            // Not there yet, or never.
            Err(Problem::not_found("file", &file.name))
        }
    }
}
