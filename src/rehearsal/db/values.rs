//! The values of one record, checked against the columns they are for and written as they are stored. Codes, where the
//! documentation names none: a value of the wrong type is `RecordUnmarshalJson`, one that is out of range
//! `NumberOutOfRange`, a date that is none `DateWrongSyntax`, everything else `SchemaInconsistent`.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::rehearsal::datamodel::{Column, ColumnKind, Model, Table};
use crate::rehearsal::db::flags::Flags;
use crate::rehearsal::db::links::{self, Deferral};
use crate::rehearsal::db::{dates, head};
use crate::rehearsal::json::{HOLE, Node, escape};
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::{FileId, State, Target, Uuid};

/// Keys of an objecttype's block that are no columns.
const SYSTEM_KEYS: [&str; 16] = [
    "_id",
    "_version",
    "_version:auto_increment",
    "lookup:_id",
    "_pool",
    "_id_parent",
    "lookup:_id_parent",
    "_parents",
    "_path",
    "_paths",
    "_level",
    "_has_children",
    "_child_idx",
    "_parent_child_idx",
    "_child_numbering",
    "_system_object_id_parent",
];

/// What comes of the values of a record.
pub(super) struct Values<'s> {
    pub state: &'s State,
    pub model: &'s Model,
    pub flags: Flags,
    /// UUIDs of rows that the record had before.
    pub former_rows: HashSet<Uuid>,
    pub body: String,
    pub links: Vec<(u64, Target)>,
    pub promises: Vec<(Target, usize)>,
    pub standard: String,
    /// UUIDs for rows that come without one.
    pub chance: fastrand::Rng,
    seen_rows: HashSet<Uuid>,
}

impl<'s> Values<'s> {
    pub fn new(state: &'s State, model: &'s Model, flags: Flags, chance: fastrand::Rng) -> Self {
        Self {
            state,
            model,
            flags,
            former_rows: HashSet::new(),
            body: String::new(),
            links: Vec::new(),
            promises: Vec::new(),
            standard: String::new(),
            chance,
            seen_rows: HashSet::new(),
        }
    }

    /// All columns and nested tables of a record's block.
    pub fn block(&mut self, table: &Table, block: &Node<'_>) -> Result<(), Problem> {
        for (key, value) in block.members() {
            if let Some(column) = table.columns.get(&**key) {
                self.member(key);
                self.column(table, key, column, value)?;
                self.note_standard(column, value);
            } else if let Some(nested) = table.nested.get(&**key) {
                self.member(key);
                self.rows(nested.table, key, value)?;
            } else if !SYSTEM_KEYS.contains(&&**key) && !table.reverse.contains_key(&**key) && !is_mode(table, key) {
                return Err(unknown(table, key));
            }
        }
        for (key, nested) in &table.nested {
            if nested.not_null && block.at(key).list().is_empty() {
                return Err(missing(table, key));
            }
        }
        demand(table, block)
    }

    fn member(&mut self, key: &str) {
        if !self.body.is_empty() && !self.body.ends_with('{') {
            self.body.push(',');
        }
        escape(key, &mut self.body);
        self.body.push(':');
    }

    /// Rows of a nested table. Rows without any value are left out, as fylr does since 6.28.
    fn rows(&mut self, table: usize, key: &str, rows: &Node<'_>) -> Result<(), Problem> {
        if rows.is_null() {
            self.body.push_str("[]");
            return Ok(());
        }
        let Node::List(rows) = rows else { return Err(wrong(key, "a list of rows", rows)) };
        let model = self.model;
        let table = &model.tables[table];
        self.body.push('[');
        for row in rows {
            if !row.is_object() {
                return Err(wrong(key, "a row", row));
            }
            if !row.members().iter().any(|(name, value)| name != "_uuid" && !is_empty(value)) {
                continue;
            }
            if self.body.ends_with('}') {
                self.body.push(',');
            }
            self.row(table, row)?;
        }
        self.body.push(']');
        Ok(())
    }

