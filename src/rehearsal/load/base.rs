//! Base types: posted as they stand, but for ids that are new here and for references to what comes later.

use std::collections::HashMap;

use axum::http::Method;

use crate::model::payload::PayloadKind;
use crate::rehearsal::json::{Doc, Node, object};
use crate::rehearsal::load::error::Stop;
use crate::rehearsal::load::events;
use crate::rehearsal::load::files::Staged;
use crate::rehearsal::load::poster::Poster;

/// Answers to what a real server would ask back.
const CONFIRMED: [(&str, &str); 6] = [
    ("confirm", "ignore_password_requirements"),
    ("allow_invalid_acl", "true"),
    ("background_invalid_acl", "true"),
    ("delete_policy", "remove_tags"),
    ("skip_constraints", "1"),
    ("skip_index", "1"),
];
/// What a thing refers to that may come later.
const LATER: [&str; 3] = ["_acl", "_owner", "_groups"];

#[derive(Default)]
pub(super) struct Ids {
    mappings: HashMap<u64, u64>,
    presets: HashMap<u64, u64>,
    /// Things that are sent once more at the end: end point, and the update without its version.
    later: Vec<(&'static str, &'static str, Doc)>,
    /// The whole set of tags, whose ACLs name groups that come later.
    tags_again: Option<Vec<Doc>>,
    /// What the backup does not have all of, or the instance has already.
    pub left_out: Vec<String>,
}

impl Ids {
    /// Posts the items of one payload.
    pub fn post(
        &mut self,
        poster: &Poster<'_>,
        staged: &mut Staged,
        kind: &PayloadKind,
        mut items: Vec<Doc>,
    ) -> Result<(), Stop> {
        items.iter_mut().try_for_each(|item| staged.replace(poster, item))?;
        let list = |method: &Method, path: &str, items: Vec<Doc>| {
            poster.send(method, path, &CONFIRMED, &Node::List(items)).map(drop)
        };
        match kind {
            PayloadKind::Plugins => items.into_iter().try_for_each(|plugin| self.plugin(poster, plugin)),
            PayloadKind::Tags => self.tags(poster, items),
            PayloadKind::Groups => self.each(poster, "/group", "group", items),
            PayloadKind::Users => self.each(poster, "/user", "user", items),
            PayloadKind::ObjectPresets => self.presets(poster, "/right/object/presets", items),
            PayloadKind::CollectionPresets => self.presets(poster, "/right/collection/presets", items),
            PayloadKind::Mappings => items.into_iter().try_for_each(|mapping| self.mapping(poster, mapping)),
            PayloadKind::Pools => self.each(poster, "/pool", "pool", items),
            PayloadKind::Objecttypes => self.objecttypes(poster, items),
            PayloadKind::Transitions => {
                for transition in &mut items {
                    transition.take("_id");
                }
                list(&Method::POST, "/transitions", items)
            }
            PayloadKind::Messages => list(&Method::POST, "/message", items),
            PayloadKind::Collections => self.collections(poster, items),
            PayloadKind::CollectionObjects => items.into_iter().try_for_each(|item| objects(poster, &item)),
            PayloadKind::Publications => Self::publications(poster, items),
            PayloadKind::Events => self.events(poster, items),
            PayloadKind::Records | PayloadKind::Unknown(_) => {
                Err(Stop::Wrong(format!("payloads of kind \"{kind}\" are unknown")))
            }
        }
    }

    /// Tags come first, and their ACLs may name groups: then the set is sent again at the end.
    fn tags(&mut self, poster: &Poster<'_>, items: Vec<Doc>) -> Result<(), Stop> {
        match poster.send(&Method::POST, "/tags", &CONFIRMED, &Node::List(items.clone())) {
            Err(Stop::Refused { problem, .. }) if problem.code == "LookupNotFound" => {}
            other => return other.map(drop),
        }
        let mut bare = items.clone();
        for group in &mut bare {
            if let Some(Node::List(tags)) = group.get_mut("_tags") {
                for tag in tags {
                    tag.take("_acl");
                }
            }
        }
        self.tags_again = Some(items);
        poster.send(&Method::POST, "/tags", &CONFIRMED, &Node::List(bare)).map(drop)
    }

    fn plugin(&mut self, poster: &Poster<'_>, plugin: Doc) -> Result<(), Stop> {
        let name = plugin.at("name").text().unwrap_or("?").to_owned();
        let kind = plugin.at("type").text().unwrap_or_default();
        if kind == "disk" || plugin.at("auto_added").bool() == Some(true) {
            self.left_out.push(format!("plugin {name}: one on disk cannot be installed"));
            return Ok(());
        }
        if kind == "zip" && plugin.path(&["zip_file", "_id"]).is_null() {
            self.left_out.push(format!("plugin {name}: its zip is not part of the backup"));
            return Ok(());
        }
        let mut plugin = plugin;
        plugin.take("id");
        poster.send(&Method::PUT, "/plugin/manage", &[], &plugin).map(drop)
    }

