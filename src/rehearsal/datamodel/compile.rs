//! Compiles the documents of a data model, and refuses what does not fit together.

use std::collections::{HashMap, HashSet};

use crate::rehearsal::datamodel::table::{Column, ColumnKind, Model, Nested, Reverse, Table, UniqueKey};
use crate::rehearsal::json::Node;
use crate::rehearsal::problem::Problem;

/// The longest name that the database keeps whole.
const NAME_BYTES_MAX: usize = 63;

/// Compiles a schema (`SchemaApi`). `plugins` are those that are enabled: a custom type needs its own.
pub(super) fn compile(schema: &Node<'_>, plugins: &[String]) -> Result<Model, Problem> {
    let mut model = Model::default();
    let mut ids = HashSet::new();
    for table in schema.at("tables").list() {
        let compiled = header(table)?;
        if !ids.insert(compiled.id) {
            return Err(Problem::inconsistent(format!("the table id {} is given twice", compiled.id)));
        }
        if model.by_name.insert(compiled.name.clone(), model.tables.len()).is_some() {
            let text = format!("Duplicate object type name {}.", compiled.name);
            return Err(Problem::new(400, "SchemaDuplicateObjecttypeName", "datamodel", text));
        }
        model.tables.push(compiled);
    }
    let by_id = model.tables.iter().enumerate().map(|(at, table)| (table.id, at)).collect::<HashMap<_, _>>();
    let find = |node: &Node<'_>| {
        let id = node.number().and_then(|id| by_id.get(&id).copied());
        id.ok_or_else(|| Problem::inconsistent(format!("there is no table with the id {node}")))
    };
    let mut column_ids = HashSet::new();
    for (at, table) in schema.at("tables").list().iter().enumerate() {
        if let Some(owner) = table.get("owned_by").filter(|owner| !owner.is_null()) {
            model.tables[at].owner = Some(find(owner.at("other_table_id"))?);
        }
        let targets = targets(table, &find)?;
        for column in table.at("columns").list() {
            add_column(&mut model, at, column, &targets, &find, plugins, &mut column_ids)?;
        }
        model.tables[at].unique_keys = unique_keys(table, &model.tables[at])?;
    }
    mark_edited(&mut model, schema);
    Ok(model)
}

fn header(table: &Node<'_>) -> Result<Table, Problem> {
    let name = identifier(table.at("name"))?;
    let id = table.at("table_id").number().filter(|id| *id > 0);
    let is_on = |key: &str| table.at(key).bool().unwrap_or(false);
    Ok(Table {
        id: id.ok_or_else(|| Problem::inconsistent(format!("the table {name} has no table_id")))?,
        pool_link: is_on("pool_link"),
        has_tags: is_on("has_tags"),
        is_hierarchical: is_on("is_hierarchical"),
        is_polyhierarchical: is_on("polyhierarchical"),
        name,
        ..Table::default()
    })
}

/// Names are small letters, digits and underscores, and begin with a letter.
fn identifier(node: &Node<'_>) -> Result<String, Problem> {
    let name = node.text().unwrap_or_default();
    let is_legal = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= NAME_BYTES_MAX
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if is_legal {
        return Ok(name.to_owned());
    }
    Err(Problem::new(400, "InvalidIdentifier", "datamodel", format!("Invalid identifier {node}.")))
}

