//! Classes and media types of files, by their extension.

/// Extension, class, media type.
const KNOWN: [(&str, &str, &str); 22] = [
    ("png", "image", "image/png"),
    ("jpg", "image", "image/jpeg"),
    ("jpeg", "image", "image/jpeg"),
    ("tif", "image", "image/tiff"),
    ("tiff", "image", "image/tiff"),
    ("gif", "image", "image/gif"),
    ("webp", "image", "image/webp"),
    ("svg", "vector2d", "image/svg+xml"),
    ("pdf", "office", "application/pdf"),
    ("doc", "office", "application/msword"),
    ("docx", "office", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("txt", "office", "text/plain"),
    ("csv", "office", "text/csv"),
    ("wav", "audio", "audio/x-wav"),
    ("mp3", "audio", "audio/mpeg"),
    ("flac", "audio", "audio/flac"),
    ("mp4", "video", "video/mp4"),
    ("mov", "video", "video/quicktime"),
    ("webm", "video", "video/webm"),
    ("zip", "archive", "application/zip"),
    ("xml", "data", "application/xml"),
    ("json", "data", "application/json"),
];

/// The extension of a file name, small.
pub(super) fn extension(name: &str) -> String {
    let stem_end = name.rfind('.').filter(|at| *at > 0 && at + 1 < name.len());
    stem_end.map(|at| name[at + 1..].to_lowercase()).unwrap_or_default()
}

/// Class and media type.
pub(super) fn kind(extension: &str) -> (&'static str, &'static str) {
    let known = KNOWN.iter().find(|(known, ..)| *known == extension);
    known.map_or(("unknown", "application/octet-stream"), |(_, class, mime)| (class, mime))
}

/// The part of a path after the last slash of either kind.
pub(super) fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
