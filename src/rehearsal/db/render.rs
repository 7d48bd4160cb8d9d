//! Records as answers have them: ids in place of lookups, links with the ids of what they lead to, files with URLs that
//! are fresh in each answer. A link to a deleted record is a thin wrapper with `_latest_version_deleted_at`, one to a
//! record that is not there one with `_purged_or_deferred`.

use std::fmt::Write as _;

use crate::rehearsal::auth::Call;
use crate::rehearsal::datamodel::{Model, Table};
use crate::rehearsal::db::rights::{Right, may};
use crate::rehearsal::eas::Signer;
use crate::rehearsal::json::{HOLE, escape};
use crate::rehearsal::options::Kind;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::{FileId, Parent, Record, State, SystemId, Target, Uuid, Version};

/// How much of a record is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::rehearsal) enum Format {
    Short,
    Standard,
    Long,
    Full,
}

impl Format {
    /// The format that is asked for.
    ///
    /// # Errors
    /// When there is no such format.
    pub fn of(call: &Call, default: Self) -> Result<Self, Problem> {
        match call.request.param("format") {
            None | Some("") => Ok(default),
            Some("short") => Ok(Self::Short),
            Some("standard") => Ok(Self::Standard),
            Some("long") => Ok(Self::Long),
            Some("full") => Ok(Self::Full),
            Some("standard_extended") if call.shared.options.kind == Kind::Fylr => Ok(Self::Standard),
            Some("long_inheritance") if call.shared.options.kind == Kind::Fylr => Ok(Self::Long),
            Some("full_inheritance") if call.shared.options.kind == Kind::Fylr => Ok(Self::Full),
            Some(other) => Err(Problem::parameter("format", other)),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Standard => "standard",
            Self::Long => "long",
            Self::Full => "full",
        }
    }
}

/// Writes records of one state for one caller.
pub(in crate::rehearsal) struct Renderer<'s> {
    call: &'s Call<'s>,
    state: &'s State,
    model: &'s Model,
    format: Format,
    signer: Signer<'s>,
    /// Histories of easydb5 are simplified.
    pub is_history: bool,
    pub skip_reverse_nested: bool,
}

/// The most levels of a hierarchy that are told; a chain of promises could be a ring.
const PATH_MAX: usize = 100;

impl<'s> Renderer<'s> {
    pub fn new(call: &'s Call<'s>, state: &'s State, format: Format) -> Self {
        Self {
            call,
            state,
            model: &state.documents.model,
            format,
            signer: Signer::new(call),
            is_history: false,
            skip_reverse_nested: true,
        }
    }

    /// Whether the caller may see a record.
    pub fn may_read(&self, record: &Record) -> bool {
        let Some(version) = record.versions.last() else { return false };
        let table = &self.model.tables[record.table];
        may(self.state, &self.call.caller, Right::Read, table, version.pool, Some(record.owner), version.acl.as_deref())
    }

    /// The newest version.
    pub fn newest(&self, id: SystemId, out: &mut String) {
        if let Some(record) = self.state.records.get(id) {
            self.version(id, record, record.versions.len(), out);
        }
    }

    /// One version, counted from 1.
    pub fn version(&self, id: SystemId, record: &Record, number: usize, out: &mut String) {
        let Some(version) = number.checked_sub(1).and_then(|at| record.versions.get(at)) else { return };
        let table = &self.model.tables[record.table];
        out.push_str("{\"_objecttype\":");
        escape(&table.name, out);
        let _ = write!(
            out,
            ",\"_mask\":\"_all_fields\",\"_format\":\"{}\",\"_system_object_id\":{id},\"_global_object_id\":\"{id}@{}\",\"_uuid\":\"{}\"",
            self.format.name(),
            self.state.uuid,
            record.uuid
        );
        if self.format > Format::Short {
            self.head(table, record, version, number, out);
        }
        out.push(',');
        escape(&table.name, out);
        let _ = write!(out, ":{{\"_id\":{},\"_version\":{number}", record.id);
        if self.format > Format::Short {
            self.place(table, version, out);
            if !version.body.is_empty() {
                out.push(',');
            }
            self.fill(&version.body, out);
            if !self.skip_reverse_nested {
                self.children(table, id, record.uuid, out);
            }
        }
        out.push_str("}}");
    }

