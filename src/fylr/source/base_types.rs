//! Everything that stands before the records: plugins, tags, groups, users, presets, mappings, pools, settings of
//! objecttypes, transitions, messages. All of it is read first, for users name groups and groups name users; then it is
//! turned and handed over in the order of restoring.

use bytes::Bytes;
use serde_json::Value;

use crate::fylr::error::Error;
use crate::fylr::instance::InstanceKind;
use crate::fylr::json::{Json, elements};
use crate::fylr::request::{Request, Shape};
use crate::fylr::source::bare_files::{self, Where};
use crate::fylr::source::book::{Book, Clash, References};
use crate::fylr::source::levels::{self, levels};
use crate::fylr::source::list::told;
use crate::fylr::source::read::{Reader, folder, parsed};
use crate::fylr::source::spool::{Place, Spool};
use crate::fylr::source::turn::{self, Context, Unturnable, text_at};
use crate::model::payload::PayloadKind;

/// How often an empty page is asked for again when the token has ended meanwhile.
const EMPTY_MAX: u32 = 10;

/// Items that all must be there before the first can be turned.
pub(crate) struct Gathered {
    spool: Spool,
    pub items: Vec<GatheredItem>,
}

pub(crate) struct GatheredItem {
    place: Place,
    pub id: u64,
    pub parent: Option<u64>,
    pub reference: Option<String>,
}

