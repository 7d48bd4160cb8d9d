//! Browse: what stands in a folder of a snapshot, and what stands in one of its entries, page by page.

mod entry;
mod folder;

pub use entry::{Excerpt, Peek, RecordText, RecordsPage, TEXT_MAX};
pub use folder::{FOLDERS_MAX, Folder, FolderPage, Inside};
