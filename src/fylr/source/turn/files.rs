//! Files in records: which of their bytes go into the backup, from where, and under which path. Packed ones get that path
//! into their JSON; whatever else a file says stays as it is.

use crate::fylr::json::{Json, Members};
use crate::fylr::source::turn::{Context, text_at};
use crate::model::entry::Role;
use crate::model::path::{EntryPath, PART_MAX};

/// Which files are packed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum FileMode {
    /// None: the URLs stand for them.
    #[default]
    Urls,
    Originals,
    WithVersions,
}

/// A file whose bytes belong into the backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileSource {
    pub path: EntryPath,
    pub role: Role,
    pub url: String,
    pub size: Option<u64>,
    /// Of the bytes, as far as the API tells.
    pub sha256: Option<[u8; 32]>,
    /// The original's id and the version's name: who asks for a fresh URL needs them.
    pub id: u64,
    pub version: String,
}

/// The version that every file has.
const ORIGINAL: &str = "original";
/// What Windows and others refuse in names.
const ILLEGAL: [char; 9] = ['/', '\\', ':', '*', '?', '"', '<', '>', '|'];

/// Turns the value of a column of files: `[{"_id": …, "versions": {"original": {"url": …}}}]`.
pub(super) fn column(value: &mut Json<'_>, context: &Context, found: &mut Vec<FileSource>) {
    let Json::Array(files) = value else { return };
    files.iter_mut().filter_map(Json::members_mut).for_each(|members| file(members, context, found));
}

/// Turns every file in a base type or in the base config, wherever it stands.
pub(super) fn everywhere(json: &mut Json<'_>, context: &Context) {
    let mut found = Vec::new();
    search(json, context, &mut found);
    context.packed.add(found);
}

fn search(json: &mut Json<'_>, context: &Context, found: &mut Vec<FileSource>) {
    match json {
        Json::Scalar(_) => {}
        Json::Array(items) => items.iter_mut().for_each(|item| search(item, context, found)),
        Json::Object(members) => {
            let is_file = members.get("_id").is_some() && members.get("versions").and_then(Json::members).is_some();
            if is_file {
                file(members, context, found);
            } else {
                members.iter_mut().for_each(|(_, value)| search(value, context, found));
            }
        }
    }
}

/// Turns one file.
fn file(members: &mut Members<'_>, context: &Context, found: &mut Vec<FileSource>) {
    let mode = context.files;
    members.remove(&["_linked_objects", "_duplicates"]);
    let Some(id) = members.get("_id").and_then(Json::as_id).filter(|_| mode != FileMode::Urls) else { return };
    let stays = members.get("leave_on_remote").is_some_and(Json::is_true);
    let name = file_name(members);
    let extension = members.get("extension").and_then(|extension| extension.as_str().map(std::borrow::Cow::into_owned));
    let Some(versions) = members.get_mut("versions").and_then(Json::members_mut) else { return };
    let (mut taken, mut names) = (Vec::new(), Vec::new());
    for (version_name, version) in versions.iter_mut() {
        let is_original = version_name == ORIGINAL;
        // What stands elsewhere stays there, and so do renditions when only originals were asked for.
        if (is_original && stays) || (!is_original && mode != FileMode::WithVersions) {
            continue;
        }
        if text_at(version, &["url"]).is_none_or(|url| !context.is_own(&url)) {
            continue;
        }
        let Some(version) = version.members_mut() else { continue };
        if !is_original && version.get("leave_on_remote").is_some_and(Json::is_true) {
            continue;
        }
        let file_name = if is_original {
            with_extension(&name, extension.as_deref())
        } else {
            let own =
                version.get("extension").and_then(|extension| extension.as_str().map(std::borrow::Cow::into_owned));
            rendition_name(&name, extension.as_deref(), version_name, own.as_deref())
        };
        let Some(path) = path(id, &file_name, &mut taken) else { continue };
        version.set("path", Json::string(&path.to_string()));
        names.push(version_name.to_owned());
    }
    let Some(versions) = members.get("versions") else { return };
    found.extend(names.iter().filter_map(|name| source(id, name, versions.get(name)?)));
}

