//! Ids that stand inside values, where no lookup can: in rights, presets, transitions, filters, saved searches. They are
//! rewritten through the map of ids; what has no counterpart stays as it is and is noted.

use crate::fylr::json::{Json, Members};
use crate::fylr::target::ids::Base;
use crate::fylr::target::rewrite::Context;

/// Members that hold ids, or lists of them, and whose.
const ID_KEYS: [(&str, Base); 13] = [
    ("pool_ids", Base::Pool),
    ("pool_id", Base::Pool),
    ("mask_ids", Base::Mask),
    ("mask_id", Base::Mask),
    ("objecttype_ids", Base::Objecttype),
    ("objecttype_id", Base::Objecttype),
    ("column_ids", Base::Column),
    ("column_id", Base::Column),
    ("user_ids", Base::User),
    ("group_ids", Base::Group),
    ("collection_ids", Base::Collection),
    ("tag_ids", Base::Tag),
    ("mapping_id", Base::Mapping),
];
/// Ends of the names of fields that a saved search looks for ids in.
const FIELDS: [(&str, Base); 9] = [
    ("_pool.pool._id", Base::Pool),
    ("_pool._id", Base::Pool),
    ("_tags._id", Base::Tag),
    ("_owner.user._id", Base::User),
    ("_create_user.user._id", Base::User),
    ("_owner.group._id", Base::Group),
    ("_collections._id", Base::Collection),
    ("_collections.collection._id", Base::Collection),
    ("_mask._id", Base::Mask),
];
const TAG_FILTERS: [&str; 3] = ["tagfilter", "tagfilter:before", "tagfilter:after"];
/// Where a tag filter lists tags.
const TAG_LISTS: [&str; 3] = ["any", "all", "not"];
/// A list of the renditions that a right is for.
const VERSIONS: &str = "versions";

/// Rewrites whatever is hidden below `json`; `place` says for notes where that is.
pub(super) fn rewrite(json: &mut Json<'_>, place: &str, context: &Context) {
    match json {
        Json::Scalar(_) => {}
        Json::Array(items) => items.iter_mut().for_each(|item| rewrite(item, place, context)),
        Json::Object(members) => object(members, place, context),
    }
}

fn object(members: &mut Members<'_>, place: &str, context: &Context) {
    search(members, place, context);
    for (key, value) in members.iter_mut() {
        if let Some((_, base)) = ID_KEYS.iter().find(|(name, _)| *name == key) {
            ids(value, *base, place, context);
        } else if TAG_FILTERS.contains(&key) {
            tag_filter(value, place, context);
        } else if key == VERSIONS {
            versions(value, context);
        } else if key == "_global_object_id" || key == "global_object_id" {
            if let Some(id) = value.as_str().and_then(|id| global_id(&id, context)) {
                *value = Json::string(&id);
            }
        } else {
            rewrite(value, place, context);
        }
    }
}

/// One id or a list of them.
pub(super) fn ids(value: &mut Json<'_>, base: Base, place: &str, context: &Context) {
    if let Json::Array(items) = value {
        for item in items {
            ids(item, base, place, context);
        }
        return;
    }
    let Some(source) = value.as_id() else { return };
    match context.ids.get(base, source) {
        Some(target) if target == source => {}
        Some(target) => *value = Json::number(target),
        None => {
            let text = format!("{place}: the id {source} of a {base} has no counterpart and stays as it is");
            context.notes.add(text);
        }
    }
}

fn tag_filter(filter: &mut Json<'_>, place: &str, context: &Context) {
    let Some(filter) = filter.members_mut() else { return };
    filter
        .iter_mut()
        .filter(|(key, _)| TAG_LISTS.contains(key))
        .for_each(|(_, tags)| ids(tags, Base::Tag, place, context));
}

/// Renditions by class and name.
fn versions(value: &mut Json<'_>, context: &Context) {
    let Json::Array(names) = value else { return };
    names.retain_mut(|name| {
        let renamed = name.as_str().map(|text| context.options.renames.in_right(&text));
        match renamed {
            Some(Some(renamed)) => *name = Json::string(&renamed),
            Some(None) => return false,
            None => {}
        }
        true
    });
}

/// An element of a saved search: `{"type": "in", "fields": ["_pool.pool._id"], "in": [3]}`.
fn search(members: &mut Members<'_>, place: &str, context: &Context) {
    let fields = members.get("fields").map_or(&[][..], Json::items);
    let field = fields.first().and_then(|field| field.as_str().map(std::borrow::Cow::into_owned));
    let Some(field) = field else { return };
    let base = FIELDS.iter().find(|(end, _)| field.ends_with(end)).map(|(_, base)| *base);
    let Some(values) = members.get_mut("in") else { return };
    if let Some(base) = base {
        ids(values, base, place, context);
    } else if field.ends_with("_global_object_id")
        && let Json::Array(values) = values
    {
        for value in values {
            if let Some(id) = value.as_str().and_then(|id| global_id(&id, context)) {
                *value = Json::string(&id);
            }
        }
    }
}

/// `5@source` as the target says it; `None` for records of other instances.
pub(crate) fn global_id(id: &str, context: &Context) -> Option<String> {
    let (number, instance) = id.split_once('@')?;
    let is_own = context.origins.instance_id.as_deref() == Some(instance);
    is_own.then(|| format!("{number}@{}", context.instance_id))
}