impl Gathered {
    /// Turns the items at these places.
    pub fn turned(
        &mut self,
        places: &[usize],
        indent: Option<usize>,
        aside: &mut Vec<(u64, String)>,
        turn: impl Fn(Json<'_>) -> Result<Option<Json<'_>>, Unturnable>,
    ) -> Result<Vec<Bytes>, Error> {
        let mut turned = Vec::with_capacity(places.len());
        for at in places {
            let item = &self.items[*at];
            let text = self.spool.get(item.place)?;
            match turn(parsed(&text, "an item")?) {
                Ok(Some(json)) => turned.push(json.to_bytes(indent).into()),
                Ok(None) => {}
                Err(error) => aside.push((item.id, error.to_string())),
            }
        }
        Ok(turned)
    }

    /// The items level by level, each level in the order of the list.
    pub fn by_level(&self) -> Vec<Vec<usize>> {
        let parents: Vec<[u64; 1]> = self.items.iter().map(|item| [item.parent.unwrap_or(u64::MAX)]).collect();
        let (levels, _) =
            levels(self.items.len(), |at| levels::Version { id: self.items[at].id, parents: &parents[at] });
        let mut found: Vec<Vec<usize>> = Vec::new();
        for (at, level) in levels.into_iter().enumerate() {
            found.resize_with(found.len().max(level as usize + 1), Vec::new);
            found[level as usize].push(at);
        }
        found
    }
}

/// A list of a base type.
pub(crate) struct BaseList {
    pub path: &'static str,
    /// The part of an item with its id.
    pub inner: &'static str,
    pub is_paged: bool,
    pub query: Vec<(&'static str, String)>,
}

impl BaseList {
    pub fn new(path: &'static str, inner: &'static str, is_paged: bool) -> Self {
        Self { path, inner, is_paged, query: Vec::new() }
    }
}

/// Reads a whole list.
pub(crate) async fn gather(reader: &Reader, list: &BaseList) -> Result<Gathered, Error> {
    let mut gathered = Gathered { spool: Spool::new(&folder(&reader.options))?, items: Vec::new() };
    let mut offset = 0;
    loop {
        let mut request = Request::get(list.path, Shape::Array);
        for (name, value) in &list.query {
            request = request.with(name, value);
        }
        if list.is_paged {
            request = request.with("limit", reader.options.chunk_size).with("offset", offset);
        }
        let answer = page(reader, &request, list).await?;
        let items = elements(&answer).map_err(|error| unexpected(list.path, error.to_string()))?;
        let first = gathered.items.len();
        for text in &items {
            let json = Json::parse(text).map_err(|error| unexpected(list.path, error.to_string()))?;
            let inner = json.get(list.inner);
            let id = inner.and_then(|inner| inner.get("_id")).and_then(Json::as_id);
            let id = id.ok_or_else(|| unexpected(list.path, "an item has no id".to_owned()))?;
            let parent = inner.and_then(|inner| inner.get("_id_parent")).and_then(Json::as_id);
            // A server that knows no pages gives the same one again.
            if gathered.items.len() == first && first > 0 && gathered.items[0].id == id {
                return Ok(gathered);
            }
            let place = gathered.spool.put(text.as_bytes())?;
            let reference = text_at(&json, &[list.inner, "reference"]);
            gathered.items.push(GatheredItem { place, id, parent, reference });
        }
        offset += reader.options.chunk_size;
        if items.is_empty() || !list.is_paged {
            return Ok(gathered);
        }
    }
}

/// A page of a list. To who is not logged in some lists are given empty instead of being refused, so an empty page counts
/// only if the token was good.
async fn page(reader: &Reader, request: &Request, list: &BaseList) -> Result<Bytes, Error> {
    if let Some(answer) = reader.asker.kept(request) {
        return Ok(answer);
    }
    for _ in 0..EMPTY_MAX {
        let before = reader.client.logins();
        let answer = reader.client.ask(request).await?;
        let mut is_good = answer.trim_ascii() != b"[]";
        if !is_good {
            reader.client.stay_logged_in().await?;
            is_good = reader.client.logins() == before;
        }
        if is_good {
            reader.asker.keep(request, &answer);
            return Ok(answer);
        }
    }
    Err(unexpected(list.path, "the login ends with every request".to_owned()))
}

fn unexpected(path: &str, why: String) -> Error {
    Error::Unexpected { what: path.to_owned(), why }
}

/// All lists, read and not turned yet.
struct Lists {
    tags: Bytes,
    groups: Gathered,
    users: Gathered,
    pools: Gathered,
    messages: Gathered,
}

pub(crate) async fn read(reader: &mut Reader) -> Result<(), Error> {
    reader.phase("base types", 0).await?;
    let mut lists = Lists {
        tags: reader.asker.ask(&Request::get("tags", Shape::Array)).await?,
        groups: gather(reader, &BaseList::new("group", "group", true)).await?,
        users: users(reader).await?,
        pools: gather(reader, &BaseList::new("pool", "pool", reader.client.instance().kind == InstanceKind::Fylr))
            .await?,
        messages: gather(reader, &BaseList::new("message", "message", false)).await?,
    };
    let collections = collections_with_pins(reader).await?;
    settle(reader, &lists, collections)?;
    let context = reader.context();
    plugins(reader, &context).await?;
    tags(reader, &lists.tags, &context).await?;
    let groups = all(&lists.groups);
    hand_over(reader, &mut lists.groups, PayloadKind::Groups, ("group", "basetype-group"), &groups, &|json| {
        turn::group(json, &context)
    })
    .await?;
    hand_over_users(reader, &mut lists.users, &context).await?;
    for (path, kind, name) in [
        ("right/object/presets", PayloadKind::ObjectPresets, "basetype-right-preset-object"),
        ("right/collection/presets", PayloadKind::CollectionPresets, "basetype-right-preset-collection"),
    ] {
        simple(reader, path, kind, name, &|json| turn::preset(json, &context)).await?;
    }
    mappings(reader).await?;
    for (level, places) in lists.pools.by_level().into_iter().enumerate() {
        let name = format!("basetype-pool-level-{level:02}");
        hand_over(reader, &mut lists.pools, PayloadKind::Pools, ("pool", &name), &places, &|json| {
            turn::pool(json, &context).map(Some)
        })
        .await?;
    }
    simple(reader, "objecttype", PayloadKind::Objecttypes, "basetype-objecttype", &|json| {
        turn::objecttype(json, &context)
    })
    .await?;
    simple(reader, "transitions", PayloadKind::Transitions, "basetype-transitions", &|json| {
        turn::transition(json, &context)
    })
    .await?;
    let messages = all(&lists.messages);
    hand_over(reader, &mut lists.messages, PayloadKind::Messages, ("message", "basetype-message"), &messages, &|json| {
        turn::message(json, &context).map(Some)
    })
    .await
}

/// The users, with their passwords if they can be had.
async fn users(reader: &mut Reader) -> Result<Gathered, Error> {
    let mut list = BaseList::new("user", "user", true);
    list.query.push(("include_password", "1".to_owned()));
    match gather(reader, &list).await {
        Err(Error::Rights { .. }) => {
            reader.limit("the login may not read passwords: users will need new ones".to_owned());
            list.query.clear();
            gather(reader, &list).await
        }
        other => other,
    }
}

/// The references of collections, if a user has a pin code for one: they are restored long before collections are.
async fn collections_with_pins(reader: &Reader) -> Result<Gathered, Error> {
    gather(reader, &BaseList::new("collection/list", "collection", true)).await
}

fn settle(reader: &mut Reader, lists: &Lists, mut collections: Gathered) -> Result<(), Error> {
    let Json::Array(groups_of_tags) = parsed(&lists.tags, "tags")? else { return Ok(()) };
    let (tag_groups, tags, mut clashes) = turn::settled_tags(&groups_of_tags);
    let mut settle = |kind: &str, gathered: &Gathered| {
        let items = gathered.items.iter().map(|item| (item.id, own_reference(kind, item)));
        let (references, more) = References::settle(kind, items);
        clashes.extend(more);
        references
    };
    let users = settle("user", &lists.users);
    personal(&mut collections, &users)?;
    let book = Book {
        tag_groups,
        tags,
        groups: settle("group", &lists.groups),
        pools: settle("pool", &lists.pools),
        collections: settle("collection", &collections),
        messages: settle("message", &lists.messages),
        users,
    };
    for Clash { wanted, taken } in clashes {
        reader.limit(format!("{wanted} is restored as {taken}, for something else is called {wanted}"));
    }
    reader.state.book = Some(book);
    Ok(())
}

/// The reference that something has, or that every target gives it.
fn own_reference(kind: &str, item: &GatheredItem) -> Option<String> {
    let is_root = matches!(kind, "pool" | "collection") && item.parent.is_none();
    item.reference.clone().or_else(|| is_root.then(|| "system:root".to_owned()))
}

/// Collections that a user has from the beginning are named after the user on every target.
fn personal(collections: &mut Gathered, users: &References) -> Result<(), Error> {
    let roots: Vec<u64> = collections.items.iter().filter(|item| item.parent.is_none()).map(|item| item.id).collect();
    for at in 0..collections.items.len() {
        let item = &collections.items[at];
        let named = item.reference.as_deref().is_some_and(|reference| reference.starts_with("user:"));
        let is_nameless = item.reference.is_none() && item.parent.is_some_and(|parent| roots.contains(&parent));
        if !(named || is_nameless) {
            continue;
        }
        let text = collections.spool.get(item.place)?;
        let json = parsed(&text, "a collection")?;
        let owner = json.get("_owner").and_then(|owner| owner.get("user")).and_then(|user| user.get("_id"));
        if let Some(reference) = owner.and_then(Json::as_id).and_then(|id| users.get(id)) {
            collections.items[at].reference = Some(format!("user:ref:{reference}"));
        }
    }
    Ok(())
}

fn all(gathered: &Gathered) -> Vec<usize> {
    (0..gathered.items.len()).collect()
}

/// Turns gathered items and hands them over in payloads.
async fn hand_over(
    reader: &mut Reader,
    gathered: &mut Gathered,
    kind: PayloadKind,
    (what, name): (&str, &str),
    places: &[usize],
    turn: &dyn Fn(Json<'_>) -> Result<Option<Json<'_>>, Unturnable>,
) -> Result<(), Error> {
    let size = reader.options.chunk_size as usize;
    for (number, places) in places.chunks(size).enumerate() {
        let mut aside = Vec::new();
        let items = gathered.turned(places, reader.form.indent(), &mut aside, turn)?;
        for (id, why) in aside {
            reader.aside(format!("{what} {id}"), why);
        }
        reader.payload(kind.clone(), &format!("{name}-{number:04}"), items).await?;
    }
    Ok(())
}

async fn hand_over_users(reader: &mut Reader, users: &mut Gathered, context: &Context) -> Result<(), Error> {
    let has_passwords = std::cell::Cell::new(false);
    let places = all(users);
    hand_over(reader, users, PayloadKind::Users, ("user", "basetype-user"), &places, &|json| {
        let (json, has_password) = turn::user(json, context)?;
        has_passwords.set(has_passwords.get() || has_password);
        Ok(Some(json))
    })
    .await?;
    reader.state.report.has_passwords = has_passwords.get();
    if !has_passwords.get() {
        let why = match reader.client.instance().kind {
            InstanceKind::Easydb5 => "server.api.user.include_password is not set there",
            InstanceKind::Fylr => "the login may not read them, or nobody has one",
        };
        reader.limit(format!("the source gave no passwords: {why}"));
    }
    Ok(())
}

/// A list that is one answer, turned item by item.
async fn simple(
    reader: &mut Reader,
    path: &'static str,
    kind: PayloadKind,
    name: &str,
    turn: &dyn Fn(Json<'_>) -> Result<Json<'_>, Unturnable>,
) -> Result<(), Error> {
    let answer = match reader.asker.ask(&Request::get(path, Shape::Array)).await {
        Err(error @ Error::Refused { .. }) => {
            reader.limit(format!("{path} left out: {}", told(&error)));
            return Ok(());
        }
        other => other?,
    };
    let items = items(reader, path, &answer, turn)?;
    // What replaces everything on a target must not be cut in pieces.
    let size = if kind == PayloadKind::Transitions { usize::MAX } else { reader.options.chunk_size as usize };
    reader.payloads(kind, name, items, size).await
}

fn items(
    reader: &mut Reader,
    path: &str,
    answer: &[u8],
    turn: &dyn Fn(Json<'_>) -> Result<Json<'_>, Unturnable>,
) -> Result<Vec<Bytes>, Error> {
    let texts = elements(answer).map_err(|error| unexpected(path, error.to_string()))?;
    let mut items = Vec::with_capacity(texts.len());
    for (number, text) in (1..).zip(texts) {
        let json = Json::parse(text).map_err(|error| unexpected(path, error.to_string()))?;
        match turn(json) {
            Ok(json) => items.push(json.to_bytes(reader.form.indent()).into()),
            Err(error) => reader.aside(format!("{path} no. {number}"), error.to_string()),
        }
    }
    Ok(items)
}

async fn plugins(reader: &mut Reader, context: &Context) -> Result<(), Error> {
    if reader.client.instance().kind == InstanceKind::Easydb5 {
        return Ok(());
    }
    let answer = match reader.asker.ask(&Request::get("plugin/manage", Shape::Object)).await {
        Err(error @ (Error::Refused { .. } | Error::Rights { .. })) => {
            reader.limit(format!("plugins left out: {}", told(&error)));
            return Ok(());
        }
        other => other?,
    };
    let mut json = parsed(&answer, "plugin/manage")?;
    bare_files::complete(reader, &mut json, Where::Under("zip_file")).await?;
    let list = json.get("plugins").map_or_else(|| b"[]".to_vec(), |plugins| plugins.to_bytes(None));
    let items = items(reader, "plugin/manage", &list, &|json| turn::plugin(json, context))?;
    let size = reader.options.chunk_size as usize;
    reader.payloads(PayloadKind::Plugins, "basetype-plugin", items, size).await
}

/// All tags in one payload, as a target takes them.
async fn tags(reader: &mut Reader, answer: &[u8], context: &Context) -> Result<(), Error> {
    let items = items(reader, "tags", answer, &|json| turn::tags(json, context))?;
    reader.payload(PayloadKind::Tags, "basetype-tags-0000", items).await
}

/// Metadata mappings, one by one as the list of them tells only their names.
async fn mappings(reader: &mut Reader) -> Result<(), Error> {
    let answer = match reader.asker.ask(&Request::get("xmlmapping/list", Shape::Array)).await {
        Err(error @ (Error::Refused { .. } | Error::Rights { .. })) => {
            reader.limit(format!("metadata mappings left out: {}", told(&error)));
            return Ok(());
        }
        other => other?,
    };
    let profiles: Value = serde_json::from_slice(&answer).unwrap_or_default();
    let profiles = profiles.as_array().into_iter().flatten();
    let ids = profiles.flat_map(|profile| profile["mappings"].as_array().into_iter().flatten());
    let ids: Vec<u64> = ids.filter_map(|mapping| mapping["id"].as_u64()).collect();
    let mut items = Vec::new();
    for id in ids {
        match reader.asker.ask(&Request::get(format!("xmlmapping/mapping/{id}"), Shape::Object)).await {
            Ok(answer) => match turn::mapping(parsed(&answer, "xmlmapping")?) {
                Ok(json) => items.push(json.to_bytes(reader.form.indent()).into()),
                Err(error) => reader.aside(format!("mapping {id}"), error.to_string()),
            },
            Err(error @ Error::Refused { .. }) => reader.aside(format!("mapping {id}"), told(&error)),
            Err(error) => return Err(error),
        }
    }
    let size = reader.options.chunk_size as usize;
    reader.payloads(PayloadKind::Mappings, "basetype-xmlmapping", items, size).await
}