/// The files that a turned record names as packed.
pub(crate) fn packed(json: &Json<'_>) -> Vec<FileSource> {
    match json {
        Json::Scalar(_) => Vec::new(),
        Json::Array(items) => items.iter().flat_map(packed).collect(),
        Json::Object(members) => {
            let id = members.get("_id").and_then(Json::as_id);
            let versions = id.and_then(|id| Some((id, members.get("versions")?.members()?)));
            let Some((id, versions)) = versions else {
                return members.iter().flat_map(|(_, value)| packed(value)).collect();
            };
            versions.iter().filter_map(|(name, version)| source(id, name, version)).collect()
        }
    }
}

/// A version of a file, if it names where it is packed.
fn source(id: u64, name: &str, version: &Json<'_>) -> Option<FileSource> {
    Some(FileSource {
        path: EntryPath::new(text_at(version, &["path"])?).ok()?,
        role: if name == ORIGINAL { Role::File } else { Role::Rendition },
        url: text_at(version, &["url"])?,
        size: version.get("filesize").and_then(Json::as_id),
        sha256: version.get("hash").and_then(|hash| hash_of(&hash.as_str()?)),
        id,
        version: name.to_owned(),
    })
}

/// The name that people know the file by, without the folders it was uploaded from.
fn file_name(members: &Members<'_>) -> String {
    let text = |key: &str| members.get(key).and_then(|name| name.as_str().map(std::borrow::Cow::into_owned));
    let name = ["original_filename", "original_filepath", "original_filename_basename", "name"]
        .into_iter()
        .find_map(|key| text(key).filter(|name| !name.is_empty()));
    clean(&name.unwrap_or_default())
}

/// A name for any file system: the last part of a path of whatever system, without what one of them refuses.
fn clean(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let legal = |letter: char| if letter.is_control() || ILLEGAL.contains(&letter) { '_' } else { letter };
    let name = last.chars().map(legal).collect::<String>();
    let name = name.trim_matches([' ', '.']);
    if name.is_empty() { "file".to_owned() } else { name.to_owned() }
}

fn with_extension(name: &str, extension: Option<&str>) -> String {
    let Some(extension) = extension.map(clean).filter(|extension| extension != "file") else { return name.to_owned() };
    let has = name.rsplit_once('.').is_some_and(|(_, found)| found.eq_ignore_ascii_case(&extension));
    if has { name.to_owned() } else { format!("{name}.{extension}") }
}

/// `<original>-<version>.<ext>`, the original without its extension.
fn rendition_name(name: &str, extension: Option<&str>, version: &str, own: Option<&str>) -> String {
    let stem = match (name.rsplit_once('.'), extension) {
        (Some((stem, found)), Some(extension)) if found.eq_ignore_ascii_case(extension) => stem,
        (Some((stem, _)), None) if !stem.is_empty() => stem,
        _ => name,
    };
    let version = clean(version);
    let own = own.or(extension).map(clean).filter(|extension| extension != "file");
    own.map_or_else(|| format!("{stem}-{version}"), |own| format!("{stem}-{version}.{own}"))
}

/// `files/<id floored to 1 000 000>/<id floored to 1 000>/<id>-<name>`; a name that the file has already gets a number.
fn path(id: u64, name: &str, taken: &mut Vec<String>) -> Option<EntryPath> {
    let mut number = 1;
    let name = loop {
        let tail = if number == 1 { String::new() } else { format!("-{number}") };
        let name = shortened(id, name, &tail);
        // Some file systems know no difference between upper and lower case.
        let folded = name.to_lowercase();
        if !taken.contains(&folded) {
            taken.push(folded);
            break name;
        }
        number += 1;
    };
    let (millions, thousands) = (id / 1_000_000 * 1_000_000, id / 1_000 * 1_000);
    EntryPath::new(format!("files/{millions}/{thousands}/{name}")).ok()
}

/// `<id>-<name>` in as many bytes as file systems allow, cut in front of the extension.
fn shortened(id: u64, name: &str, tail: &str) -> String {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && extension.len() <= 20 => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let fixed = id.to_string().len() + 1 + tail.len() + extension.len();
    let room = stem.floor_char_boundary(PART_MAX.saturating_sub(fixed));
    let stem = stem[..room].trim_end_matches([' ', '.']);
    format!("{id}-{stem}{tail}{extension}")
}

