//! The data model of a source, as far as its records cannot be read without it: which tables hold records, what their
//! columns are, and in which order the tables must be restored.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

/// What stands in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Column {
    /// A record of this table.
    Link(String),
    Files,
    /// Passed on untouched.
    Plain,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub name: String,
    pub id: u64,
    /// The table whose rows hold the rows of this one.
    pub owner: Option<String>,
    pub has_parent: bool,
    pub has_parents: bool,
    pub has_tags: bool,
    pub columns: HashMap<String, Column>,
}

impl Table {
    /// Whether its records must be restored level by level.
    pub fn is_hierarchical(&self) -> bool {
        self.has_parent || self.has_parents
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Datamodel {
    tables: HashMap<String, Table>,
    /// The tables that hold records, in the order in which they are restored.
    pub order: Vec<String>,
}

impl Datamodel {
    /// Reads a schema document. Whatever is not understood is a plain column.
    pub fn read(schema: &Value) -> Self {
        let tables: Vec<Table> = schema["tables"].as_array().into_iter().flatten().map(read_table).collect();
        let order = order(&tables);
        Self { tables: tables.into_iter().map(|table| (table.name.clone(), table)).collect(), order }
    }

    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(name)
    }
}

fn read_table(table: &Value) -> Table {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let is = |key: &str| table[key].as_bool().unwrap_or(false);
    let targets: HashMap<String, String> = table["foreign_keys"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|key| (text(&key["columns"][0]["column_name_hint"]), text(&key["referenced_table"]["name_hint"])))
        .collect();
    let columns = table["columns"].as_array().into_iter().flatten().filter_map(|column| {
        let name = column["name"].as_str()?.to_owned();
        let kind = match column["type"].as_str().unwrap_or_default() {
            "link" => Column::Link(targets.get(&name).cloned().unwrap_or_default()),
            "eas" | "file" => Column::Files,
            _ => Column::Plain,
        };
        Some((name, kind))
    });
    Table {
        name: text(&table["name"]),
        id: table["table_id"].as_u64().unwrap_or(0),
        owner: table["owned_by"]["other_table_name_hint"].as_str().map(str::to_owned),
        has_parent: is("is_hierarchical"),
        has_parents: is("polyhierarchical"),
        has_tags: is("has_tags"),
        columns: columns.collect(),
    }
}

/// Tables with records, linked ones first; among those that could come next the one with the smallest id. Where links
/// go in circles, the table with the fewest open ones begins, and links to later tables are promises.
fn order(tables: &[Table]) -> Vec<String> {
    let by_name: HashMap<&str, &Table> = tables.iter().map(|table| (table.name.as_str(), table)).collect();
    let root = |table: &Table| -> Option<String> {
        let mut table = table;
        // Owners are nested a few levels at most; a circle of them is a broken model.
        for _ in 0..tables.len() {
            match &table.owner {
                None => return Some(table.name.clone()),
                Some(owner) => table = by_name.get(owner.as_str())?,
            }
        }
        None
    };
    let mut open: BTreeMap<(u64, String), BTreeSet<String>> = BTreeMap::new();
    for table in tables.iter().filter(|table| table.owner.is_none()) {
        open.insert((table.id, table.name.clone()), BTreeSet::new());
    }
    for table in tables {
        let Some(holder) = root(table) else { continue };
        let links = table.columns.values().filter_map(|column| match column {
            Column::Link(target) if *target != holder && by_name.contains_key(target.as_str()) => Some(target.clone()),
            _ => None,
        });
        if let Some((_, needs)) = open.iter_mut().find(|((_, name), _)| *name == holder) {
            needs.extend(links);
        }
    }
    let mut order = Vec::new();
    while let Some(next) = open.iter().min_by_key(|((id, _), needs)| (needs.len(), *id)).map(|(key, _)| key.clone()) {
        open.remove(&next);
        for needs in open.values_mut() {
            needs.remove(&next.1);
        }
        order.push(next.1);
    }
    order
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn table(id: u64, name: &str, owner: Option<&str>, links: &[&str]) -> Value {
        let columns = links.iter().map(|to| json!({"kind": "column", "name": format!("to_{to}"), "type": "link"}));
        let keys = links.iter().map(
            |to| json!({"columns": [{"column_name_hint": format!("to_{to}")}], "referenced_table": {"name_hint": to}}),
        );
        let mut table = json!({"table_id": id, "name": name, "columns": columns.collect::<Vec<_>>(),
            "foreign_keys": keys.collect::<Vec<_>>()});
        if let Some(owner) = owner {
            table["owned_by"] = json!({"other_table_name_hint": owner});
        }
        table
    }

    fn ordered(tables: &[Value]) -> Vec<String> {
        Datamodel::read(&json!({ "tables": tables })).order
    }

    #[test]
    fn linked_tables_come_first_also_through_nested_ones() {
        let tables = [
            table(1, "objekt", None, &["ort", "objekt"]),
            table(2, "objekt__personen", Some("objekt"), &["person"]),
            table(3, "objekt__personen__rollen", Some("objekt__personen"), &["rolle"]),
            table(4, "ort", None, &[]),
            table(5, "person", None, &["ort"]),
            table(6, "rolle", None, &[]),
        ];
        assert_eq!(ordered(&tables), ["ort", "person", "rolle", "objekt"]);
    }

    #[test]
    fn circles_have_an_order_all_the_same() {
        let tables = [
            table(1, "a", None, &["b", "c"]),
            table(2, "b", None, &["a"]),
            table(3, "c", None, &["b"]),
            table(4, "d", None, &["a"]),
        ];
        assert_eq!(ordered(&tables), ["b", "c", "a", "d"]);
    }
}
