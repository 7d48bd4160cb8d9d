//! The plan of a restore: what would be done to whom, what is known to go wrong, and what speaks against it. Pure: it is
//! made of what was found out before.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::archive::ledger::LedgerHead;
use crate::fylr::target::{self, Abilities, Contents, FileApi, FileCounts, WriteOptions};
use crate::fylr::{Instance, InstanceKind, Version};
use crate::jobs::restore::RestoreStart;
use crate::jobs::restore::scan::Scan;

/// What an older fylr leaves out of its backups without a word.
const SILENT_GAPS: [(Version, &str); 5] = [
    (Version::new(6, 10, 1), "some users"),
    (Version::new(6, 11, 1), "settings of pools and objecttypes"),
    (Version::new(6, 22, 0), "right presets"),
    (Version::new(6, 33, 0), "private tags of pools and objecttypes"),
    (Version::new(6, 34, 0), "rights and owners of users and groups, and records of polyhierarchies"),
];

/// What a restore would do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// `museum (snapshot 12)`
    pub backup: String,
    /// `fylr v6.34.2 at https://…`
    pub source: String,
    /// Items by kind, `user` or `db:objekt`.
    pub counts: BTreeMap<String, u64>,
    pub files: FileCounts,
    pub file_api: FileApi,
    pub notes: Vec<String>,
    /// What speaks against it, whatever the target.
    pub refusals: Vec<String>,
    pub targets: Vec<TargetPlan>,
}

/// What would be done to one target.
#[derive(Debug, Clone)]
pub struct TargetPlan {
    pub name: String,
    pub server: String,
    pub host: String,
    pub instance: String,
    pub version: String,
    pub is_purged: bool,
    pub goes_on: bool,
    pub contents: Contents,
    /// Plugins of custom data types that are neither there nor in the backup.
    pub missing_plugins: Vec<String>,
    pub notes: Vec<String>,
    pub refusals: Vec<String>,
}

impl Plan {
    #[must_use]
    pub fn is_refused(&self) -> bool {
        !self.refusals.is_empty() || self.targets.iter().any(|target| !target.refusals.is_empty())
    }
}

/// What was asked for beside the options of writing.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct Asked<'a> {
    pub start: RestoreStart,
    pub is_forced: bool,
    pub skips_unknown: bool,
    pub writes_datamodel: bool,
    pub only_aside: bool,
    pub write: &'a WriteOptions,
}

impl Asked<'_> {
    /// Whether something was restored before.
    fn goes_on(&self) -> bool {
        self.start == RestoreStart::Continue || self.only_aside
    }
}

/// What holds for all targets.
pub(super) fn common(scan: &Scan, backup: String, asked: &Asked<'_>) -> Plan {
    let (write, survey) = (asked.write, &scan.survey);
    let source = scan.manifest.instance();
    let mut notes = Vec::new();
    let mut refusals = Vec::new();
    for (path, kind) in &scan.unknown {
        let text = format!("payloads of kind \"{kind}\" are unknown ({path})");
        if asked.skips_unknown {
            notes.push(format!("{text}; they are skipped"));
        } else {
            refusals.push(format!("{text}; --skip-unknown leaves them out"));
        }
    }
    let value = |key: &str| -> serde_json::Value {
        scan.manifest.value(key).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    };
    if write.upload_versions && value("options")["include_files"] == "original" {
        refusals.push("--upload-versions needs renditions, and only originals are packed in this backup".to_owned());
    }
    if write.include_password && value("has_passwords") != true {
        refusals.push("--include-password needs passwords, and this backup has none".to_owned());
    }
    if let Some(version) = source.version.as_deref().and_then(|text| text.parse::<Version>().ok())
        && source.kind.as_deref() != Some("easydb5")
    {
        let gaps = SILENT_GAPS.iter().filter(|(from, _)| version < *from);
        notes.extend(
            gaps.map(|(from, what)| format!("backups of fylr {version} lack {what}; from {from} on they do not")),
        );
    }
    let set_aside = value("x-fonds")["set_aside"].as_array().map_or(0, Vec::len);
    if set_aside > 0 {
        notes.push(format!("{set_aside} things were set aside when the backup was made; its manifest lists them"));
    }
    files(scan, write, &mut notes, &mut refusals);
    signatures(scan, asked, &mut notes, &mut refusals);
    if survey.unreadable > 0 {
        notes.push(format!("{} items are no JSON and will be set aside", survey.unreadable));
    }
    let unresolved = survey.unresolved();
    if unresolved > 0 {
        notes.push(format!("{unresolved} records are linked to but not in the backup: these links stay open"));
    }
    if survey.deleted_links > 0 && !write.include_deleted_linked {
        notes.push(format!(
            "{} links to deleted records are left out; --include-deleted-linked keeps them",
            survey.deleted_links
        ));
    }
    if survey.deleted > 0 {
        notes.push(format!("{} records are deleted at the source, and will be on the target", survey.deleted));
    }
    versions(scan, &mut notes);
    let kind = source.kind.unwrap_or_default();
    let version = source.version.unwrap_or_default();
    Plan {
        backup,
        source: format!("{kind} {version} {}", source.url.unwrap_or_default()).trim().to_owned(),
        counts: survey.counts.clone(),
        files: survey.files.clone(),
        file_api: write.file_api,
        notes,
        refusals,
        targets: Vec::new(),
    }
}

