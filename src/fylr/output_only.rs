//! What an API only ever gives and never takes: a backup leaves it out, and so does a restore of a backup that others made.

/// At records of objecttypes, and in their blocks.
pub(crate) const OF_RECORDS: [&str; 25] = [
    "_format",
    "_standard",
    "_path",
    "_paths",
    "_level",
    "_has_children",
    "_generated_rights",
    "_changelog",
    "_collections",
    "_published",
    "_published_count",
    "_score",
    "_sort",
    "_system_tags",
    "_objecttype_display_name",
    "_mask_display_name",
    "_has_acl",
    "_schema_version",
    "_system_object_id_parent",
    "_id_parent_deleted_at",
    "_child_idx",
    "_parent_child_idx",
    "_compiled_tags",
    "_best_mask",
    "_highlight",
];
/// What backups say of records, and no API takes.
pub(crate) const OF_BACKUPS: [&str; 4] =
    ["_latest_version", "_latest_version_deleted_at", "_global_object_id", "_purged_or_deferred"];
/// At base types.
pub(crate) const OF_BASE_TYPES: [&str; 18] = [
    "_generated_rights",
    "_compiled_tags",
    "_level",
    "_path",
    "_has_children",
    "_has_acl",
    "_updated_at",
    "_count",
    "_count_recursive",
    "_create_object_compiled",
    "_has_pin",
    "pin_ok",
    "_pin_ok",
    "_hotfolder_upload_urls",
    "_standard",
    "_format",
    "_changelog",
    "_session",
];
