//! What a restore changes on purpose, as data: each rule has its reason.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::fylr::version::Version;

/// What becomes of a member before two items are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    Drop,
    /// Of ids only their number counts.
    Count,
    /// A point in time, however it is written.
    Time,
    /// The order does not count.
    Set,
    /// The target fills it in where the backup does not say it.
    Fill,
}

/// A documented difference.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The name of a kind; of every kind if it is empty.
    pub kind: &'static str,
    pub key: &'static str,
    pub(super) treatment: Treatment,
    /// For people.
    pub why: &'static str,
    /// It holds for targets of older releases only.
    pub(super) before: Option<Version>,
}

const fn rule(kind: &'static str, key: &'static str, treatment: Treatment, why: &'static str) -> Rule {
    Rule { kind, key, treatment, why, before: None }
}

/// What targets before a release cannot take.
const fn old(kind: &'static str, key: &'static str, before: Version, why: &'static str) -> Rule {
    Rule { kind, key, treatment: Treatment::Drop, why, before: Some(before) }
}

const OWN_IDS: &str = "the target gives its own ids";
const OWN_VERSIONS: &str = "the target counts versions of base types by itself";
const OUTPUT: &str = "the server works it out of other things";
const IDS_IN_VALUES: &str = "ids in values are those of the target";
const PASSWORDS: &str = "passwords are kept secret by the server";
const TIMES: &str = "times are compared as points in time";
const GONE: &str = "links to deleted records are left out";
const MODEL: &str = "a part of the data model names it";

const FILLED: &str = "the target fills in who made a record, and when, where the backup does not say it";

/// Stands for data models and base configs among the kinds.
pub(super) const DOCUMENT: &str = "document";
const OF_SERVER: &str = "it belongs to the server and is not restored";
const MODEL_VERSIONS: &str = "the target counts versions of its data model by itself";

const OLD_TIMES: &str = "before 6.11.0 times of records are those of the restore";
const OLD_EVENTS: &str = "before 6.17.0 events belong to who restores";

