//! What stands in a folder of a snapshot.

use maud::{Markup, html};
use serde_json::{Value, json};

use crate::archive::{Body, Row};
use crate::jobs::browse::{FOLDERS_MAX, Folder, FolderPage};
use crate::jobs::view;
use crate::model::path::EntryPath;
use crate::web::address;
use crate::web::answer::Refusal;
use crate::web::backup::chosen::Chosen;
use crate::web::backup::download;
use crate::web::backup::page::home;
use crate::web::look::table::{Column, table};
use crate::web::look::{Crumb, Pager, Tone, notice};
use crate::web::query::Query;
use crate::web::site::Site;
use crate::web::words::{Language, backups as words};

/// Files of a page.
const FILES_SHOWN: usize = 200;

/// A page of a folder.
pub(super) struct Listing {
    /// `None` is the root.
    pub path: Option<EntryPath>,
    page: u64,
    found: FolderPage,
}

impl Listing {
    /// # Errors
    /// When there is no such folder, or it cannot be read.
    pub fn look(site: &Site, chosen: &Chosen, path: Option<EntryPath>, query: &Query) -> Result<Self, Refusal> {
        let page = query.page();
        let folder = Folder {
            snapshot: chosen.snapshot_name(),
            path: path.clone(),
            offset: (page - 1).saturating_mul(FILES_SHOWN as u64),
            limit: FILES_SHOWN,
        };
        Ok(Self { path, page, found: folder.run(&site.archive)? })
    }

    /// The folder's path as fylr tells it.
    pub fn sub_path(&self) -> String {
        self.path.as_ref().map(ToString::to_string).unwrap_or_default()
    }

    /// The way back from here.
    pub fn crumbs(&self, chosen: &Chosen, language: Language) -> Vec<Crumb> {
        crumbs(chosen, self.path.as_ref(), language)
    }

    /// Folders and files for scripts.
    pub fn twin(&self) -> Value {
        let name = |path: &EntryPath| String::from_utf8_lossy(path.name()).into_owned();
        let folders = self.found.folders.iter().map(|folder| {
            json!({ "Name": name(&folder.path), "IsDir": true, "Size": folder.bytes, "Entries": folder.entries })
        });
        let files = self.found.files.iter().map(|row| {
            let size = if let Body::File(file) = &row.body { file.size } else { 0 };
            json!({ "Name": name(&row.head.path), "IsDir": false, "Size": size, "Entry": view::entry(row) })
        });
        folders.chain(files).collect()
    }

    pub fn draw(&self, chosen: &Chosen, language: Language) -> Markup {
        let columns = [
            Column::Name(language.say(words::NAME)),
            Column::Text(language.say(words::ROLE)),
            Column::Figure(language.say(words::RECORDS)),
            Column::Figure(language.say(words::SIZE)),
            Column::Text(language.say(words::DOWNLOAD_ENTRY)),
        ];
        let mut rows: Vec<Vec<Markup>> = Vec::new();
        if self.page == 1 {
            rows.extend(self.folders(chosen, language));
        }
        rows.extend(self.found.files.iter().map(|row| file(row, chosen, language)));
        let path = address::folder(&chosen.name, chosen.snapshot.number, self.path.as_ref());
        let pager = Pager {
            language,
            path: path.split('#').next().unwrap_or_default(),
            page: self.page,
            size: FILES_SHOWN as u64,
            shown: self.found.files.len() as u64,
            total: Some(self.found.file_count),
        };
        html! {
            @if rows.is_empty() {
                p.lead { (language.say(words::NOTHING_HERE)) }
            } @else {
                (table("files", &columns, &rows))
            }
            @if self.found.has_more_folders {
                @let max = language.number(FOLDERS_MAX as u64);
                (notice(Tone::Plain, html! { p { (language.fill(words::FOLDERS_MORE, &[&max])) } }))
            }
            (pager.draw())
        }
    }

    fn folders(&self, chosen: &Chosen, language: Language) -> impl Iterator<Item = Vec<Markup>> {
        let number = chosen.snapshot.number;
        self.found.folders.iter().map(move |folder| {
            let address = address::folder(&chosen.name, number, Some(&folder.path));
            vec![
                html! { a.path href=(address) { (shown_name(&folder.path)) "/" } },
                html! { (language.say(words::FOLDER)) },
                html! {},
                html! { (language.bytes(folder.bytes)) },
                html! {},
            ]
        })
    }
}

fn file(row: &Row, chosen: &Chosen, language: Language) -> Vec<Markup> {
    let path = &row.head.path;
    let address = address::entry(&chosen.name, chosen.snapshot.number, path);
    let (records, size, has_bytes) = match &row.body {
        Body::File(file) => {
            let records = file.records.as_ref().map(|records| language.number(records.count)).unwrap_or_default();
            (records, language.bytes(file.size), true)
        }
        Body::Folder => (String::new(), language.say(words::EMPTY_FOLDER).to_owned(), false),
        Body::Missing => (String::new(), language.say(words::MISSING).to_owned(), false),
    };
    vec![
        html! { a.path href=(address) { (shown_name(path)) } },
        html! { (row.head.role.name()) },
        html! { (records) },
        html! { (size) },
        html! {
            @if has_bytes {
                a href={ (address) "&" (download::QUERY_RAW) "=1" } download { (language.say(words::DOWNLOAD_ENTRY)) }
            }
        },
    ]
}

/// The last part of a path, without what would reorder or break the line.
pub(super) fn shown_name(path: &EntryPath) -> String {
    EntryPath::new(path.name()).map_or_else(|_| path.to_string(), |name| name.to_string())
}

/// The way back to the backup, through all folders above `path`.
pub(super) fn crumbs(chosen: &Chosen, path: Option<&EntryPath>, language: Language) -> Vec<Crumb> {
    let number = chosen.snapshot.number;
    let mut crumbs = home(language);
    crumbs.push(Crumb { label: chosen.name.clone(), path: address::snapshot(&chosen.name, number) });
    let bytes = path.map(EntryPath::as_bytes).unwrap_or_default();
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
        if let Ok(folder) = EntryPath::new(&bytes[..at]) {
            let path = address::folder(&chosen.name, number, Some(&folder));
            crumbs.push(Crumb { label: shown_name(&folder), path });
        }
    }
    crumbs
}
