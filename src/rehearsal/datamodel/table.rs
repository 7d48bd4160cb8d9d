//! The compiled data model: tables by name, columns by name, and what links where.

use std::collections::HashMap;

/// All tables. A table is known by its place.
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub tables: Vec<Table>,
    pub by_name: HashMap<String, usize>,
}

#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the data model")]
pub struct Table {
    pub id: u64,
    pub name: String,
    pub pool_link: bool,
    pub has_tags: bool,
    pub is_hierarchical: bool,
    pub is_polyhierarchical: bool,
    /// The table that nested rows live in.
    pub owner: Option<usize>,
    pub columns: HashMap<String, Column>,
    /// By the key in a record: `_nested:<table>`.
    pub nested: HashMap<String, Nested>,
    /// By the key in a record: `_reverse_nested:<table>:<column>`.
    pub reverse: HashMap<String, Reverse>,
    pub unique_keys: Vec<UniqueKey>,
    /// Names of the masks, beside `_all_fields`.
    pub masks: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Column {
    pub id: u64,
    pub kind: ColumnKind,
    pub not_null: bool,
}

/// What a column holds, by the name of its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnKind {
    /// `text`, `text_oneline`, `string`
    Text,
    /// `text_l10n`, `text_l10n_oneline`
    Localized,
    /// `number`: a whole number of 64 bits
    Number,
    /// `integer.2`, `decimal.2`: a whole number of 64 bits that counts hundredths
    Fixed,
    /// `double`
    Double,
    Boolean,
    Date,
    DateTime,
    DateRange,
    /// `eas`, `files`
    Files,
    /// `link`, to a table
    Link(usize),
    /// `geo_json`
    Geo,
    /// `serial`
    Serial,
    /// `custom:…`, of a plugin
    Custom,
}

#[derive(Debug, Clone, Copy)]
pub struct Nested {
    pub table: usize,
    pub not_null: bool,
}

/// Records of another table that link here, seen from here.
#[derive(Debug, Clone)]
pub struct Reverse {
    pub table: usize,
    pub column: String,
    pub column_id: u64,
    /// Whether they are edited with this record; only then are those that are left out deleted.
    pub is_edited: bool,
}

/// Columns whose values together must be unique.
#[derive(Debug, Clone)]
pub struct UniqueKey {
    pub name: String,
    pub columns: Vec<String>,
}

impl Model {
    #[must_use]
    pub fn find(&self, name: &str) -> Option<(usize, &Table)> {
        let at = *self.by_name.get(name)?;
        Some((at, &self.tables[at]))
    }

    /// The table of records with this name; nested tables are none.
    #[must_use]
    pub fn objecttype(&self, name: &str) -> Option<(usize, &Table)> {
        self.find(name).filter(|(_, table)| table.owner.is_none())
    }

    #[must_use]
    pub fn by_id(&self, id: u64) -> Option<&Table> {
        self.tables.iter().find(|table| table.id == id)
    }
}

impl Table {
    #[must_use]
    pub fn has_mask(&self, mask: &str) -> bool {
        mask == "_all_fields" || self.masks.iter().any(|known| known == mask)
    }
}