    fn head(&self, table: &Table, record: &Record, version: &Version, number: usize, out: &mut String) {
        let is_latest = number == record.versions.len();
        if self.is_history && self.call.shared.options.kind == Kind::Easydb5 {
            let _ = write!(out, ",\"_owner\":{{\"_id\":{}}},\"_create_user\":{}", record.owner.1, version.create_user);
        } else {
            let kind = if record.owner.0 { "group" } else { "user" };
            let _ = write!(out, ",\"_owner\":{{\"_basetype\":\"{kind}\",\"{kind}\":{{\"_id\":{}}}}}", record.owner.1);
            let user = version.create_user;
            let _ = write!(out, ",\"_create_user\":{{\"_basetype\":\"user\",\"user\":{{\"_id\":{user}}}}}");
        }
        let _ = write!(out, ",\"_created\":\"{}\",\"_last_modified\":\"{}\"", record.created, version.last_modified);
        if is_latest || self.call.shared.options.kind == Kind::Fylr {
            let _ = write!(out, ",\"_latest_version\":{is_latest}");
        }
        if let Some(deleted) = record.deleted_at.as_ref().filter(|_| is_latest) {
            let _ = write!(out, ",\"_latest_version_deleted_at\":\"{deleted}\"");
        }
        out.push_str(",\"_comment\":");
        match &version.comment {
            Some(comment) => escape(comment, out),
            None => out.push_str("null"),
        }
        if table.has_tags {
            let tags = version.tags.iter().map(|id| format!("{{\"_id\":{id}}}")).collect::<Vec<_>>();
            let _ = write!(out, ",\"_tags\":[{}]", tags.join(","));
        }
        let acl = version.acl.as_deref().unwrap_or("[]");
        let _ = write!(out, ",\"_acl\":{acl},\"_has_acl\":{},\"_private_acl\":{}", acl != "[]", version.private_acl);
        if !record.facts.standard.is_empty() && is_latest {
            let _ = write!(out, ",\"_standard\":{}", record.facts.standard);
        }
        if table.is_hierarchical || table.is_polyhierarchical {
            self.path(table, version, out);
        }
    }

    /// `_path`, `_level`, `_has_children`; histories of easydb5 have no path.
    fn path(&self, table: &Table, version: &Version, out: &mut String) {
        let mut above = Vec::new();
        let mut next = first(&version.parent);
        while let Some((id, record)) = next.and_then(|target| self.state.records.find(target)) {
            above.push((id, record));
            if above.len() > PATH_MAX {
                break;
            }
            next = record.versions.last().and_then(|version| first(&version.parent));
        }
        let _ = write!(out, ",\"_level\":{}", above.len() + 1);
        let is_easydb5 = self.call.shared.options.kind == Kind::Easydb5;
        if self.is_history && is_easydb5 {
            let parent = above.first().map_or_else(|| "null".to_owned(), |(id, _)| id.to_string());
            let _ = write!(out, ",\"_system_object_id_parent\":{parent}");
            return;
        }
        let name = if table.is_polyhierarchical { "_paths" } else { "_path" };
        let steps = above.iter().rev().map(|(id, record)| {
            format!(
                "{{\"_objecttype\":\"{0}\",\"_mask\":\"_all_fields\",\"_system_object_id\":{id},\"{0}\":{{\"_id\":{1}}}}}",
                table.name, record.id
            )
        });
        let steps = steps.collect::<Vec<_>>().join(",");
        let steps = if table.is_polyhierarchical { format!("[{steps}]") } else { steps };
        let _ = write!(out, ",\"{name}\":[{steps}]");
    }

