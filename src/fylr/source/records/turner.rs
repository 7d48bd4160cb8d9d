//! The turning of a page: what the API gives for so many records, as the items of a payload.

use std::sync::Arc;

use bytes::Bytes;

use crate::fylr::json::{Elements, Json, Unreadable, elements};
use crate::fylr::source::ahead::{Batch, Item, Turn};
use crate::fylr::source::options::ReadOptions;
use crate::fylr::source::payload::Form;
use crate::fylr::source::turn::{self, Context, Glance, Versions};

/// Turns the records of a page, or, where levels come first, keeps them as they are.
pub(super) fn turner(
    objecttype: &str,
    options: &ReadOptions,
    context: &Arc<Context>,
    form: Form,
    is_raw: bool,
) -> Turn {
    let turner = Turner {
        objecttype: objecttype.to_owned(),
        context: Arc::clone(context),
        include_deleted: options.include_deleted,
        form,
        is_raw,
    };
    Arc::new(move |answer: &Bytes| turner.page(answer))
}

/// How the records of an objecttype are turned.
struct Turner {
    objecttype: String,
    context: Arc<Context>,
    include_deleted: bool,
    form: Form,
    is_raw: bool,
}

/// The versions of one record: the text, what is known of each, and each taken apart.
type Group<'t> = Vec<(&'t str, Glance, Json<'t>)>;

impl Turner {
    fn page(&self, answer: &[u8]) -> Result<Batch, Unreadable> {
        let text = std::str::from_utf8(answer).map_err(|_| Unreadable::NotJson)?;
        let mut turning = Turning::new(self, answer.len());
        for element in Elements::of(text) {
            match element {
                Ok((text, json)) => turning.take(text, json),
                Err(Unreadable::TooDeep) => return self.one_by_one(answer),
                Err(error) => return Err(error),
            }
        }
        Ok(turning.finish())
    }

    /// The same for a page of which a record cannot be taken apart: that one is set aside.
    fn one_by_one(&self, answer: &[u8]) -> Result<Batch, Unreadable> {
        let mut turning = Turning::new(self, answer.len());
        for text in elements(answer)? {
            match Json::parse(text) {
                Ok(json) => turning.take(text, json),
                Err(error) => turning.refuse(error.to_string()),
            }
        }
        Ok(turning.finish())
    }
}

/// A page that is being turned, record by record: what has been written is not held in parts any more.
struct Turning<'a, 't> {
    turner: &'a Turner,
    group: Group<'t>,
    out: Vec<u8>,
    batch: Batch,
}

impl<'a, 't> Turning<'a, 't> {
    fn new(turner: &'a Turner, length: usize) -> Self {
        // Turned records are hardly longer than they were.
        Self { turner, group: Vec::new(), out: Vec::with_capacity(length), batch: Batch::default() }
    }

    /// The next version of a record, or the first one of the next record. What cannot be understood is set aside.
    fn take(&mut self, text: &'t str, json: Json<'t>) {
        match turn::glance(&json, &self.turner.objecttype) {
            Err(error) => self.refuse(error.to_string()),
            Ok(glance) => {
                if self.group.first().is_some_and(|(_, first, _)| first.system_id != glance.system_id) {
                    self.versions();
                }
                self.batch.given += 1;
                self.group.push((text, glance, json));
            }
        }
    }

    fn refuse(&mut self, why: String) {
        self.batch.given += 1;
        self.batch.aside.push((format!("a record of {}", self.turner.objecttype), why));
    }

    fn finish(mut self) -> Batch {
        self.versions();
        self.batch.text = self.out.into();
        self.batch
    }

    /// Writes the versions of the record that are wanted.
    fn versions(&mut self) {
        let Turner { objecttype, context, include_deleted, form, is_raw } = self.turner;
        let count = self.group.len();
        let is_deleted = self.group.iter().any(|(_, glance, _)| glance.is_deleted);
        for (at, (text, glance, json)) in self.group.drain(..).enumerate() {
            let is_last = at + 1 == count;
            if (is_deleted && !include_deleted) || (!is_last && context.versions == Versions::Latest) {
                continue;
            }
            let json = with_mark(json, is_last && glance.is_latest, context);
            let item = if *is_raw {
                Ok(raw(text, glance, &json, &mut self.out))
            } else {
                item(json, &glance, (objecttype, None), context, (*form, &mut self.out))
            };
            match item {
                Ok(item) => self.batch.items.push(item),
                Err(aside) => self.batch.aside.push(aside),
            }
        }
    }
}

/// easydb5 marks only the latest version; here every version says whether it is.
fn with_mark<'t>(mut json: Json<'t>, is_latest: bool, context: &Context) -> Json<'t> {
    if let Some(members) = json.members_mut().filter(|_| context.versions == Versions::All)
        && members.get("_latest_version").is_none()
    {
        members.set("_latest_version", Json::bool(is_latest));
    }
    json
}

fn raw(text: &str, glance: Glance, json: &Json<'_>, out: &mut Vec<u8>) -> Item {
    let start = out.len();
    if json.get("_latest_version").is_none() || text.contains("\"_latest_version\"") {
        out.extend_from_slice(text.as_bytes());
    } else {
        json.write(out, None);
    }
    Item {
        place: start..out.len(),
        id: glance.system_id,
        version: glance.version,
        is_latest: glance.is_latest,
        parents: glance.parents,
        local_id: glance.id,
        files: Vec::new(),
    }
}

/// Turns a record, and writes it behind what separates it from the one before.
pub(super) fn item(
    json: Json<'_>,
    glance: &Glance,
    (objecttype, parent): (&str, Option<u64>),
    context: &Context,
    (form, out): (Form, &mut Vec<u8>),
) -> Result<Item, (String, String)> {
    let turned = turn::record(json, objecttype, parent, context).map_err(|error| {
        (format!("{objecttype} {} version {}", glance.system_id, glance.version), error.to_string())
    })?;
    out.extend_from_slice(form.separator());
    let start = out.len();
    turned.json.write(out, form.indent());
    Ok(Item {
        place: start..out.len(),
        id: glance.system_id,
        version: glance.version,
        is_latest: glance.is_latest,
        parents: Vec::new(),
        local_id: None,
        files: turned.files,
    })
}
