//! Files of a backup: staged from the layout, uploaded when something names them, each once. Originals without packed
//! bytes are left where their URL says they are. Renditions are uploaded below an original that produces none, which is
//! afterwards said to have produced them, unless the backup says that it does not produce any.

use std::collections::HashMap;

use axum::http::Method;

use crate::rehearsal::eas::keep_rendition;
use crate::rehearsal::json::{Doc, Node, object};
use crate::rehearsal::load::error::Stop;
use crate::rehearsal::load::poster::Poster;
use crate::rehearsal::request::Upload;
use crate::rehearsal::state::FileId;

#[derive(Default)]
pub(super) struct Staged {
    /// By path in the backup.
    pub files: HashMap<String, Upload>,
    /// Uploaded originals by their id in the source.
    uploaded: HashMap<u64, u64>,
    /// The source, for references of files that have none.
    pub host: String,
    pub count: u64,
}

impl Staged {
    /// Replaces every file object in a document by the id of the file here.
    pub fn replace(&mut self, poster: &Poster<'_>, node: &mut Node<'_>) -> Result<(), Stop> {
        match node {
            Node::List(elements) => elements.iter_mut().try_for_each(|element| self.replace(poster, element)),
            Node::Object(_) if is_file(node) => {
                let id = self.upload(poster, node)?;
                let mut here = object([("_id", id.into())]);
                for key in ["preferred", "name", "frontend_prefs"] {
                    if let Some(value) = node.get(key) {
                        here.set(key, value.to_doc());
                    }
                }
                *node = here;
                Ok(())
            }
            Node::Object(members) => members.iter_mut().try_for_each(|(_, value)| self.replace(poster, value)),
            _ => Ok(()),
        }
    }

    /// The id here of a file of the source.
    fn upload(&mut self, poster: &Poster<'_>, file: &Node<'_>) -> Result<u64, Stop> {
        let source = file.at("_id").number();
        if let Some(id) = source.and_then(|source| self.uploaded.get(&source)) {
            return Ok(*id);
        }
        let versions = file.at("versions");
        let renditions = versions.members().iter().filter(|(name, _)| name != "original").collect::<Vec<_>>();
        let reference = file.at("reference").text().map(str::to_owned);
        let reference = reference.unwrap_or_else(|| format!("{}:eas:{}:original", self.host, file.at("_id")));
        let produces = file.at("produce_versions").bool() != Some(false);
        let name =
            file.at("original_filepath").text().or_else(|| file.at("original_filename").text()).unwrap_or("file");
        let original = Part { version: versions.at("original"), reference: &reference, name, file };
        let id = self.put(poster, &original, produces && renditions.is_empty(), None)?;
        // An id that no file has makes the instance refuse the record.
        let Some(id) = id else { return Ok(0) };
        for (version, node) in &renditions {
            let reference = format!("{}:eas:{}:{version}", self.host, file.at("_id"));
            let part = Part { version: node, reference: &reference, name, file };
            self.put(poster, &part, false, Some((id, version)))?;
        }
        if produces && !renditions.is_empty() {
            keep_rendition(&mut poster.shared.write(), FileId(id));
        }
        if let Some(source) = source {
            self.uploaded.insert(source, id);
        }
        self.count += 1;
        Ok(id)
    }

    /// Uploads an original or a rendition; `None` where the backup has neither bytes nor a URL.
    fn put(
        &self,
        poster: &Poster<'_>,
        part: &Part<'_>,
        produces: bool,
        parent: Option<(u64, &str)>,
    ) -> Result<Option<u64>, Stop> {
        let mut query: Vec<(String, String)> = Vec::new();
        let staged = part.version.at("path").text().and_then(|path| self.files.get(path));
        let name = part.name_of(parent.map(|(_, version)| version));
        let answer = if let Some(upload) = staged {
            let list = |node: Doc| Node::List(vec![node]).to_string();
            query.push(("references".into(), list(part.reference.to_owned().into())));
            query.push(("filenames".into(), list(name.into())));
            query.push(("produce_versions".into(), list(produces.into())));
            if let Some((id, version)) = parent {
                query.push(("id_parents".into(), list(id.into())));
                query.push(("version_names".into(), list(version.to_owned().into())));
            }
            poster.upload(&borrowed(&query), upload.clone())?
        } else if let Some(url) = part.version.at("url").text() {
            query.push(("url".into(), url.to_owned()));
            query.push(("filename".into(), name));
            query.push(("reference".into(), part.reference.to_owned()));
            query.push(("produce_versions".into(), produces.to_string()));
            query.push(("leave".into(), "1".into()));
            query.push(("skip_head_request".into(), "1".into()));
            if let Some((id, version)) = parent {
                query.push(("id_parent".into(), id.to_string()));
                query.push(("version_name".into(), version.to_owned()));
            }
            let metadata = object([("_technical_metadata", part.file.at("technical_metadata").to_doc())]);
            poster.send(&Method::POST, "/eas/rput", &borrowed(&query), &metadata)?
        } else {
            return Ok(None);
        };
        Ok(answer.list().first().and_then(|file| file.at("_id").number()))
    }
}

struct Part<'f> {
    version: &'f Node<'f>,
    reference: &'f str,
    name: &'f str,
    file: &'f Node<'f>,
}

impl Part<'_> {
    /// The name of the original, for a rendition with its own extension.
    fn name_of(&self, version: Option<&str>) -> String {
        let extension =
            self.version.at("extension").text().or_else(|| self.file.at("extension").text()).unwrap_or_default();
        let has_extension = self.name.to_lowercase().ends_with(&format!(".{extension}"));
        match version {
            None if has_extension || extension.is_empty() => self.name.to_owned(),
            None => format!("{}.{extension}", self.name),
            Some(_) => {
                let base = self.name.rsplit(['/', '\\']).next().unwrap_or(self.name);
                let stem = base.rsplit_once('.').map_or(base, |(stem, _)| stem);
                format!("{stem}.{extension}")
            }
        }
    }
}

fn borrowed(query: &[(String, String)]) -> Vec<(&str, &str)> {
    query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// A file as payloads have it: an id with its versions, or with how it stands to the record.
fn is_file(node: &Node<'_>) -> bool {
    node.at("_id").number().is_some()
        && node.get("_basetype").is_none()
        && (node.get("versions").is_some() || node.get("preferred").is_some())
}