/// A SHA-256 in hexadecimal; other hashes, such as the MD5 of a remote file's URL, prove nothing about bytes.
fn hash_of(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str, mode: FileMode) -> (String, Vec<FileSource>) {
        let mut json = Json::parse(text).unwrap();
        let mut found = Vec::new();
        let origins = vec![url::Url::parse("https://h").unwrap().origin()];
        column(&mut json, &Context { files: mode, origins, ..Context::default() }, &mut found);
        (String::from_utf8(json.to_bytes(None)).unwrap(), found)
    }

    fn paths(text: &str, mode: FileMode) -> Vec<String> {
        sources(text, mode).1.into_iter().map(|file| file.path.to_string()).collect()
    }

    const JUG: &str = r#"[{"_id":1000413,"preferred":true,"extension":"png","original_filename":"Krug & Kanne.png","versions":{
        "original":{"url":"https://h/1","filesize":7,"hash":"00000000000000000000000000000000000000000000000000000000000000ff"},
        "preview":{"url":"https://h/2","extension":"jpg"},"small":{"status":"failed"}}}]"#;

    #[test]
    fn paths_are_those_of_the_layout() {
        assert_eq!(paths(JUG, FileMode::Originals), ["files/1000000/1000000/1000413-Krug & Kanne.png"]);
        let all = [
            "files/1000000/1000000/1000413-Krug & Kanne.png",
            "files/1000000/1000000/1000413-Krug & Kanne-preview.jpg",
        ];
        assert_eq!(paths(JUG, FileMode::WithVersions), all);
        assert_eq!(paths(JUG, FileMode::Urls), Vec::<String>::new());
    }

    #[test]
    fn a_packed_file_is_named_in_its_json_and_known_by_size_and_hash() {
        let (text, found) = sources(JUG, FileMode::Originals);
        assert!(text.contains(r#""path":"files/1000000/1000000/1000413-Krug & Kanne.png"}"#), "{text}");
        assert_eq!((found[0].size, found[0].sha256.map(|hash| hash[31])), (Some(7), Some(255)));
        assert_eq!((found[0].role, found[0].version.as_str()), (Role::File, "original"));
    }

    #[test]
    fn what_stays_elsewhere_is_not_packed_but_its_renditions_are() {
        let film = r#"[{"_id":7,"leave_on_remote":true,"original_filename":"film.mp4","extension":"mp4","versions":{
            "original":{"url":"https://elsewhere/film.mp4?X-Amz-Signature=0"},"1920p":{"url":"https://h/2","extension":"mp4"}}}]"#;
        assert_eq!(paths(film, FileMode::WithVersions), ["files/0/0/7-film-1920p.mp4"]);
        let (text, _) = sources(film, FileMode::Originals);
        assert!(text.contains("X-Amz-Signature=0"), "{text}");
    }

    #[test]
    fn renditions_on_other_servers_stay_there() {
        let sound = r#"[{"_id":7,"original_filename":"a.wav","extension":"wav","versions":{
            "original":{"url":"https://h/1"},"text":{"url":"https://elsewhere/a.pdf","extension":"pdf"}}}]"#;
        assert_eq!(paths(sound, FileMode::WithVersions), ["files/0/0/7-a.wav"]);
    }

    #[test]
    fn names_fit_every_file_system() {
        let named = |name: &str, extension: &str| {
            let file = serde_json::json!([{"_id": 5, "original_filename": name, "extension": extension,
                "versions": {"original": {"url": "https://h/1"}}}]);
            paths(&file.to_string(), FileMode::Originals).remove(0)
        };
        assert_eq!(named("C:\\Scans\\Übersicht 1887\\karte.png", "png"), "files/0/0/5-karte.png");
        assert_eq!(named("../../etc/passwd", ""), "files/0/0/5-passwd");
        assert_eq!(named("a:b*c?.tif", "tif"), "files/0/0/5-a_b_c_.tif");
        assert_eq!(named("ohne", "jpg"), "files/0/0/5-ohne.jpg");
        assert_eq!(named(" . ", ""), "files/0/0/5-file");
        let long = named(&format!("{}.png", "ü".repeat(200)), "png");
        assert!(long.ends_with("ü.png") && long.len() - "files/0/0/".len() <= PART_MAX, "{long}");
    }

    #[test]
    fn two_versions_never_share_a_path() {
        let same = r#"[{"_id":5,"original_filename":"a.png","extension":"png","versions":{
            "original":{"url":"/u"},"x:y":{"url":"/u","extension":"png"},"x*Y":{"url":"/u","extension":"png"}}}]"#;
        let expected = ["files/0/0/5-a.png", "files/0/0/5-a-x_y.png", "files/0/0/5-a-x_Y-2.png"];
        assert_eq!(paths(same, FileMode::WithVersions), expected);
    }
}