    fn row(&mut self, table: &Table, row: &Node<'_>) -> Result<(), Problem> {
        let uuid = self.row_uuid(table, row.at("_uuid"))?;
        let _ = write!(self.body, "{{\"_uuid\":\"{uuid}\"");
        for (key, value) in row.members() {
            if key == "_uuid" {
                continue;
            }
            if let Some(column) = table.columns.get(&**key) {
                self.member(key);
                self.column(table, key, column, value)?;
            } else if let Some(nested) = table.nested.get(&**key) {
                self.member(key);
                self.rows(nested.table, key, value)?;
            } else {
                return Err(unknown(table, key));
            }
        }
        self.body.push('}');
        demand(table, row)
    }

    /// A row keeps the UUID it has. That a new row brings its own is allowed with `skip_constraints` only, and so are
    /// two rows with the same one.
    fn row_uuid(&mut self, table: &Table, given: &Node<'_>) -> Result<Uuid, Problem> {
        if given.is_null() || !self.flags.has_row_uuids {
            return Ok(Uuid::random(&mut self.chance));
        }
        let uuid = given.text().and_then(Uuid::parse);
        let uuid =
            uuid.ok_or_else(|| Problem::inconsistent(format!("{given} is no _uuid of a row of {}", table.name)))?;
        if !self.flags.takes_row_uuids && !self.former_rows.contains(&uuid) {
            let text = format!("the _uuid {uuid} of a new row of {} needs skip_constraints", table.name);
            return Err(Problem::inconsistent(text));
        }
        if !self.seen_rows.insert(uuid) && !self.flags.skip_constraints {
            return Err(Problem::inconsistent(format!("two rows of {} have the _uuid {uuid}", table.name)));
        }
        Ok(uuid)
    }

    fn column(&mut self, table: &Table, name: &str, column: &Column, value: &Node<'_>) -> Result<(), Problem> {
        if value.is_null() {
            self.body.push_str(if column.kind == ColumnKind::Files { "[]" } else { "null" });
            return Ok(());
        }
        let body = &mut self.body;
        match &column.kind {
            ColumnKind::Text if value.text().is_some() => value.write(body),
            ColumnKind::Text => return Err(wrong(name, "a text", value)),
            ColumnKind::Localized => localized(name, value, body)?,
            ColumnKind::Number | ColumnKind::Fixed | ColumnKind::Serial => whole(name, value, body)?,
            ColumnKind::Double if matches!(value, Node::Number(_)) => value.write(body),
            ColumnKind::Double => return Err(wrong(name, "a number", value)),
            ColumnKind::Boolean if value.bool().is_some() => value.write(body),
            ColumnKind::Boolean => return Err(wrong(name, "a boolean", value)),
            ColumnKind::Date => date(name, value, dates::is_date, body)?,
            ColumnKind::DateTime => date(name, value, dates::is_datetime, body)?,
            ColumnKind::DateRange => range(name, value, body)?,
            ColumnKind::Geo if value.at("type").text().is_some() => value.write(body),
            ColumnKind::Geo => return Err(wrong(name, "GeoJSON", value)),
            ColumnKind::Custom if value.is_object() => value.write(body),
            ColumnKind::Custom => return Err(wrong(name, "an object", value)),
            ColumnKind::Files => self.files(table, name, value)?,
            ColumnKind::Link(target) => self.link(name, column.id, *target, value)?,
        }
        Ok(())
    }

    /// `{"_objecttype":…,"_mask":…,"<objecttype>":{"lookup:_id":{…}}}`, or with `_id` in place of the lookup.
    fn link(&mut self, name: &str, column: u64, table: usize, value: &Node<'_>) -> Result<(), Problem> {
        let (target, is_promised) = self.wrapped(name, table, value)?;
        if is_promised {
            self.promises.push((target, table));
        }
        self.links.push((column, target));
        hole(&mut self.body, table, target);
        Ok(())
    }

