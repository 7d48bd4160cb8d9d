//! Everything that stands before the records: plugins, tags, groups, users, presets, mappings, pools, settings of
//! objecttypes, transitions, messages. All of it is read first, for users name groups and groups name users; then it is
//! turned and handed over in the order of restoring.

mod gathered;
mod references;
mod single;

use bytes::Bytes;

use crate::fylr::error::Error;
use crate::fylr::instance::InstanceKind;
use crate::fylr::json::Json;
use crate::fylr::request::{Request, Shape};
use crate::fylr::source::base_types::references::settle;
use crate::fylr::source::base_types::single::{mappings, plugins, simple, tags};
use crate::fylr::source::read::Reader;
use crate::fylr::source::turn::{self, Context, Unturnable};
use crate::model::payload::PayloadKind;

pub(crate) use gathered::{BaseList, Gathered, gather};

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
