//! Records that are only looked at: page by page, in the order of the list, each version once.

use std::sync::Arc;

use bytes::Bytes;

use crate::fylr::error::Error;
use crate::fylr::json::Unreadable;
use crate::fylr::source::ahead::{Ahead, Batch, Item, Turn};
use crate::fylr::source::delivery::Delivery;
use crate::fylr::source::looker::{LookedAt, LookedRecord, Looker, Seen, SeenRecord};
use crate::fylr::source::options::ReadOptions;
use crate::fylr::source::read::Reader;
use crate::fylr::source::records::pages::Doubles;
use crate::fylr::source::turn::{Context, Versions};

pub(super) async fn read(
    reader: &mut Reader,
    context: &Arc<Context>,
    ahead: &mut Ahead,
    (course, from): (usize, u64),
    objecttype: &str,
) -> Result<(), Error> {
    let mut doubles = Doubles::default();
    let mut page = from;
    loop {
        let mut aside = Vec::new();
        let way = &reader.way;
        let ids = reader.inventory.of(objecttype);
        let given = ahead.page(course, page, async |batch: Batch| {
            let Batch { text, items, says, aside: refused, .. } = batch;
            aside.extend(refused);
            let new = items.into_iter().zip(says).filter(|(item, _)| doubles.is_new(item, ids));
            let records = new.map(|(item, says)| LookedRecord::new(item.place, (item.id, item.version), says));
            let looked = LookedAt::new(objecttype, records.collect(), text, Arc::clone(context));
            Ok(way.send(Delivery::Looked(Box::new(looked))).await?)
        });
        let given = given.await?;
        reader.all_aside(aside);
        if given == 0 && ahead.is_end(course, page) {
            break;
        }
        page += 1;
    }
    doubles.tell(context, objecttype);
    Ok(())
}

/// Looks at the records of a page.
pub(super) fn turn(objecttype: &str, options: &ReadOptions, context: &Arc<Context>, looker: &Looker) -> Turn {
    let (objecttype, context, looker) = (objecttype.to_owned(), Arc::clone(context), Arc::clone(looker));
    let include_deleted = options.include_deleted;
    Arc::new(move |answer: &Bytes| {
        let text = std::str::from_utf8(answer).map_err(|_| Unreadable::NotJson)?;
        let seen = looker(&objecttype, text, &context)?;
        let mut batch = Batch { text: answer.clone(), given: seen.len() as u64, ..Batch::default() };
        let mut records = Vec::with_capacity(seen.len());
        for seen in seen {
            match seen {
                Seen::Record(record) => records.push(record),
                Seen::Refused(why) => batch.aside.push((format!("a record of {objecttype}"), why)),
            }
        }
        for versions in records.chunk_by_mut(|one, next| one.id == next.id) {
            let is_deleted = versions.iter().any(|version| version.is_deleted);
            let is_wanted = include_deleted || !is_deleted;
            let only_last = context.versions == Versions::Latest;
            let first = if only_last { versions.len() - 1 } else { 0 };
            versions[first..].iter_mut().filter(|_| is_wanted).for_each(|version| {
                take(version, &objecttype, only_last, &mut batch);
            });
        }
        Ok(batch)
    })
}

/// Takes a version that is wanted; where only latest ones are, they are the first ones of a backup.
fn take(version: &mut SeenRecord, objecttype: &str, only_last: bool, batch: &mut Batch) {
    match std::mem::replace(&mut version.says, Ok((0, 0))) {
        Err(why) => batch.aside.push((format!("{objecttype} {} version {}", version.id, version.version), why)),
        Ok(says) => {
            batch.says.push(says);
            batch.items.push(Item {
                place: version.place.clone(),
                id: version.id,
                version: if only_last { 1 } else { version.version },
                is_latest: version.is_latest,
                parents: Vec::new(),
                local_id: None,
                files: Vec::new(),
            });
        }
    }
}
