//! Base types that come in one answer, and metadata mappings, of which a list tells only the names.

use bytes::Bytes;
use serde_json::Value;

use crate::fylr::error::Error;
use crate::fylr::instance::InstanceKind;
use crate::fylr::json::{Json, elements};
use crate::fylr::request::{Request, Shape};
use crate::fylr::source::bare_files::{self, Where};
use crate::fylr::source::base_types::gathered::unexpected;
use crate::fylr::source::list::told;
use crate::fylr::source::read::{Reader, parsed};
use crate::fylr::source::turn::{self, Context, Unturnable};
use crate::model::payload::PayloadKind;

/// A list that is one answer, turned item by item.
pub(super) async fn simple(
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

/// The plugins, with their files where they have some.
pub(super) async fn plugins(reader: &mut Reader, context: &Context) -> Result<(), Error> {
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
pub(super) async fn tags(reader: &mut Reader, answer: &[u8], context: &Context) -> Result<(), Error> {
    let items = items(reader, "tags", answer, &|json| turn::tags(json, context))?;
    reader.payload(PayloadKind::Tags, "basetype-tags-0000", items).await
}

/// Metadata mappings, one by one as the list of them tells only their names.
pub(super) async fn mappings(reader: &mut Reader) -> Result<(), Error> {
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
