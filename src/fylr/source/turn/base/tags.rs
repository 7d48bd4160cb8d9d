//! Tags, in their groups.

use crate::fylr::json::{Json, Members};
use crate::fylr::source::book::{Clash, References};
use crate::fylr::source::turn::base::set_reference;
use crate::fylr::source::turn::{Context, Unturnable, inner, object, people, text_at};

/// The references of all groups of tags and of all tags.
pub(crate) fn settled_tags(groups: &[Json<'_>]) -> (References, References, Vec<Clash>) {
    let own = |json: &Json<'_>| Some((json.get("_id")?.as_id()?, text_at(json, &["reference"])));
    let tags = groups.iter().flat_map(|group| group.get("_tags").map_or(&[][..], Json::items));
    let tags = tags.filter_map(|tag| own(tag.get("tag").unwrap_or(tag)));
    let (tags, mut clashes) = References::settle("tag", tags);
    let groups = groups.iter().filter_map(|group| own(group.get("taggroup")?));
    let (groups, more) = References::settle("taggroup", groups);
    clashes.extend(more);
    (groups, tags, clashes)
}

/// A group of tags with its tags. Their ids stay, the only ones that do.
pub(crate) fn tags<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut members = object(json)?;
    let (id, group) = inner(&mut members, "taggroup")?;
    set_reference(group, context.book.tag_groups.get(id));
    if let Some(Json::Array(tags)) = members.get_mut("_tags") {
        for tag in tags {
            // Some versions give tags without the envelope that they take.
            if tag.get("tag").is_none()
                && let Json::Object(flat) = tag
            {
                let acl = flat.take("_acl");
                let flat = std::mem::take(flat);
                let mut wrapped = Members::of([("_basetype", Json::string("tag")), ("tag", flat.into())]);
                if let Some(acl) = acl {
                    wrapped.set("_acl", acl);
                }
                *tag = wrapped.into();
            }
            let Some(members) = tag.members_mut() else { continue };
            people::rights(members, "_acl", context);
            let (id, tag) = inner(members, "tag")?;
            set_reference(tag, context.book.tags.get(id));
        }
    }
    Ok(members.into())
}
