//! Files in items: what must get to the target for each, and what stands in their place once it is there.

use std::collections::HashMap;

use url::Url;

use crate::fylr::json::{Json, Members};
use crate::fylr::target::options::{FileApi, ORIGINAL};
use crate::fylr::target::rewrite::{Context, text_in};
use crate::model::path::EntryPath;

/// Where bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Packed(EntryPath),
    Url(String),
}

/// A file that the target needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileOrder {
    /// What the source knows it by: the id, or the URL.
    pub key: String,
    pub source_id: Option<u64>,
    pub reference: String,
    pub name: String,
    pub origin: Origin,
    /// It stands elsewhere at the source, too.
    pub stays: bool,
    pub produces: bool,
    pub bytes: Option<u64>,
    /// `_technical_metadata` for the target, as JSON.
    pub metadata: Option<String>,
    pub renditions: Vec<Rendition>,
}

/// A version of a file that is taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rendition {
    pub version: String,
    pub reference: String,
    pub name: String,
    pub origin: Origin,
    /// It stands elsewhere at the source, too.
    pub stays: bool,
    pub bytes: Option<u64>,
}

/// Members of a file that say how it stands to its record.
const OF_RELATION: [&str; 3] = ["preferred", "name", "frontend_prefs"];
/// What the JSON importer says of a file.
const IMPORTER_URL: &str = "eas:url";
const IMPORTER_NAME: &str = "eas:filename";
const IMPORTER_PREVIEW: &str = "eas:preview:url";

/// Whether an object is a file with its bytes somewhere.
pub(super) fn is_file(json: &Json<'_>) -> bool {
    let Some(members) = json.members() else { return false };
    let (mut has_id, mut has_versions) = (false, false);
    for (key, value) in members.iter() {
        match key {
            "_id" => has_id = true,
            "versions" => has_versions = value.members().is_some(),
            IMPORTER_URL => return true,
            _ => {}
        }
    }
    has_id && has_versions
}

/// All files below a value, each once.
pub(crate) fn orders(json: &Json<'_>, context: &Context, found: &mut Vec<Result<FileOrder, (String, String)>>) {
    if is_file(json) {
        if let Some(members) = json.members() {
            found.push(order(members, context).map_err(|why| (key(members), why)));
        }
        return;
    }
    match json {
        Json::Scalar(_) => {}
        Json::Array(items) => items.iter().for_each(|item| orders(item, context, found)),
        Json::Object(members) => members.iter().for_each(|(_, value)| orders(value, context, found)),
    }
}

/// What a file is known by.
fn key(members: &Members<'_>) -> String {
    match members.get("_id").and_then(Json::as_id) {
        Some(id) => id.to_string(),
        None => members.get(IMPORTER_URL).and_then(Json::as_str).unwrap_or_default().into_owned(),
    }
}

/// What must be sent for a file; or why nothing can be.
pub(crate) fn order(members: &Members<'_>, context: &Context) -> Result<FileOrder, String> {
    let text =
        |key: &str| members.get(key).and_then(|text| Some(text.as_str()?.into_owned())).filter(|t| !t.is_empty());
    let key = key(members);
    let Some(id) = members.get("_id").and_then(Json::as_id) else { return imported(key, &text, context) };
    let stays = members.get("leave_on_remote").is_some_and(Json::is_true);
    let versions = members.get("versions").and_then(Json::members).ok_or("it has no versions")?;
    let (version, shown) = chosen(versions, context);
    let shown = shown.ok_or_else(|| format!("it has no version {version}"))?;
    // What is made of an original that stays elsewhere does not.
    let stays = stays && version == ORIGINAL;
    let origin = origin(shown, stays).ok_or("nothing tells where its bytes are")?;
    let extension = text_in(shown, &["extension"]).or_else(|| text("extension"));
    let names = ["original_filename", "original_filepath", "original_filename_basename", "name"];
    let name = clean(&names.into_iter().find_map(text).unwrap_or_default());
    let name = with_extension(name, extension.as_deref());
    let reference = |version: &str, shown: &Json<'_>| {
        format!("{}:eas:{id}:{version}{}", context.origins.host, checksum(shown, stays))
    };
    let is_manual = members.get("produce_versions").is_some_and(|produces| !produces.is_true());
    let takes_versions = (context.options.upload_versions || is_manual) && version == ORIGINAL;
    let class = text("class").unwrap_or_default();
    let renditions =
        if takes_versions { renditions(versions, &class, &name, &reference, context)? } else { Vec::new() };
    Ok(FileOrder {
        key,
        source_id: Some(id),
        reference: reference(&version, shown),
        metadata: metadata(members, shown),
        bytes: shown.get("filesize").and_then(Json::as_id),
        origin,
        name,
        stays,
        produces: !takes_versions,
        renditions,
    })
}