    /// Groups, users and pools, one by one. What is there from the beginning is updated.
    fn each(
        &mut self,
        poster: &Poster<'_>,
        path: &'static str,
        name: &'static str,
        items: Vec<Doc>,
    ) -> Result<(), Stop> {
        for mut item in items {
            let reference = item.at(name).at("reference").text().unwrap_or_default().to_owned();
            if let Some(block) = item.get_mut(name) {
                block.take("_id");
            }
            if reference.starts_with("system:") && !Self::update_system(poster, name, &reference, &mut item) {
                self.left_out.push(format!("{name} {reference}: this instance has none"));
                continue;
            }
            if name == "pool" {
                self.map_ids(&mut item, name);
            }
            let pins = item.take("_collection_pin_codes").filter(|pins| !pins.list().is_empty());
            let mut later = object([]);
            if let Some(pins) = pins {
                later.set("_collection_pin_codes", pins);
            }
            let one = Node::List(vec![item.clone()]);
            match poster.send(&Method::POST, path, &CONFIRMED, &one) {
                Err(Stop::Refused { problem, .. }) if problem.code == "LookupNotFound" && name != "pool" => {
                    for key in LATER {
                        if let Some(value) = item.take(key) {
                            later.set(key, value);
                        }
                    }
                    poster.send(&Method::POST, path, &CONFIRMED, &Node::List(vec![item]))?;
                }
                other => drop(other?),
            }
            if !later.members().is_empty() {
                let lookup = object([("lookup:_id", object([("reference", reference.into())]))]);
                later.set("_basetype", name);
                later.set(name, lookup);
                self.later.push((path, name, later));
            }
        }
        Ok(())
    }

    /// Makes an item an update of what the instance has; `false`: it has no such thing.
    fn update_system(poster: &Poster<'_>, name: &str, reference: &str, item: &mut Doc) -> bool {
        let state = poster.shared.read();
        let shelf = match name {
            "user" => &state.users,
            "group" => &state.groups,
            _ => &state.pools,
        };
        let Some(known) = shelf.by_reference(reference).and_then(|id| shelf.get(id)) else { return false };
        let version = known.version + 1;
        // The password that the instance was started with stays, and so does the login.
        for key in ["_password_hash", "_password", "_created_at"] {
            item.take(key);
        }
        if let Some(block) = item.get_mut(name) {
            for key in ["login", "is_system_pool", "type"] {
                block.take(key);
            }
            block.set("lookup:_id", object([("reference", reference.to_owned().into())]));
            block.set("_version", version);
        }
        true
    }

    /// Sends what had to wait.
    pub fn finish(&mut self, poster: &Poster<'_>) -> Result<(), Stop> {
        if let Some(tags) = self.tags_again.take() {
            poster.send(&Method::POST, "/tags", &CONFIRMED, &Node::List(tags))?;
        }
        for (path, name, mut item) in std::mem::take(&mut self.later) {
            let version = {
                let state = poster.shared.read();
                let shelf = if name == "user" { &state.users } else { &state.groups };
                let reference = item.at(name).path(&["lookup:_id", "reference"]).text().unwrap_or_default();
                shelf.by_reference(reference).and_then(|id| shelf.get(id)).map_or(1, |known| known.version + 1)
            };
            if let Some(block) = item.get_mut(name) {
                block.set("_version", version);
            }
            poster.send(&Method::POST, path, &CONFIRMED, &Node::List(vec![item]))?;
        }
        Ok(())
    }

    fn presets(&mut self, poster: &Poster<'_>, path: &str, items: Vec<Doc>) -> Result<(), Stop> {
        for mut preset in items {
            let source =
                preset.get_mut("right_preset").and_then(|preset| preset.take("_id")).and_then(|id| id.number());
            let saved = poster.send(&Method::POST, path, &CONFIRMED, &Node::List(vec![preset]))?;
            let here = saved.list().first().and_then(|preset| preset.path(&["right_preset", "_id"]).number());
            if let (Some(source), Some(here)) = (source, here) {
                self.presets.insert(source, here);
            }
        }
        Ok(())
    }