/// Where the link columns of a table lead: the id of the column, and the place of the table.
fn targets(
    table: &Node<'_>,
    find: &impl Fn(&Node<'_>) -> Result<usize, Problem>,
) -> Result<HashMap<u64, usize>, Problem> {
    let mut targets = HashMap::new();
    for key in table.at("foreign_keys").list() {
        let target = find(key.path(&["referenced_table", "table_id"]))?;
        for column in key.at("columns").list() {
            if let Some(id) = column.at("column_id").number() {
                targets.insert(id, target);
            }
        }
    }
    Ok(targets)
}

fn add_column(
    model: &mut Model,
    at: usize,
    column: &Node<'_>,
    targets: &HashMap<u64, usize>,
    find: &impl Fn(&Node<'_>) -> Result<usize, Problem>,
    plugins: &[String],
    ids: &mut HashSet<u64>,
) -> Result<(), Problem> {
    let not_null = column.at("not_null").bool().unwrap_or(false);
    match column.at("kind").text().unwrap_or("column") {
        "link" => {
            let table = find(column.at("other_table_id"))?;
            let key = format!("_nested:{}", model.tables[table].name);
            model.tables[at].nested.insert(key, Nested { table, not_null });
        }
        "reverse_link" => {
            let table = find(column.at("other_table_id"))?;
            let name = column.at("other_column_name_hint").text().unwrap_or_default().to_owned();
            let key = format!("_reverse_nested:{}:{name}", model.tables[table].name);
            let column_id = column.at("other_column_id").number().unwrap_or_default();
            let reverse = Reverse { table, column: name, column_id, is_edited: false };
            model.tables[at].reverse.insert(key, reverse);
        }
        _ => {
            let name = identifier(column.at("name"))?;
            let id = column.at("column_id").number().filter(|id| ids.insert(*id));
            let id = id.ok_or_else(|| Problem::inconsistent(format!("the id of the column {name} is not unique")))?;
            let kind = kind(column.at("type").text().unwrap_or_default(), targets.get(&id).copied(), plugins)?;
            let table = &mut model.tables[at];
            if table.columns.insert(name.clone(), Column { id, kind, not_null }).is_some() {
                return Err(Problem::inconsistent(format!("the column {name} of {} is given twice", table.name)));
            }
        }
    }
    Ok(())
}

fn kind(name: &str, target: Option<usize>, plugins: &[String]) -> Result<ColumnKind, Problem> {
    Ok(match name {
        "text" | "text_oneline" | "string" => ColumnKind::Text,
        "text_l10n" | "text_l10n_oneline" => ColumnKind::Localized,
        "number" => ColumnKind::Number,
        "integer.2" | "decimal.2" => ColumnKind::Fixed,
        "double" => ColumnKind::Double,
        "boolean" => ColumnKind::Boolean,
        "date" => ColumnKind::Date,
        "datetime" => ColumnKind::DateTime,
        "daterange" => ColumnKind::DateRange,
        "eas" | "files" => ColumnKind::Files,
        "geo_json" => ColumnKind::Geo,
        "serial" => ColumnKind::Serial,
        "link" => {
            let target = target.ok_or_else(|| Problem::inconsistent("a link column has no foreign key"))?;
            ColumnKind::Link(target)
        }
        // `custom:base.<plugin>.<type>`
        custom
            if custom.split('.').nth(1).is_some_and(|plugin| plugins.iter().any(|known| known == plugin))
                && custom.starts_with("custom:") =>
        {
            ColumnKind::Custom
        }
        unknown => {
            let problem =
                Problem::new(400, "UnknownColumnType", "datamodel", format!("Unknown column type {unknown}."));
            return Err(problem.with("type", unknown.to_owned()));
        }
    })
}

fn unique_keys(document: &Node<'_>, table: &Table) -> Result<Vec<UniqueKey>, Problem> {
    let mut keys = Vec::new();
    for (number, key) in document.at("unique_keys").list().iter().enumerate() {
        let mut columns = Vec::new();
        for part in key.at("columns").list() {
            if part.at("auto_column_parent").bool() == Some(true) {
                columns.push("_id_parent".to_owned());
                continue;
            }
            let id = part.at("column_id").number();
            let found = table.columns.iter().find(|(_, column)| Some(column.id) == id);
            let unknown = || Problem::inconsistent(format!("a unique key of {} names no column of it", table.name));
            columns.push(found.ok_or_else(unknown)?.0.clone());
        }
        let name = key.at("name").text().map_or_else(|| format!("{}_unique_{number}", table.name), str::to_owned);
        keys.push(UniqueKey { name, columns });
    }
    Ok(keys)
}

/// A reverse link is edited where the column it comes from says so.
fn mark_edited(model: &mut Model, schema: &Node<'_>) {
    let columns = schema.at("tables").list().iter().flat_map(|table| table.at("columns").list());
    let edited = columns.filter(|column| column.at("reverse_edit").bool() == Some(true));
    let edited = edited.filter_map(|column| column.at("column_id").number()).collect::<HashSet<_>>();
    for table in &mut model.tables {
        for reverse in table.reverse.values_mut() {
            reverse.is_edited = edited.contains(&reverse.column_id);
        }
    }
}
