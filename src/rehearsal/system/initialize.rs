//! What every instance has from its first moment on: root, its groups, its pools, its collection, its base config.

use crate::rehearsal::json::{Doc, Node, object};
use crate::rehearsal::options::Options;
use crate::rehearsal::shared::{Shared, now};
use crate::rehearsal::state::{Item, Login, State, Uuid};
use secrecy::ExposeSecret as _;

impl Shared {
    /// Makes the instance empty; its UUID is another one each time.
    pub(in crate::rehearsal) fn initialize(&self) {
        let uuid = self.chance(Uuid::random).to_string();
        let mut state = State { uuid, config: config(&self.options), ..State::default() };
        let root =
            block("user", &[("login", self.options.login.as_str()), ("reference", "system:root"), ("type", "system")]);
        let root = put(&mut state, |state| &mut state.users, "user", root);
        let password = Some(self.options.password.expose_secret().to_owned());
        state.logins.insert(root, Login { password, hash: None });
        for reference in [":all", ":easydb"] {
            let group = block(
                "group",
                &[("name", reference), ("reference", &format!("system{reference}")), ("type", "system")],
            );
            put(&mut state, |state| &mut state.groups, "group", group);
        }
        let collection = block("collection", &[("reference", "system:root"), ("type", "workfolder")]);
        let collection = put(&mut state, |state| &mut state.collections, "collection", collection);
        mark(&mut state, |state| &mut state.collections, collection, "collection", "is_system_collection", true.into());
        let top = put(&mut state, |state| &mut state.pools, "pool", block("pool", &[("reference", "system:root")]));
        mark(&mut state, |state| &mut state.pools, top, "pool", "is_system_pool", true.into());
        for reference in ["system:standard", "system:none"] {
            let id = put(&mut state, |state| &mut state.pools, "pool", block("pool", &[("reference", reference)]));
            mark(&mut state, |state| &mut state.pools, id, "pool", "is_system_pool", true.into());
            mark(&mut state, |state| &mut state.pools, id, "pool", "_id_parent", top.into());
        }
        crate::rehearsal::base::personal_collection(&mut state, root);
        self.options.plugins.iter().for_each(|name| crate::rehearsal::base::put_on_disk(&mut state, name));
        *self.write() = state;
        self.more_logins();
    }

    /// Users that the options name: those that are there get the password, others are made.
    pub(in crate::rehearsal) fn more_logins(&self) {
        let mut state = self.write();
        for (login, password) in &self.options.more_logins {
            let id = state.user_by_login(login).unwrap_or_else(|| {
                let reference = format!("rehearsal:{login}");
                let user = block("user", &[("login", login), ("reference", &reference), ("type", "easydb")]);
                put(&mut state, |state| &mut state.users, "user", user)
            });
            state.logins.entry(id).or_default().password = Some(password.expose_secret().to_owned());
            crate::rehearsal::base::personal_collection(&mut state, id);
        }
    }
}

fn block(name: &'static str, members: &[(&'static str, &str)]) -> Doc {
    let mut block = object([]);
    for (key, value) in members {
        block.set(*key, (*value).to_owned());
    }
    object([("_basetype", name.into()), (name, block)])
}

type Shelf = fn(&mut State) -> &mut crate::rehearsal::state::Shelf;

fn put(state: &mut State, shelf: Shelf, name: &str, mut doc: Doc) -> u64 {
    let shelf = shelf(state);
    let id = shelf.next_id();
    if let Some(block) = doc.get_mut(name) {
        block.set("_id", id);
        block.set("_version", 1_u64);
    }
    doc.set("_owner", object([("_basetype", "user".into()), ("user", object([("_id", 1_u64.into())]))]));
    doc.set("_acl", Node::List(Vec::new()));
    doc.set("_created_at", now());
    doc.set("_updated_at", now());
    shelf.put(id, Item { version: 1, doc });
    id
}

fn mark(state: &mut State, shelf: Shelf, id: u64, name: &str, key: &'static str, value: Doc) {
    let shelf = shelf(state);
    let Some(mut item) = shelf.get(id).cloned() else { return };
    if let Some(block) = item.doc.get_mut(name) {
        block.set(key, value);
    }
    shelf.put(id, item);
}

/// The base config that an instance begins with.
fn config(options: &Options) -> Doc {
    let language = |code: &'static str| object([("value", code.into())]);
    let collectors = options.collectors.iter().map(|name| object([("name", name.clone().into())])).collect();
    let config = object([
        ("name", object([("internal_name", options.name.clone().into())])),
        (
            "languages",
            object([
                ("database", Node::List(vec![language("de-DE"), language("en-US")])),
                ("frontend", Node::List(vec!["de-DE".into(), "en-US".into()])),
            ]),
        ),
        ("purge", object([("allow_purge", true.into()), ("purge_storage", false.into())])),
        ("publish", object([("collectors", Node::List(collectors))])),
        ("file_url_expire", object([("default_days", 7_u64.into()), ("max_days", 365_u64.into())])),
        ("readonly", object([("enabled", false.into())])),
    ]);
    object([("system", object([("config", config)])), ("plugin", object([]))])
}