    /// The target of a link wrapper.
    pub fn wrapped(&self, name: &str, table: usize, value: &Node<'_>) -> Result<(Target, bool), Problem> {
        let objecttype = &self.model.tables[table].name;
        if value.at("_objecttype").text() != Some(objecttype) {
            let text = format!("\"{name}\" needs a link with _objecttype \"{objecttype}\", not {value}");
            return Err(Problem::inconsistent(text));
        }
        head::mask(&self.model.tables[table], value.at("_mask"))?;
        for (key, _) in value.members() {
            if key != objecttype && !head::READ_ONLY.contains(&&**key) && !head::LINK_KEYS.contains(&&**key) {
                return Err(Problem::inconsistent(format!("the link \"{name}\" has an unknown key \"{key}\"")));
            }
        }
        let block = value.at(objecttype);
        if let Some(lookup) = block.get("lookup:_id") {
            return links::resolve(self.state, self.model, table, lookup, Deferral::Allowed);
        }
        let id = block.at("_id").number();
        let id =
            id.ok_or_else(|| Problem::inconsistent(format!("the link \"{name}\" has neither _id nor lookup:_id")))?;
        let found = self.state.records.by_row(table, id).and_then(|id| Some((id, self.state.records.get(id)?)));
        match found {
            Some((id, record)) if record.deleted_at.is_none() => Ok((Target::Id(id), false)),
            _ => Err(Problem::lookup_not_found("_id", &id.to_string())),
        }
    }

    /// Files by `_id` or by reference; exactly one of several is preferred.
    fn files(&mut self, table: &Table, name: &str, value: &Node<'_>) -> Result<(), Problem> {
        let Node::List(files) = value else { return Err(wrong(name, "a list of files", value)) };
        let preferred = files.iter().filter(|file| file.at("preferred").bool() == Some(true)).count();
        if !files.is_empty() && preferred != 1 {
            let text = format!("{preferred} files of {}.{name} are preferred, exactly one must be", table.name);
            return Err(Problem::inconsistent(text));
        }
        self.body.push('[');
        for (at, file) in files.iter().enumerate() {
            let id = self.file(name, file)?;
            if at > 0 {
                self.body.push(',');
            }
            let _ = write!(self.body, "{HOLE}F{id}:");
            for key in ["preferred", "name", "frontend_prefs"] {
                if let Some(value) = file.get(key) {
                    let _ = write!(self.body, ",\"{key}\":{value}");
                }
            }
            self.body.push(HOLE);
        }
        self.body.push(']');
        Ok(())
    }

    fn file(&self, name: &str, file: &Node<'_>) -> Result<FileId, Problem> {
        let files = &self.state.files;
        let found = match (file.get("lookup:_id"), file.get("_id")) {
            (Some(lookup), None) => {
                let reference = lookup.at("reference").text();
                let reference = reference.ok_or_else(|| Problem::inconsistent("files are looked up by reference"))?;
                let id = files.by_reference(reference);
                id.ok_or_else(|| Problem::lookup_not_found("reference", reference))?
            }
            (None, Some(id)) => {
                let id = id.number().map(FileId).filter(|id| files.get(*id).is_some());
                id.ok_or_else(|| Problem::lookup_not_found("_id", &file.at("_id").to_string()))?
            }
            _ => return Err(Problem::inconsistent(format!("a file of \"{name}\" needs _id or lookup:_id"))),
        };
        if files.get(found).is_some_and(|file| file.parent.is_some()) {
            return Err(Problem::inconsistent(format!("the file {found} of \"{name}\" is a rendition")));
        }
        Ok(found)
    }

    fn note_standard(&mut self, column: &Column, value: &Node<'_>) {
        if !self.standard.is_empty() || value.is_null() {
            return;
        }
        match column.kind {
            ColumnKind::Text => {
                let _ = write!(self.standard, "{{\"1\":{{\"text\":{{\"de-DE\":{value}}}}}}}");
            }
            ColumnKind::Localized => {
                let _ = write!(self.standard, "{{\"1\":{{\"text\":{value}}}}}");
            }
            _ => {}
        }
    }
}

/// A link, to be put in at rendering.
pub(super) fn hole(out: &mut String, table: usize, target: Target) {
    let _ = match target {
        Target::Id(id) => write!(out, "{HOLE}L{table}:{id}{HOLE}"),
        Target::Uuid(uuid) => write!(out, "{HOLE}U{table}:{uuid}{HOLE}"),
    };
}

