//! Masks: which are there, and the one of all fields, which every table has.

use crate::rehearsal::datamodel::table::Model;
use crate::rehearsal::json::{Doc, Node, object};
use crate::rehearsal::problem::Problem;

/// Checks the masks of a document and puts their names into the model.
pub(super) fn add(model: &mut Model, masks: &Node<'_>) -> Result<(), Problem> {
    for table in &mut model.tables {
        table.masks.clear();
    }
    for mask in masks.at("masks").list() {
        let name = mask.at("name").text().unwrap_or_default().to_owned();
        let id = mask.at("table_id").number();
        let Some(table) = model.tables.iter_mut().find(|table| Some(table.id) == id) else {
            return Err(Problem::inconsistent(format!("the mask {name} belongs to no table")));
        };
        if table.masks.contains(&name) {
            let text = format!("Duplicate mask name {name}.");
            return Err(Problem::new(400, "SchemaDuplicateMaskName", "datamodel", text));
        }
        table.masks.push(name);
    }
    for table in model.tables.iter().filter(|table| !table.masks.is_empty()) {
        let of_table = |mask: &&Node<'_>| mask.at("table_id").number() == Some(table.id);
        let preferred = masks.at("masks").list().iter().filter(of_table);
        if preferred.filter(|mask| mask.at("is_preferred").bool() == Some(true)).count() != 1 {
            let text = format!("The object type {} must have exactly one preferred mask.", table.name);
            return Err(Problem::new(400, "ObjecttypeMustHaveExtactlyOnePreferredMask", "datamodel", text));
        }
    }
    Ok(())
}

/// The generated masks with all fields, one for each table.
pub(super) fn all_fields(schema: &Node<'_>) -> Doc {
    let tables = schema.at("tables").list().iter();
    let masks = tables.map(|table| {
        let columns = table.at("columns").list().iter().filter(|column| column.at("kind").text() == Some("column"));
        let fields = columns.map(|column| {
            object([
                ("kind", "field".into()),
                ("column_id", column.at("column_id").to_doc()),
                ("column_name_hint", column.at("name").to_doc()),
            ])
        });
        object([
            ("name", "_all_fields".into()),
            ("table_id", table.at("table_id").to_doc()),
            ("table_name_hint", table.at("name").to_doc()),
            ("is_preferred", false.into()),
            ("fields", Node::List(fields.collect())),
        ])
    });
    object([("type", "user".into()), ("version", 1_u64.into()), ("masks", Node::List(masks.collect()))])
}
