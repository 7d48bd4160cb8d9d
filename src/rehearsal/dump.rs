//! Everything that an instance holds, in a form that does not depend on the ids it gave: references stand in place of
//! ids, members are sorted, times of saving and how often base types were saved are left out. Two instances with the same content have the same dump.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use crate::rehearsal::error::Error;
use crate::rehearsal::json::{Doc, HOLE, Node, object, parse_stored};
use crate::rehearsal::shared::Shared;
use crate::rehearsal::state::{FileId, Linked, Parent, Shelf, State, SystemId, Target, Uuid};

/// Members that differ between instances with the same content.
const LEFT_OUT: [&str; 8] =
    ["_id", "id", "_version", "_created_at", "_updated_at", "created_at", "updated_at", "_last_seen_at"];

/// Everything as one JSON object.
pub(in crate::rehearsal) fn whole(shared: &Shared) -> String {
    let state = shared.read();
    let mut out = String::from("{");
    sections(&state, |name, lines| {
        if out.len() > 1 {
            out.push(',');
        }
        out.extend(["\"", name, "\":["]);
        for (at, line) in lines.enumerate() {
            if at > 0 {
                out.push(',');
            }
            out.push_str(&line);
        }
        out.push(']');
        Ok(())
    })
    // Writing to memory does not fail.
    .unwrap_or_default();
    out.push('}');
    out
}

/// Everything, a file for each kind with one JSON line for each thing.
///
/// # Errors
/// When a file cannot be written.
pub(in crate::rehearsal) fn write(shared: &Shared, dir: &Path) -> Result<(), Error> {
    let state = shared.read();
    let failed = |source| Error::Dump { path: dir.to_owned(), source };
    std::fs::create_dir_all(dir).map_err(failed)?;
    let written = sections(&state, |name, lines| {
        let mut out = BufWriter::new(File::create(dir.join(format!("{name}.json")))?);
        for line in lines {
            writeln!(out, "{line}")?;
        }
        out.flush()
    });
    written.map_err(failed)
}