/// All documented differences; of two for the same member the first one counts.
pub static RULES: [Rule; 73] = [
    old("db", "_created", Version::new(6, 11, 0), OLD_TIMES),
    old("db", "_last_modified", Version::new(6, 11, 0), OLD_TIMES),
    old("event/list", "user", Version::new(6, 17, 0), OLD_EVENTS),
    rule("", "_id", Treatment::Drop, OWN_IDS),
    rule("", "id", Treatment::Drop, OWN_IDS),
    rule("", "idTable", Treatment::Drop, OWN_IDS),
    rule("", "_version", Treatment::Drop, OWN_VERSIONS),
    rule("", "_version:auto_increment", Treatment::Drop, OWN_VERSIONS),
    rule("", "_global_object_id", Treatment::Drop, "its second part is the id of the instance"),
    rule("", "global_object_id", Treatment::Drop, "its second part is the id of the instance"),
    rule("", "_format", Treatment::Drop, OUTPUT),
    rule("", "_mask", Treatment::Drop, MODEL),
    rule("", "_basetype", Treatment::Drop, MODEL),
    rule("", "_latest_version", Treatment::Drop, OUTPUT),
    rule("", "_latest_version_deleted_at", Treatment::Drop, GONE),
    rule("", "_generated_rights", Treatment::Drop, OUTPUT),
    rule("", "_level", Treatment::Drop, OUTPUT),
    rule("", "_path", Treatment::Drop, OUTPUT),
    rule("", "_paths", Treatment::Drop, OUTPUT),
    rule("", "_has_children", Treatment::Drop, OUTPUT),
    rule("", "_updated_at", Treatment::Drop, OUTPUT),
    rule("", "_count", Treatment::Drop, OUTPUT),
    rule("", "_private_acl", Treatment::Drop, "off is the same as not said"),
    rule("", "_private_tags", Treatment::Drop, "off is the same as not said"),
    rule("", "_private_transitions", Treatment::Drop, "off is the same as not said"),
    rule("", "_right_preset", Treatment::Drop, IDS_IN_VALUES),
    rule("", "_standard_masks", Treatment::Drop, MODEL),
    rule("", "pool_ids", Treatment::Count, IDS_IN_VALUES),
    rule("", "mask_ids", Treatment::Count, IDS_IN_VALUES),
    rule("", "objecttype_ids", Treatment::Count, IDS_IN_VALUES),
    rule("", "column_ids", Treatment::Count, IDS_IN_VALUES),
    rule("", "in", Treatment::Count, IDS_IN_VALUES),
    rule("", "mapping_image_import", Treatment::Drop, IDS_IN_VALUES),
    rule("", "mapping_image_export", Treatment::Drop, IDS_IN_VALUES),
    rule("", "mapping_dc_export", Treatment::Drop, IDS_IN_VALUES),
    rule("", "mapping", Treatment::Drop, IDS_IN_VALUES),
    rule("", "watermark", Treatment::Drop, "files of base types have other ids"),
    rule("", "_created", Treatment::Time, TIMES),
    rule("", "_last_modified", Treatment::Time, TIMES),
    rule("", "_timestamp_created", Treatment::Time, TIMES),
    rule("", "timestamp", Treatment::Time, TIMES),
    rule("", "_created_at", Treatment::Drop, "before 6.21 it is the time of the restore"),
    rule("", "_last_seen_at", Treatment::Drop, "people may have come since"),
    rule("", "_tags", Treatment::Set, "tags have no order"),
    rule("", "_reverse_nested", Treatment::Drop, "children are records of their own"),
    rule("", "send_email_notification", Treatment::Drop, "nobody gets mail because of a restore"),
    rule("db", "_uuid", Treatment::Fill, "the target gives a UUID to a record that the backup says none of"),
    rule("db", "_create_user", Treatment::Fill, FILLED),
    rule("db", "_created", Treatment::Fill, FILLED),
    rule("db", "_last_modified", Treatment::Fill, FILLED),
    rule("user", "_password_hash", Treatment::Drop, PASSWORDS),
    rule("user", "_password", Treatment::Drop, PASSWORDS),
    rule("user", "picture", Treatment::Drop, "files of base types have other ids"),
    rule("user", "_collection_pin_codes", Treatment::Count, IDS_IN_VALUES),
    rule("user", "require_password_change", Treatment::Drop, PASSWORDS),
    rule("right/object/presets", "_position", Treatment::Drop, OUTPUT),
    rule("right/collection/presets", "_position", Treatment::Drop, OUTPUT),
    rule("collection", "_owner", Treatment::Drop, "a collection belongs to the owner of its parent"),
    rule(DOCUMENT, "version", Treatment::Drop, MODEL_VERSIONS),
    rule(DOCUMENT, "based_on_version", Treatment::Drop, MODEL_VERSIONS),
    rule(DOCUMENT, "based_on_schema_version", Treatment::Drop, MODEL_VERSIONS),
    rule(DOCUMENT, "based_on_base_version", Treatment::Drop, MODEL_VERSIONS),
    rule(DOCUMENT, "max_table_id", Treatment::Drop, MODEL_VERSIONS),
    rule(DOCUMENT, "max_column_id", Treatment::Drop, MODEL_VERSIONS),
    rule(DOCUMENT, "location_defaults", Treatment::Drop, OF_SERVER),
    rule(DOCUMENT, "logging", Treatment::Drop, OF_SERVER),
    rule(DOCUMENT, "purge", Treatment::Drop, OF_SERVER),
    rule(DOCUMENT, "license", Treatment::Drop, OF_SERVER),
    rule("event/list", "object_id", Treatment::Drop, OWN_IDS),
    rule("event/list", "pollable", Treatment::Drop, OUTPUT),
    rule("event/list", "basetype", Treatment::Drop, "easydb5 has other names"),
    rule("event/list", "type", Treatment::Drop, "easydb5 has other names"),
    rule("event/list", "info", Treatment::Drop, IDS_IN_VALUES),
];

/// The rules by their keys: every member of every item is looked up.
static BY_KEY: LazyLock<HashMap<&str, Vec<&Rule>>> = LazyLock::new(|| {
    let mut rules: HashMap<&str, Vec<&Rule>> = HashMap::new();
    for rule in &RULES {
        rules.entry(rule.key).or_default().push(rule);
    }
    rules
});

impl Rule {
    pub(super) fn is_of(&self, kind: &str) -> bool {
        self.kind.is_empty() || self.kind == kind
    }
}

/// What becomes of a member of items of this kind, where the target is of this version; of an unknown one the newest is
/// assumed.
pub(super) fn treatment(kind: &str, key: &str, target: Option<Version>) -> Option<Treatment> {
    let rules = BY_KEY.get(key)?;
    let holds = |rule: &&&Rule| {
        let is_in_time = rule.before.is_none_or(|before| target.is_some_and(|version| version < before));
        rule.is_of(kind) && is_in_time
    };
    rules.iter().find(holds).map(|rule| rule.treatment)
}

/// The rules of what the target fills in: few, and searched for every item.
pub(super) fn filled() -> impl Iterator<Item = &'static Rule> {
    static FILLED: LazyLock<Vec<&Rule>> =
        LazyLock::new(|| RULES.iter().filter(|rule| rule.treatment == Treatment::Fill).collect());
    FILLED.iter().copied()
}