fn versions(scan: &Scan, notes: &mut Vec<String>) {
    let numbering = scan.survey.numbering();
    for (count, text) in [
        (numbering.begin_late(), "records come without their first versions, and begin with 1"),
        (numbering.with_gaps(), "records come without some versions in between; the later ones move up"),
        (
            scan.survey.repeated,
            "versions of records stand in the backup a second time, or behind later ones; they are left out",
        ),
    ] {
        notes.extend((count > 0).then(|| format!("{count} {text}")));
    }
}

fn files(scan: &Scan, write: &WriteOptions, notes: &mut Vec<String>, refusals: &mut Vec<String>) {
    let files = &scan.survey.files;
    let all = files.packed + files.remote + files.staying + files.lost;
    if write.file_api == FileApi::None && all > 0 {
        notes.push(format!("{all} files stay behind; --file-api put, rput or another one brings them"));
    }
    if files.lost > 0 {
        notes.push(format!("of {} files nothing tells where their bytes are", files.lost));
    }
    if files.conflicts > 0 && (write.upload_versions || files.manual > 0) {
        refusals.push(format!("--rename-versions gives two versions of {} files the same name", files.conflicts));
    }
    if write.ignore_file_errors && write.file_api.is_bulk() {
        notes.push(
            "in bulk the target fetches files later, so that --upload-ignore-files-with-errors sees few errors"
                .to_owned(),
        );
    }
}

/// What there is to do about URLs that are good no more.
const EXPIRED: &str = "--file-api-access-token gives a token of the source in their place, or a new backup with \
                       --include-files holds the bytes";

/// URLs of files that the source has signed, and that end. As the vendor's own restore does, one that would get no file
/// is refused before anything is touched.
fn signatures(scan: &Scan, asked: &Asked<'_>, notes: &mut Vec<String>, refusals: &mut Vec<String>) {
    let files = &scan.survey.files;
    if asked.write.file_api == FileApi::None || files.remote == 0 {
        return;
    }
    let Some(first) = files.first_expiry.or_else(|| expected_end(scan)) else { return };
    let day =
        |seconds: i64| Timestamp::from_second(seconds).unwrap_or_default().strftime("%Y-%m-%d %H:%M UTC").to_string();
    let first = day(first);
    if files.expiring == 0 {
        notes.push(format!(
            "the URLs of {} files were made to be good until {first}; if that is over, {EXPIRED}",
            files.remote
        ));
    } else if files.expired == 0 {
        notes.push(format!("the URLs of {} files end; the first one is good until {first}", files.expiring));
    } else if asked.write.file_token.is_some() {
        notes.push(format!("the URLs of {} files have expired; the access token goes in their place", files.expired));
    } else {
        let what =
            format!("the URLs of {} of {} files have expired, the first on {first}", files.expired, files.remote);
        // Who goes on may have all files already, and who wants records without their files has said so.
        let is_bearable = asked.goes_on() || asked.write.ignore_file_errors;
        let to = if files.expired == files.remote && !is_bearable { refusals } else { notes };
        to.push(format!("{what}: {EXPIRED}"));
    }
}

/// When the URLs end as the manifest has it, of a backup whose URLs do not say it.
fn expected_end(scan: &Scan) -> Option<i64> {
    let value = |key: &str| -> serde_json::Value {
        scan.manifest.value(key).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    };
    let days = value("options")["file_url_expire_days"].as_i64().filter(|days| *days > 0)?;
    let begun: Timestamp = value("created_at").as_str()?.parse().ok()?;
    begun.as_second().checked_add(days.checked_mul(24 * 60 * 60)?)
}