/// `_nested:x:group_mode` says how rows are merged in group edits.
fn is_mode(table: &Table, key: &str) -> bool {
    key.strip_suffix(":group_mode").is_some_and(|key| table.nested.contains_key(key) || table.columns.contains_key(key))
}

fn is_empty(value: &Node<'_>) -> bool {
    value.is_null() || matches!(value, Node::List(list) if list.is_empty())
}

fn unknown(table: &Table, key: &str) -> Problem {
    Problem::inconsistent(format!("the object type {} has no column \"{key}\"", table.name))
}

fn missing(table: &Table, key: &str) -> Problem {
    Problem::inconsistent(format!("the column \"{key}\" of {} must not be null", table.name))
}

/// Every column that must have a value has one.
fn demand(table: &Table, block: &Node<'_>) -> Result<(), Problem> {
    let is_missing = |(key, column): &(&String, &Column)| {
        column.not_null && column.kind != ColumnKind::Serial && is_empty(block.at(key))
    };
    match table.columns.iter().find(is_missing) {
        Some((key, _)) => Err(missing(table, key)),
        None => Ok(()),
    }
}

fn wrong(name: &str, expected: &str, value: &Node<'_>) -> Problem {
    let text = format!("The value of \"{name}\" must be {expected}, it is {}.", value.kind());
    Problem::new(400, "RecordUnmarshalJson", "object", text).with("column", name.to_owned())
}

fn localized(name: &str, value: &Node<'_>, out: &mut String) -> Result<(), Problem> {
    let Node::Object(languages) = value else { return Err(wrong(name, "an object of texts by language", value)) };
    for (language, text) in languages {
        let is_language =
            language.len() >= 2 && language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_language || !(text.is_null() || text.text().is_some()) {
            return Err(wrong(name, "an object of texts by language", text));
        }
    }
    value.write(out);
    Ok(())
}

/// Whole numbers of 64 bits, never through a float.
fn whole(name: &str, value: &Node<'_>, out: &mut String) -> Result<(), Problem> {
    let Node::Number(text) = value else { return Err(wrong(name, "a whole number", value)) };
    if text.contains(['.', 'e', 'E']) {
        return Err(wrong(name, "a whole number", value));
    }
    if text.parse::<i64>().is_err() {
        let text = format!("The number {value} of \"{name}\" is out of range.");
        return Err(Problem::new(400, "NumberOutOfRange", "object", text).with("column", name.to_owned()));
    }
    out.push_str(text);
    Ok(())
}

fn date(name: &str, value: &Node<'_>, is_right: fn(&str) -> bool, out: &mut String) -> Result<(), Problem> {
    let Node::Object(members) = value else { return Err(wrong(name, "an object with a value", value)) };
    if members.len() != 1 || members[0].0 != "value" {
        return Err(wrong(name, "an object with a value", value));
    }
    check_date(name, &members[0].1, is_right)?;
    value.write(out);
    Ok(())
}

fn check_date(name: &str, value: &Node<'_>, is_right: fn(&str) -> bool) -> Result<(), Problem> {
    match value {
        Node::Null => Ok(()),
        Node::Text(text) if is_right(text) => Ok(()),
        Node::Text(text) => {
            let message = format!("The date {value} of \"{name}\" has the wrong syntax.");
            Err(Problem::new(400, "DateWrongSyntax", "search", message).with("date", text.to_string()))
        }
        other => Err(wrong(name, "a date", other)),
    }
}

fn range(name: &str, value: &Node<'_>, out: &mut String) -> Result<(), Problem> {
    let Node::Object(members) = value else { return Err(wrong(name, "an object with from and to", value)) };
    if let Some((key, _)) = members.iter().find(|(key, _)| !matches!(&**key, "from" | "to" | "text")) {
        return Err(Problem::inconsistent(format!("the range \"{name}\" has an unknown key \"{key}\"")));
    }
    check_date(name, value.at("from"), dates::is_date)?;
    check_date(name, value.at("to"), dates::is_date)?;
    value.write(out);
    Ok(())
}