/// What the target can check the bytes by, as a part of the reference. Of what stays elsewhere nobody has hashed the bytes.
fn checksum(shown: &Json<'_>, stays: bool) -> String {
    let hash = text_in(shown, &["hash"]).filter(|hash| !stays && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    match hash {
        Some(hash) if hash.len() == 64 => format!(":sha256:{hash}"),
        Some(hash) if hash.len() == 56 => format!(":sha224:{hash}"),
        _ => String::new(),
    }
}

/// The version that becomes the original: the one that was asked for, else the original.
fn chosen<'a, 't>(versions: &'a Members<'t>, context: &Context) -> (String, Option<&'a Json<'t>>) {
    let wanted = context.options.file_version.as_str();
    let has_bytes = |version: &&Json<'_>| text_in(version, &["url"]).or_else(|| text_in(version, &["path"])).is_some();
    match versions.get(wanted).filter(has_bytes) {
        Some(version) => (wanted.to_owned(), Some(version)),
        None => {
            if wanted != ORIGINAL {
                context.notes.add(format!("files without a version {wanted} come with their original"));
            }
            (ORIGINAL.to_owned(), versions.get(ORIGINAL))
        }
    }
}

/// Packed bytes come first: they are there. What stays elsewhere is never packed, and goes by its URL.
fn origin(version: &Json<'_>, stays: bool) -> Option<Origin> {
    let packed = text_in(version, &["path"]).filter(|_| !stays).and_then(|path| EntryPath::new(path).ok());
    packed.map(Origin::Packed).or_else(|| text_in(version, &["url"]).map(Origin::Url))
}

fn renditions(
    versions: &Members<'_>,
    class: &str,
    name: &str,
    reference: &dyn Fn(&str, &Json<'_>) -> String,
    context: &Context,
) -> Result<Vec<Rendition>, String> {
    let names = || versions.iter().map(|(name, _)| name).filter(|name| *name != ORIGINAL);
    if let Some(twice) = context.options.renames.conflict(class, names()) {
        return Err(format!("two of its versions would both be called {twice}"));
    }
    let mut found = Vec::new();
    for (version, shown) in versions.iter().filter(|(name, _)| *name != ORIGINAL) {
        let Some(to) = context.options.renames.name(class, version) else { continue };
        // Without bytes there is nothing to take over.
        let stays =
            shown.get("leave_on_remote").is_some_and(Json::is_true) || stands_elsewhere(shown, versions, context);
        let Some(origin) = origin(shown, stays) else { continue };
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let extension = text_in(shown, &["extension"]);
        found.push(Rendition {
            version: to.to_owned(),
            reference: reference(version, shown),
            name: with_extension(format!("{stem}-{}", clean(to)), extension.as_deref()),
            origin,
            stays,
            bytes: shown.get("filesize").and_then(Json::as_id),
        });
    }
    Ok(found)
}

/// Whether a rendition is neither packed nor where the source or the original is: there it is only named.
fn stands_elsewhere(shown: &Json<'_>, versions: &Members<'_>, context: &Context) -> bool {
    let host = |version: &Json<'_>| Url::parse(&text_in(version, &["url"])?).ok()?.host_str().map(str::to_owned);
    let original = versions.get(ORIGINAL).and_then(host);
    let is_packed = text_in(shown, &["path"]).is_some();
    !is_packed && host(shown).is_some_and(|host| host != context.origins.host && original.as_ref() != Some(&host))
}

/// A file as the JSON importer names it.
fn imported(url: String, text: &dyn Fn(&str) -> Option<String>, context: &Context) -> Result<FileOrder, String> {
    if url.is_empty() {
        return Err("it has no URL".to_owned());
    }
    let last = || url.split(['?', '#']).next().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
    let name = clean(&text(IMPORTER_NAME).or_else(|| text("original_filename")).unwrap_or_else(last));
    let short = |url: &str| blake3::hash(without_signature(url).as_bytes()).to_hex()[..32].to_owned();
    let reference =
        text("reference").unwrap_or_else(|| format!("{}:url:{}:original", context.origins.host, short(&url)));
    let preview = text(IMPORTER_PREVIEW).filter(|_| context.options.upload_versions);
    let renditions = preview.into_iter().map(|preview| Rendition {
        version: "preview".to_owned(),
        reference: format!("{}:url:{}:preview", context.origins.host, short(&preview)),
        name: format!("{name}-preview"),
        bytes: None,
        stays: false,
        origin: Origin::Url(context.origins.located(&preview).into_owned()),
    });
    let renditions: Vec<Rendition> = renditions.collect();
    Ok(FileOrder {
        key: without_signature(&url),
        source_id: None,
        reference,
        name,
        origin: Origin::Url(context.origins.located(&url).into_owned()),
        stays: false,
        produces: renditions.is_empty(),
        bytes: None,
        metadata: None,
        renditions,
    })
}

/// The URL without what differs in every backup.
fn without_signature(url: &str) -> String {
    Url::parse(url).map_or_else(
        |_| url.to_owned(),
        |mut url| {
            let kept = url.query_pairs().filter(|(name, _)| !crate::fylr::secrets::is_secret(name));
            let kept: Vec<_> = kept.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            url.set_query(None);
            if !kept.is_empty() {
                url.query_pairs_mut().extend_pairs(kept);
            }
            url.to_string()
        },
    )
}

/// What a target is told of a file that it does not look into.
fn metadata(members: &Members<'_>, shown: &Json<'_>) -> Option<String> {
    let known = members.get("technical_metadata").or_else(|| shown.get("technical_metadata"))?;
    let mut told = Members::default();
    for key in ["mime_type", "width", "height"] {
        if let Some(value) = known.get(key).filter(|value| !value.is_null()) {
            told.set(key, value.detached());
        }
    }
    let told: Json<'_> = Members::of([("_technical_metadata", told.into())]).into();
    String::from_utf8(told.to_bytes(None)).ok()
}

/// The base name of whatever system's path, without control characters.
fn clean(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|letter| !letter.is_control()).collect();
    let name = name.trim();
    if name.is_empty() { "file".to_owned() } else { name.to_owned() }
}

fn with_extension(name: String, extension: Option<&str>) -> String {
    let Some(extension) = extension.filter(|extension| !extension.is_empty()) else { return name };
    let has = name.rsplit_once('.').is_some_and(|(_, found)| found.eq_ignore_ascii_case(extension));
    if has { name } else { format!("{name}.{extension}") }
}

/// Puts what the target knows in the place of files: `{"_id": 901, "preferred": true}`. Files that are not there are left
/// out, and one of those that remain is preferred.
pub(crate) fn place(json: &mut Json<'_>, saved: &HashMap<String, Option<u64>>) {
    match json {
        Json::Scalar(_) => {}
        Json::Array(items) if items.first().is_some_and(is_file) => {
            items.retain_mut(|item| placed(item, saved));
            let is_preferred = |item: &Json<'_>| item.get("preferred").is_some_and(Json::is_true);
            let preferred = items.iter().position(is_preferred).unwrap_or(0);
            for (at, item) in items.iter_mut().enumerate() {
                if let Some(members) = item.members_mut() {
                    members.set("preferred", Json::bool(at == preferred));
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| place(item, saved)),
        json if is_file(json) => {
            if !placed(json, saved) {
                *json = Json::null();
            }
        }
        Json::Object(members) => members.iter_mut().for_each(|(_, value)| place(value, saved)),
    }
}

fn placed(json: &mut Json<'_>, saved: &HashMap<String, Option<u64>>) -> bool {
    if !is_file(json) {
        // It names a file of the target already.
        return json.get("_id").or_else(|| json.get("lookup:_id")).is_some();
    }
    let Some(members) = json.members_mut() else { return false };
    let known = match members.get("_id").and_then(Json::as_id) {
        Some(id) => id.to_string(),
        None => without_signature(&members.get(IMPORTER_URL).and_then(Json::as_str).unwrap_or_default()),
    };
    let Some(Some(id)) = saved.get(&known) else { return false };
    members.retain(|key, _| OF_RELATION.contains(&key));
    members.put_first(vec![("_id".into(), Json::number(*id))]);
    true
}

/// Files in base types. They are few, and a target that has them not does well without.
pub(super) fn base(json: &mut Json<'_>, context: &Context) {
    if is_file(json) {
        let id = json.get("_id").and_then(Json::as_id);
        let known = id.and_then(|id| context.base_files.read().ok()?.get(&id).copied());
        *json = match known {
            Some(id) => Members::of([("_id", Json::number(id))]).into(),
            None => {
                if context.options.file_api != FileApi::None {
                    context.notes.add("a file of a base type left out, as it is not on the target".to_owned());
                }
                Json::null()
            }
        };
        return;
    }
    match json {
        Json::Scalar(_) => {}
        Json::Array(items) => items.iter_mut().for_each(|item| base(item, context)),
        Json::Object(members) => members.iter_mut().for_each(|(_, value)| base(value, context)),
    }
}