/// What holds for one target.
pub(super) fn of_target(
    name: &str,
    (server, host): (String, String),
    instance: &Instance,
    contents: Contents,
    ledgers: &[LedgerHead],
    (scan, backup): (&Scan, &str),
    asked: &Asked<'_>,
) -> TargetPlan {
    let mut notes = Abilities::of(instance).limits();
    let mut refusals = Vec::new();
    if instance.kind != InstanceKind::Fylr {
        refusals.push("it is an easydb5, and only a fylr can be restored to".to_owned());
    }
    if instance.is_read_only {
        refusals.push("it is in read-only mode".to_owned());
    }
    let is_purged = asked.start == RestoreStart::Purge;
    let is_source =
        scan.origins.instance_id.as_deref().is_some_and(|id| id == instance.id) || is_same_host(scan, &host);
    if is_source && !asked.is_forced {
        refusals.push("it is the instance that the backup was made of; --force restores to it all the same".to_owned());
    }
    if is_purged && contents.may_purge == Some(false) {
        refusals.push("its base config does not allow a purge (system.purge.allow_purge)".to_owned());
    }
    let has_model = !contents.objecttypes.is_empty();
    let goes_on = ledger(ledgers, &server, instance, backup, asked, &mut refusals);
    if asked.writes_datamodel && has_model && !is_purged && !goes_on && !asked.only_aside {
        refusals.push(
            "it has a data model already; --datamodel - leaves that as it is, --purge replaces everything".to_owned(),
        );
    }
    let records: u64 = contents.objecttypes.iter().filter_map(|(_, count)| *count).sum();
    if records > 0 && !is_purged && !goes_on && !asked.only_aside {
        notes.push(format!("{records} records are there already; those of the same id stay as they are"));
    }
    if asked.write.file_api.is_bulk()
        && Abilities::of(instance).version.is_some_and(|version| version < Version::new(6, 18, 0))
    {
        refusals.push("files in bulk need fylr 6.18.0; --file-api rput does without".to_owned());
    }
    let missing_plugins =
        if asked.writes_datamodel && !goes_on { missing_plugins(scan, &contents) } else { Vec::new() };
    if !missing_plugins.is_empty() {
        let to = if asked.is_forced { &mut notes } else { &mut refusals };
        to.push(format!(
            "the data model has columns of plugins that are neither there nor in the backup: {}; install them there \
             first, or leave its data model as it is with --datamodel -",
            missing_plugins.join(", ")
        ));
    }
    notes.extend(contents.unknown.iter().map(|what| format!("could not be looked at: {what}")));
    let version = instance.version_text.clone().unwrap_or_default();
    let shown = instance.name.clone().unwrap_or_default();
    TargetPlan {
        name: name.to_owned(),
        server,
        host,
        instance: shown,
        version,
        is_purged,
        goes_on,
        contents,
        missing_plugins,
        notes,
        refusals,
    }
}

/// Plugins of custom data types without which a target does not take the data model. Where it does not tell which plugins
/// it has, none is missed.
fn missing_plugins(scan: &Scan, contents: &Contents) -> Vec<String> {
    let Some(there) = &contents.plugins else { return Vec::new() };
    let model = scan.documents.datamodel.as_deref().unwrap_or_default();
    let needed = target::needed_plugins(model).into_iter();
    needed.filter(|name| !there.contains(name) && !scan.survey.plugins.contains(name)).collect()
}

/// Backups without an instance id still tell their host. Instances on one machine differ by more than that.
fn is_same_host(scan: &Scan, host: &str) -> bool {
    scan.origins.instance_id.is_none() && scan.origins.host == host
}

/// Whether there is something to go on with; what speaks against beginning.
fn ledger(
    ledgers: &[LedgerHead],
    server: &str,
    instance: &Instance,
    backup: &str,
    asked: &Asked<'_>,
    refusals: &mut Vec<String>,
) -> bool {
    let own = |ledger: &&LedgerHead| ledger.server == server && ledger.backup == backup;
    let found = ledgers.iter().rfind(own);
    let is_same = found.is_some_and(|ledger| ledger.instance == instance.id);
    match (asked.start, found) {
        (RestoreStart::Continue, Some(_)) if !is_same => {
            refusals.push(
                "it was purged or replaced since this restore began, so that there is nothing to continue".to_owned(),
            );
        }
        (RestoreStart::New, Some(ledger)) if is_same && ledger.finished.is_none() && !asked.only_aside => {
            refusals.push(
                "a restore of this backup was begun there and not ended; --continue goes on, --purge begins anew"
                    .to_owned(),
            );
        }
        (_, found) if asked.only_aside && (found.is_none() || !is_same) => {
            refusals
                .push("nothing of this backup was set aside there, so that there is nothing to try again".to_owned());
        }
        _ => {}
    }
    is_same && (asked.start == RestoreStart::Continue || asked.only_aside)
}