    fn mapping(&mut self, poster: &Poster<'_>, mapping: Doc) -> Result<(), Stop> {
        let saved = poster.send(&Method::PUT, "/xmlmapping/mapping", &[], &mapping)?;
        if let (Some(source), Some(here)) = (mapping.at("id").number(), saved.at("id").number()) {
            self.mappings.insert(source, here);
        }
        Ok(())
    }

    fn objecttypes(&mut self, poster: &Poster<'_>, items: Vec<Doc>) -> Result<(), Stop> {
        let mut updates = Vec::new();
        for mut item in items {
            self.map_ids(&mut item, "objecttype");
            if let Some(block) = item.get_mut("objecttype") {
                let id = block.at("_id").number().unwrap_or_default();
                let state = poster.shared.read();
                let version = state.objecttypes.get(id).map_or(1, |known| known.version + 1);
                block.set("_version", version);
            }
            updates.push(item);
        }
        poster.send(&Method::POST, "/objecttype", &CONFIRMED, &Node::List(updates)).map(drop)
    }

    /// Ids of mappings and presets are others here.
    fn map_ids(&self, item: &mut Doc, name: &str) {
        let map = |node: &mut Doc, key: &'static str, ids: &HashMap<u64, u64>| {
            if let Some(here) = node.at(key).number().and_then(|id| ids.get(&id)) {
                node.set(key, *here);
            }
        };
        if let Some(block) = item.get_mut(name) {
            for key in ["mapping_dc_export", "mapping_image_export", "mapping_image_import"] {
                map(block, key, &self.mappings);
            }
            if let Some(settings) = block.get_mut("create_object") {
                map(settings, "mapping", &self.mappings);
            }
        }
        if let Some(Node::List(entries)) = item.get_mut("_acl") {
            for entry in entries {
                map(entry, "_right_preset", &self.presets);
            }
        }
    }

    fn collections(&mut self, poster: &Poster<'_>, items: Vec<Doc>) -> Result<(), Stop> {
        let mut new = Vec::new();
        for mut item in items {
            let is_system = item.path(&["collection", "is_system_collection"]).bool() == Some(true);
            if is_system {
                continue;
            }
            if let Some(block) = item.get_mut("collection") {
                block.take("_id");
            }
            self.map_ids(&mut item, "collection");
            new.push(item);
        }
        poster.send(&Method::PUT, "/collection/list", &CONFIRMED, &Node::List(new)).map(drop)
    }

    /// Publications, with their collectors put into the base config first, as its administrator would do it.
    fn publications(poster: &Poster<'_>, items: Vec<Doc>) -> Result<(), Stop> {
        let mut collectors = {
            let state = poster.shared.read();
            state.config.path(&["system", "config", "publish", "collectors"]).list().to_vec()
        };
        let before = collectors.len();
        for item in &items {
            let name = item.path(&["publish", "collector"]);
            if name.text().is_some() && !collectors.iter().any(|known| known.at("name") == name) {
                collectors.push(object([("name", name.clone())]));
            }
        }
        if collectors.len() > before {
            let publish = object([("publish", object([("collectors", Node::List(collectors))]))]);
            let config = object([("system", object([("config", publish)]))]);
            poster.send(&Method::POST, "/config", &[("confirm", "yes"), ("save", "ignore_errors")], &config)?;
        }
        poster.send(&Method::POST, "/publish", &[], &Node::List(items)).map(drop)
    }

    fn events(&mut self, poster: &Poster<'_>, items: Vec<Doc>) -> Result<(), Stop> {
        let all = items.len();
        let taken = items.into_iter().filter_map(events::taken).collect::<Vec<_>>();
        if taken.len() < all {
            let events = match all - taken.len() {
                1 => "1 event of a type that is".to_owned(),
                events => format!("{events} events of types that are"),
            };
            self.left_out.push(format!("{events} never taken over"));
        }
        poster.send(&Method::POST, "/event/list", &CONFIRMED, &Node::List(taken)).map(drop)
    }
}

/// The records of one collection, which a payload names by its reference or id.
fn objects(poster: &Poster<'_>, item: &Doc) -> Result<(), Stop> {
    let named = item.at("collection");
    let reference = named.path(&["lookup:_id", "reference"]).text().or_else(|| named.at("reference").text());
    let id = reference.and_then(|reference| poster.shared.read().collections.by_reference(reference));
    let id = id.ok_or_else(|| Stop::Wrong(format!("there is no collection {named}")))?;
    let objects = item.get("objects").or_else(|| item.get("_objects")).cloned().unwrap_or_default();
    let body = object([("objects", objects)]);
    poster.send(&Method::POST, &format!("/collection/objects/{id}"), &CONFIRMED, &body).map(drop)
}
