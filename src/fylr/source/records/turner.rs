//! The turning of a page: what the API gives for so many records, as the items of a payload.

use std::sync::Arc;

use crate::fylr::json::{Json, Unreadable, elements, parsed_elements};
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
    Arc::new(move |answer: &[u8]| turner.page(answer))
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
        let mut batch = Batch::default();
        let records = match parsed_elements(text) {
            Err(Unreadable::TooDeep) => self.one_by_one(answer, &mut batch)?,
            records => records?,
        };
        batch.given += records.len() as u64;
        // Turned records are hardly longer than they were.
        let mut out = Vec::with_capacity(answer.len());
        for group in self.groups(records, &mut batch.aside) {
            if self.include_deleted || !group.iter().any(|(_, glance, _)| glance.is_deleted) {
                self.versions(group, &mut out, &mut batch);
            }
        }
        batch.text = out.into();
        Ok(batch)
    }

    /// The records of a page, each by itself; one that cannot be taken apart is set aside.
    fn one_by_one<'t>(&self, answer: &'t [u8], batch: &mut Batch) -> Result<Vec<(&'t str, Json<'t>)>, Unreadable> {
        let mut records = Vec::new();
        for text in elements(answer)? {
            match Json::parse(text) {
                Ok(json) => records.push((text, json)),
                Err(error) => {
                    batch.given += 1;
                    batch.aside.push((format!("a record of {}", self.objecttype), error.to_string()));
                }
            }
        }
        Ok(records)
    }

    /// The records of a page with their versions. What cannot be understood is set aside.
    fn groups<'t>(&self, records: Vec<(&'t str, Json<'t>)>, aside: &mut Vec<(String, String)>) -> Vec<Group<'t>> {
        let mut groups: Vec<Group<'t>> = Vec::with_capacity(records.len());
        for (text, json) in records {
            match turn::glance(&json, &self.objecttype) {
                Err(error) => aside.push((format!("a record of {}", self.objecttype), error.to_string())),
                Ok(glance) => match groups.last_mut() {
                    Some(group) if group[0].1.system_id == glance.system_id => group.push((text, glance, json)),
                    _ => groups.push(vec![(text, glance, json)]),
                },
            }
        }
        groups
    }

    /// The versions of one record that are wanted.
    fn versions(&self, group: Group<'_>, out: &mut Vec<u8>, batch: &mut Batch) {
        let last = group.len() - 1;
        for (at, (text, glance, json)) in group.into_iter().enumerate() {
            if at < last && self.context.versions == Versions::Latest {
                continue;
            }
            let json = with_mark(json, at == last && glance.is_latest, &self.context);
            let item = if self.is_raw {
                Ok(raw(text, glance, &json, out))
            } else {
                item(json, &glance, (&self.objecttype, None), &self.context, (self.form, out))
            };
            match item {
                Ok(item) => batch.items.push(item),
                Err(aside) => batch.aside.push(aside),
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
