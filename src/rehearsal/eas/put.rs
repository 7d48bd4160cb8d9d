//! `POST /eas/put`: files that come in the body. The parameters of the query are JSON lists that match the files by
//! their position. A reference that is taken is refused, with the id of the file that has it.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::eas::kinds;
use crate::rehearsal::eas::signer::Signer;
use crate::rehearsal::json::{self, Doc, Node};
use crate::rehearsal::problem::Problem;
use crate::rehearsal::request::Upload;
use crate::rehearsal::shared::now;
use crate::rehearsal::state::{File, FileId, Place, State};

/// The most files of one request; no limit is documented.
const FILES_MAX: usize = 1000;

pub(in crate::rehearsal) fn put(call: &Call) -> Result<Answer, Problem> {
    let user = call.user()?;
    may_upload(call)?;
    let uploads = &call.request.uploads;
    if uploads.is_empty() {
        return Err(Problem::new(400, "UploadError", "fileupload", "No file was uploaded.").with("filename", ""));
    }
    if uploads.len() > FILES_MAX {
        let text = format!("{} files in one request, the limit is {FILES_MAX}.", uploads.len());
        return Err(Problem::new(400, "FileLimitExceeded", "fileupload", text));
    }
    let list = |name: &'static str| list(call, name, uploads.len());
    let (references, names) = (list("references")?, list("filenames")?);
    let (produce, parents, versions) = (list("produce_versions")?, list("id_parents")?, list("version_names")?);
    let mut state = call.write();
    let mut ids = Vec::new();
    for (at, upload) in uploads.iter().enumerate() {
        let wanted = Wanted {
            reference: references[at].text().filter(|text| !text.is_empty()).map(str::to_owned),
            produce_versions: produce[at].bool().unwrap_or(true),
            parent: parents[at].number().map(FileId),
            version: versions[at].text().filter(|text| !text.is_empty()).map(str::to_owned),
        };
        let name = names[at].text().filter(|text| !text.is_empty()).unwrap_or(&upload.file_name);
        match add(&mut state, upload, name, wanted, user) {
            Ok(id) => ids.push(id),
            Err(problem) => {
                ids.into_iter().rev().for_each(|id| state.files.remove(id));
                return Err(problem);
            }
        }
    }
    Ok(told(call, &state, &ids))
}

/// Files in an answer.
pub(super) fn told(call: &Call, state: &State, ids: &[FileId]) -> Answer {
    let signer = Signer::new(call);
    let mut out = String::from("[");
    for (at, id) in ids.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        signer.file(state, *id, &mut out);
    }
    out.push(']');
    Answer::json_text(200, out)
}

/// Root, those who manage pools, and those whom any pool or objecttype allows to upload.
pub(super) fn may_upload(call: &Call) -> Result<(), Problem> {
    if call.caller.is_root || call.right("system.poolmanager").is_ok() {
        return Ok(());
    }
    let state = call.read();
    let mut acls = state.pools.iter().chain(state.objecttypes.iter()).map(|(_, item)| item.doc.at("_acl"));
    if acls.any(|acl| crate::rehearsal::db::grants(acl, &call.caller, "asset_upload")) {
        return Ok(());
    }
    let text = "Current user is missing permission \"asset_upload\".";
    Err(Problem::new(403, "RightRequired", "rightcheck", text).with("right", "asset_upload"))
}

/// One of the lists of the query, as long as there are files.
fn list(call: &Call, name: &'static str, count: usize) -> Result<Vec<Doc>, Problem> {
    let Some(text) = call.request.param(name).filter(|text| !text.is_empty()) else {
        return Ok(vec![Node::Null; count]);
    };
    let parsed = json::parse(text.as_bytes()).map_err(|_| Problem::parameter(name, text))?;
    match parsed {
        Node::List(elements) if elements.len() == count => Ok(elements.into_iter().map(Node::into_owned).collect()),
        _ => Err(Problem::parameter(name, text)),
    }
}

/// What was said of a file.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub reference: Option<String>,
    pub produce_versions: bool,
    pub parent: Option<FileId>,
    pub version: Option<String>,
}

/// The file that has a reference already.
pub(super) fn duplicate(reference: &str, id: FileId) -> Problem {
    let text = format!("Duplicate file reference provided: {reference} with file id {id}");
    let problem = Problem::new(400, "EasDuplicateReference", "fileupload", text);
    problem.with("reference", reference.to_owned()).with("file_id", id.0)
}

/// Checks that a file can be the rendition it says it is; an original has neither a parent nor a name as version.
pub(super) fn rendition_of(state: &State, wanted: &Wanted) -> Result<Option<(FileId, String)>, Problem> {
    let (parent, version) = match (wanted.parent, &wanted.version) {
        (None, None) => return Ok(None),
        (Some(parent), Some(version)) => (parent, version),
        _ => {
            let text = "A rendition needs the id of its original and the name of the version.";
            return Err(Problem::new(400, "EasNoParentID", "fileupload", text));
        }
    };
    let original = state.files.get(parent).filter(|file| file.parent.is_none());
    let original = original.ok_or_else(|| {
        let text = format!("File {parent} is not there or is no original.");
        Problem::new(400, "EasNoParentID", "fileupload", text).with("id", parent.0)
    })?;
    if original.produce_versions {
        let text = format!("The original {parent} produces its versions itself.");
        return Err(Problem::new(400, "UploadError", "fileupload", text).with("filename", original.name.clone()));
    }
    if version == "original" || original.renditions.iter().any(|(name, _)| name == version) {
        let text = format!("The original {parent} has a version {version} already.");
        return Err(Problem::new(400, "UploadError", "fileupload", text).with("filename", original.name.clone()));
    }
    Ok(Some((parent, version.clone())))
}

fn add(state: &mut State, upload: &Upload, name: &str, wanted: Wanted, user: u64) -> Result<FileId, Problem> {
    if let Some(reference) = &wanted.reference
        && let Some(id) = state.files.by_reference(reference)
    {
        return Err(duplicate(reference, id));
    }
    let parent = rendition_of(state, &wanted)?;
    let base = kinds::base_name(name);
    if base.is_empty() {
        return Err(Problem::new(400, "EasEmptyFilename", "filesync", "The file name is empty."));
    }
    let extension = kinds::extension(base);
    let (class, mime) = kinds::kind(&extension);
    Ok(state.files.add(File {
        reference: wanted.reference,
        name: base.to_owned(),
        path: name.to_owned(),
        class,
        extension,
        mime: mime.to_owned(),
        bytes: upload.bytes,
        hash: upload.sha256.clone(),
        status: "done",
        uploaded: now(),
        uploader: user,
        produce_versions: wanted.produce_versions && parent.is_none(),
        parent,
        renditions: Vec::new(),
        place: Place::Here(upload.path.clone()),
        metadata: Node::Null,
    }))
}

/// Makes renditions that were uploaded look as if the instance had produced them: a source whose originals produce
/// their versions is played by uploading these and then saying so. Only loading does this.
pub(in crate::rehearsal) fn keep_rendition(state: &mut State, original: FileId) {
    if let Some(file) = state.files.all.get_mut(&original) {
        file.produce_versions = true;
    }
}
