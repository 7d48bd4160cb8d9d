//! The data model: the documents as they were sent, HEAD and CURRENT, and the compiled form that records are checked
//! against.

mod commit;
mod compile;
mod documents;
mod masks;
mod table;

pub(in crate::rehearsal) use commit::{commit, table_names};
pub(in crate::rehearsal) use documents::{
    Documents, get_l10n, get_mask, get_schema, post_l10n, post_mask, post_schema,
};
pub(in crate::rehearsal) use table::{Column, ColumnKind, Model, Reverse, Table, UniqueKey};