fn sections(
    state: &State,
    mut take: impl FnMut(&str, &mut dyn Iterator<Item = String>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let one = |doc: &Doc| canonical(state, doc).to_string();
    let documents = &state.documents;
    take("config", &mut std::iter::once(one(&state.config)))?;
    let model = [documents.head.schema.clone(), documents.head.mask.clone(), documents.head.l10n.clone()];
    take("datamodel", &mut model.iter().map(|doc| sorted(doc.clone()).to_string()))?;
    let tags = state.tags.iter().map(|tag| sorted(tag.clone()).to_string());
    take("tags", &mut { tags })?;
    take("transitions", &mut state.transitions.iter().map(one))?;
    for (name, shelf) in shelves(state) {
        let mut lines = shelf.iter().map(|(_, item)| one(&item.doc)).collect::<Vec<_>>();
        lines.sort();
        take(name, &mut lines.into_iter())?;
    }
    let mut collections =
        state.collections.iter().map(|(id, item)| collection(state, id, &item.doc)).collect::<Vec<_>>();
    collections.sort();
    take("collections", &mut collections.into_iter())?;
    let events = state.events.all.iter().map(|event| {
        let who = reference(state, "user", event.user);
        format!(
            "{{\"type\":\"{}\",\"timestamp\":\"{}\",\"user\":{who},\"info\":{}}}",
            event.kind, event.timestamp, event.info
        )
    });
    take("events", &mut { events })?;
    let mut files = state.files.all.keys().map(|id| file(state, *id).to_string()).collect::<Vec<_>>();
    files.sort();
    take("files", &mut files.into_iter())?;
    for (at, table) in documents.model.tables.iter().enumerate().filter(|(_, table)| table.owner.is_none()) {
        let mut ids = state.records.rows(at).iter().map(|(_, id)| *id).collect::<Vec<_>>();
        ids.sort_unstable();
        take(&format!("db_{}", table.name), &mut ids.into_iter().flat_map(|id| record(state, id)))?;
    }
    Ok(())
}

fn shelves(state: &State) -> [(&'static str, &Shelf); 10] {
    [
        ("plugins", &state.plugins),
        ("groups", &state.groups),
        ("users", &state.users),
        ("pools", &state.pools),
        ("objecttypes", &state.objecttypes),
        ("object_presets", &state.object_presets),
        ("collection_presets", &state.collection_presets),
        ("mappings", &state.mappings),
        ("messages", &state.messages),
        ("publications", &state.publications),
    ]
}

/// A document with references in place of ids, members sorted.
fn canonical(state: &State, node: &Doc) -> Doc {
    canonical_of(state, node.at("_basetype").text().unwrap_or_default(), node)
}

fn canonical_of(state: &State, of: &str, node: &Doc) -> Doc {
    match node {
        Node::List(elements) => Node::List(elements.iter().map(|element| canonical_of(state, of, element)).collect()),
        Node::Object(members) => {
            let mut sorted = BTreeMap::new();
            for (name, value) in members {
                let refers = matches!(&**name, "user" | "group" | "pool" | "collection") && value.members().len() == 1;
                let value = match value.at("_id").number().filter(|_| refers) {
                    Some(id) => reference(state, name, id),
                    None if LEFT_OUT.contains(&&**name) => continue,
                    None => replaced(state, of, name, value).unwrap_or_else(|| canonical_of(state, of, value)),
                };
                sorted.insert(name.clone(), value);
            }
            Node::Object(sorted.into_iter().collect())
        }
        other => other.clone(),
    }
}

/// What stands for an id in a plain member; `of` is what the document is.
fn replaced(state: &State, of: &str, name: &str, value: &Doc) -> Option<Doc> {
    let id = value.number()?;
    match name {
        "_id_parent" => Some(reference(state, of, id)),
        "collection_id" => Some(reference(state, "collection", id)),
        "mapping" | "mapping_dc_export" | "mapping_image_export" | "mapping_image_import" => {
            state.mappings.get(id).map(|item| item.doc.at("displayname").clone())
        }
        "_right_preset" => {
            state.collection_presets.get(id).map(|item| item.doc.path(&["right_preset", "displayname"]).clone())
        }
        _ => None,
    }
}

/// The reference of something, else its login, else nothing but that it is there.
fn reference(state: &State, kind: &str, id: u64) -> Doc {
    let shelf = match kind {
        "user" => &state.users,
        "group" => &state.groups,
        "pool" => &state.pools,
        _ => &state.collections,
    };
    let block = shelf.get(id).map(|item| item.doc.at(kind).clone()).unwrap_or_default();
    let named = block.at("reference").text().or_else(|| block.at("login").text());
    named.map_or_else(|| "?".into(), |name| name.to_owned().into())
}

fn sorted(node: Doc) -> Doc {
    match node {
        Node::List(elements) => Node::List(elements.into_iter().map(sorted).collect()),
        Node::Object(members) => {
            let members: BTreeMap<_, _> = members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            Node::Object(members.into_iter().collect())
        }
        other => other,
    }
}

fn collection(state: &State, id: u64, doc: &Doc) -> String {
    let mut doc = canonical(state, doc);
    let objects = state.collection_objects.get(&id).into_iter().flatten().map(|entry| match &entry.target {
        Linked::Foreign(id) => id.clone().into(),
        Linked::Here(target) => target_of(state, *target),
    });
    doc.set("objects", Node::List(objects.collect()));
    sorted(doc).to_string().replace(&state.uuid, "local")
}

fn target_of(state: &State, target: Target) -> Doc {
    match (state.records.find(target), target) {
        (Some((id, _)), _) | (None, Target::Id(id)) => id.0.into(),
        (None, Target::Uuid(uuid)) => uuid.to_string().into(),
    }
}

fn file(state: &State, id: FileId) -> Doc {
    let Some(file) = state.files.get(id) else { return Node::Null };
    let renditions = file.renditions.iter().filter_map(|(name, id)| {
        let file = state.files.get(*id)?;
        Some(object([
            ("name", name.clone().into()),
            ("hash", file.hash.clone().into()),
            ("filesize", file.bytes.into()),
        ]))
    });
    object([
        ("filename", file.name.clone().into()),
        ("hash", file.hash.clone().into()),
        ("filesize", file.bytes.into()),
        ("version", file.parent.as_ref().map(|(_, name)| name.clone()).into()),
        ("renditions", Node::List(renditions.collect())),
        ("status", file.status.into()),
    ])
}

/// All versions of a record.
fn record(state: &State, id: SystemId) -> Vec<String> {
    let Some(record) = state.records.get(id) else { return Vec::new() };
    let owner = reference(state, if record.owner.0 { "group" } else { "user" }, record.owner.1);
    let versions = record.versions.iter().enumerate().map(|(at, version)| {
        let mut doc = object([
            ("_system_object_id", id.0.into()),
            ("_uuid", record.uuid.to_string().into()),
            ("_version", (at + 1).into()),
            ("_created", record.created.to_string().into()),
            ("_last_modified", version.last_modified.to_string().into()),
            ("_owner", owner.clone()),
            ("_create_user", reference(state, "user", version.create_user)),
            ("_comment", version.comment.as_deref().map(str::to_owned).into()),
            ("_tags", Node::List(version.tags.iter().map(|tag| (*tag).into()).collect())),
            ("_deleted", record.deleted_at.is_some().into()),
            ("_parent", parent(state, &version.parent)),
        ]);
        if version.pool > 0 {
            doc.set("_pool", reference(state, "pool", version.pool));
        }
        if let Some(acl) = version.acl.as_deref().and_then(|acl| parse_stored(acl).ok()) {
            doc.set("_acl", canonical(state, &acl.into_owned()));
        }
        let block = format!("{{{}}}", version.body);
        if let Ok(block) = parse_stored(&block) {
            doc.set("block", filled(state, block.into_owned()));
        }
        sorted(doc).to_string()
    });
    versions.collect()
}

fn parent(state: &State, parent: &Parent) -> Doc {
    match parent {
        Parent::None => Node::Null,
        Parent::One(target) => target_of(state, *target),
        Parent::Many(targets) => Node::List(
            targets.iter().map(|target| target.map_or(Node::Null, |target| target_of(state, target))).collect(),
        ),
    }
}

/// Holes become what they stand for.
fn filled(state: &State, node: Doc) -> Doc {
    match node {
        Node::Raw(hole) => {
            let inside = hole.trim_matches(HOLE);
            let (head, rest) = inside.split_once(':').unwrap_or((inside, ""));
            match head.split_at(1.min(head.len())) {
                ("F", id) => file(state, FileId(id.parse().unwrap_or_default())),
                ("L", _) => {
                    object([("link", target_of(state, Target::Id(SystemId(rest.parse().unwrap_or_default()))))])
                }
                _ => object([(
                    "link",
                    Uuid::parse(rest).map_or(Node::Null, |uuid| target_of(state, Target::Uuid(uuid))),
                )]),
            }
        }
        Node::List(elements) => Node::List(elements.into_iter().map(|element| filled(state, element)).collect()),
        Node::Object(members) => Node::Object(
            members
                .into_iter()
                .map(|(name, value)| -> (Cow<'static, str>, Doc) { (name, filled(state, value)) })
                .collect(),
        ),
        other => other,
    }
}
