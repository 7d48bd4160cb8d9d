//! The records of all objecttypes, in the order of restoring: those that others link to first, hierarchies level by
//! level, the versions of a record one after the other.

mod hierarchy;
mod looks;
mod pages;
mod turner;

use std::collections::HashSet;
use std::sync::Arc;

use crate::fylr::error::Error;
use crate::fylr::request::{Request, Shape};
use crate::fylr::source::ahead::{Ahead, Course};
use crate::fylr::source::datamodel::Table;
use crate::fylr::source::download;
use crate::fylr::source::list::List;
use crate::fylr::source::plan::Objecttype;
use crate::fylr::source::read::Reader;
use crate::fylr::source::records::turner::turner;
use crate::fylr::source::resume::LEVEL;
use crate::fylr::source::turn::{Context, FileSource};
use crate::fylr::version::Version;

/// From here on fylr tells the real addresses of files that are left on remote servers.
const REAL_URLS: Version = Version::new(6, 34, 0);
/// From here on it signs the URLs of files for as long as it is asked to.
const SIGNED_URLS: Version = Version::new(6, 8, 0);

pub(crate) async fn read(reader: &mut Reader, context: &Arc<Context>) -> Result<(), Error> {
    let objecttypes = reader.source.objecttypes.clone();
    let courses = objecttypes.iter().map(|objecttype| course(reader, objecttype, context)).collect::<Vec<_>>();
    let starts: Vec<u64> = courses.iter().map(|course| course.from).collect();
    let mut ahead = Ahead::new(reader.asker.clone(), courses, reader.options.workers);
    for (at, objecttype) in objecttypes.iter().enumerate() {
        reader.phase(&objecttype.name, objecttype.total.unwrap_or(0)).await?;
        if !reader.state.finished.contains(&objecttype.name) {
            if reader.looker.is_some() && !is_hierarchical(reader, &objecttype.name) {
                looks::read(reader, context, &mut ahead, (at, starts[at]), &objecttype.name).await?;
            } else if is_hierarchical(reader, &objecttype.name) {
                hierarchy::read(reader, context, &mut ahead, at, &objecttype.name).await?;
            } else {
                pages::read(reader, context, &mut ahead, (at, starts[at]), &objecttype.name).await?;
            }
        }
        ahead.ended(at);
        compare(reader, objecttype);
        reader.finished(&objecttype.name).await?;
    }
    Ok(())
}

fn is_hierarchical(reader: &Reader, objecttype: &str) -> bool {
    reader.source.model.table(objecttype).is_some_and(Table::is_hierarchical)
}

/// How to read an objecttype.
fn course(reader: &Reader, objecttype: &Objecttype, context: &Arc<Context>) -> Course {
    let options = &reader.options;
    // Without their history deleted records cannot be had.
    let wants_history = options.all_versions || options.include_deleted;
    let mut request = Request::get(format!("db/{}/_all_fields/list", objecttype.name), Shape::Array)
        .with("format", "long")
        .with("skip_reverse_nested", 1);
    if wants_history {
        request = request.with("all_versions", 1);
    }
    if reader.client.instance().is_fylr(REAL_URLS) {
        request = request.with("files_real_url", 1);
    }
    if let Some(days) = options.url_days.filter(|_| reader.client.instance().is_fylr(SIGNED_URLS)) {
        request = request.with("file_url_expire", days);
    }
    let is_raw = is_hierarchical(reader, &objecttype.name);
    let list = List::new(&objecttype.name, request, options.chunk_size).at_most(options.maximum_count).kept(is_raw);
    let wanted = options.maximum_count.unwrap_or(u64::MAX);
    let pages = objecttype.total.map_or(0, |total| total.min(wanted).div_ceil(options.chunk_size));
    // Of what is complete nothing is asked for.
    let pages = if reader.state.finished.contains(&objecttype.name) { 0 } else { pages };
    let from = start(reader, &objecttype.name, is_raw);
    let turn = match &reader.looker {
        Some(looker) if !is_raw => looks::turn(&objecttype.name, options, context, looker),
        _ => turner(&objecttype.name, options, context, reader.form, is_raw),
    };
    Course { list: Arc::new(list), turn, from, pages }
}

/// The first page that is not there yet.
fn start(reader: &Reader, objecttype: &str, is_raw: bool) -> u64 {
    if is_raw {
        return 0;
    }
    // Pages without a record that is wanted leave no payload, so the last one that is there counts.
    let mut from = 0;
    let mut missing = 0;
    let mut page = 0;
    while missing < GAP_MAX {
        if reader.resume.has(&reader.form.head(&batch_name(objecttype, None, page)).path) {
            from = page + 1;
            missing = 0;
        } else {
            missing += 1;
        }
        page += 1;
    }
    from
}

/// So many pages in a row without a single record that is wanted are looked over when a backup goes on.
const GAP_MAX: u64 = 1000;

fn batch_name(objecttype: &str, level: Option<u32>, page: u64) -> String {
    let level = level.map_or_else(String::new, |level| format!("{LEVEL}{level:02}"));
    format!("db__{objecttype}{level}__batch_{:04}", page + 1)
}

/// Counts the records that are there, and says so when the source seems to have more.
fn compare(reader: &mut Reader, objecttype: &Objecttype) {
    let found = reader.inventory.of(&objecttype.name).len();
    reader.state.report.records.insert(objecttype.name.clone(), found);
    let wanted = reader.options.maximum_count.unwrap_or(u64::MAX);
    if let Some(total) = objecttype.total.filter(|total| (*total).min(wanted) > found) {
        let name = &objecttype.name;
        reader.limit(format!("{name}: {found} records were read, the search of the source knows {total}"));
    }
}

/// Files in the order of their records, each once.
pub(crate) fn distinct(files: Vec<FileSource>, seen: &mut HashSet<u64>) -> Vec<FileSource> {
    files.into_iter().filter(|file| seen.insert(download::key(&file.path))).collect()
}