    /// Pool and parent, in the block.
    fn place(&self, table: &Table, version: &Version, out: &mut String) {
        if table.pool_link {
            match version.pool {
                0 => out.push_str(",\"_pool\":null"),
                pool => {
                    let _ = write!(out, ",\"_pool\":{{\"_basetype\":\"pool\",\"pool\":{{\"_id\":{pool}}}}}");
                }
            }
        }
        if table.is_hierarchical {
            let parent = first(&version.parent).and_then(|target| self.state.records.find(target));
            let parent = parent.map_or_else(|| "null".to_owned(), |(_, record)| record.id.to_string());
            let _ = write!(out, ",\"_id_parent\":{parent}");
        }
        if table.is_polyhierarchical {
            out.push_str(",\"_parents\":[");
            if let Parent::Many(parents) = &version.parent {
                for (at, parent) in parents.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    match parent {
                        Some(target) => self.link(table, *target, out),
                        None => out.push_str("null"),
                    }
                }
            }
            out.push(']');
        }
    }

    /// Records that link here by a column that is edited from here, one level deep.
    fn children(&self, table: &Table, id: SystemId, uuid: Uuid, out: &mut String) {
        for (key, reverse) in &table.reverse {
            let _ = write!(out, ",\"{key}\":[");
            let inner = Renderer { skip_reverse_nested: true, signer: Signer::new(self.call), ..*self };
            let linking = self.state.records.linking_to(id, uuid);
            let linking = linking.iter().filter(|(_, column)| *column == reverse.column_id);
            for (at, (child, _)) in linking.enumerate() {
                if at > 0 {
                    out.push(',');
                }
                inner.newest(*child, out);
            }
            out.push(']');
        }
    }

    /// Copies a stored body and fills its holes.
    fn fill(&self, body: &str, out: &mut String) {
        let mut rest = body;
        while let Some(start) = memchr::memchr(HOLE as u8, rest.as_bytes()) {
            out.push_str(&rest[..start]);
            let inside = &rest[start + 1..];
            let end = memchr::memchr(HOLE as u8, inside.as_bytes()).unwrap_or(inside.len());
            self.hole(&inside[..end], out);
            rest = inside.get(end + 1..).unwrap_or_default();
        }
        out.push_str(rest);
    }

    /// `L<table>:<id>`, `U<table>:<uuid>` or `F<id>:<members>`
    fn hole(&self, hole: &str, out: &mut String) {
        let (kind, rest) = hole.split_at(1.min(hole.len()));
        let (number, rest) = rest.split_once(':').unwrap_or((rest, ""));
        let number: u64 = number.parse().unwrap_or_default();
        if kind == "F" {
            self.signer.file_in_record(self.state, FileId(number), rest, out);
            return;
        }
        let target = match kind {
            "L" => rest.parse().ok().map(|id| Target::Id(SystemId(id))),
            _ => Uuid::parse(rest).map(Target::Uuid),
        };
        match (target, self.model.tables.get(number as usize)) {
            (Some(target), Some(table)) => self.link(table, target, out),
            _ => out.push_str("null"),
        }
    }

    fn link(&self, table: &Table, target: Target, out: &mut String) {
        out.push_str("{\"_objecttype\":");
        escape(&table.name, out);
        let Some((id, record)) = self.state.records.find(target) else {
            let _ = match target {
                Target::Id(id) => write!(out, ",\"_system_object_id\":{id}"),
                Target::Uuid(uuid) => write!(out, ",\"_uuid\":\"{uuid}\""),
            };
            out.push_str(if self.call.has(6, 25, 0) { ",\"_purged_or_deferred\":true}" } else { "}" });
            return;
        };
        let _ = write!(out, ",\"_system_object_id\":{id},\"_uuid\":\"{}\"", record.uuid);
        if let Some(deleted) = &record.deleted_at {
            let _ = write!(out, ",\"_latest_version_deleted_at\":\"{deleted}\"}}");
            return;
        }
        let _ = write!(out, ",\"_mask\":\"_all_fields\",\"_global_object_id\":\"{id}@{}\",", self.state.uuid);
        escape(&table.name, out);
        let _ = write!(out, ":{{\"_id\":{},\"_version\":{}}}", record.id, record.versions.len());
        if !record.facts.standard.is_empty() {
            let _ = write!(out, ",\"_standard\":{}", record.facts.standard);
        }
        out.push('}');
    }
}

fn first(parent: &Parent) -> Option<Target> {
    match parent {
        Parent::None => None,
        Parent::One(target) => Some(*target),
        Parent::Many(targets) => targets.iter().flatten().next().copied(),
    }
}
