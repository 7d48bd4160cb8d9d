//! The documents of the data model: schema, masks and their texts, each as HEAD and CURRENT. What the server says of an
//! empty instance is not documented: here version 1, without tables, is CURRENT and HEAD.

use std::sync::Arc;

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::datamodel::table::Model;
use crate::rehearsal::datamodel::{compile, masks};
use crate::rehearsal::json::{Doc, Node, object};
use crate::rehearsal::options::Kind;
use crate::rehearsal::problem::Problem;

/// What is kept of the data model.
#[derive(Debug, Clone)]
pub struct Documents {
    pub head: Version,
    /// Committed versions, the last is CURRENT.
    pub committed: Vec<Version>,
    pub model: Arc<Model>,
}

/// One version of the three documents.
#[derive(Debug, Clone)]
pub struct Version {
    pub schema: Doc,
    pub mask: Doc,
    pub l10n: Doc,
}

impl Default for Documents {
    fn default() -> Self {
        let schema = object([
            ("type", "user".into()),
            ("version", 1_u64.into()),
            ("based_on_base_version", 230_u64.into()),
            ("max_table_id", 0_u64.into()),
            ("max_column_id", 0_u64.into()),
            ("tables", Node::List(Vec::new())),
        ]);
        let mask = object([
            ("type", "user".into()),
            ("version", 1_u64.into()),
            ("based_on_schema_version", 1_u64.into()),
            ("max_mask_id", 0_u64.into()),
            ("masks", Node::List(Vec::new())),
        ]);
        let first = Version { schema, mask, l10n: object([]) };
        Self { head: first.clone(), committed: vec![first], model: Arc::default() }
    }
}

impl Documents {
    pub(super) fn current(&self) -> &Version {
        // There is always one: it is made with the first and only ever grows.
        self.committed.last().unwrap_or(&self.head)
    }

    /// The number of the current schema.
    pub fn schema_version(&self) -> u64 {
        self.current().schema.at("version").number().unwrap_or_default()
    }

    fn version(&self, name: &str) -> Result<&Version, Problem> {
        let by_number = || {
            let number: u64 = name.parse().ok()?;
            self.committed.iter().rev().find(|version| version.schema.at("version").number() == Some(number))
        };
        match name {
            "HEAD" => Ok(&self.head),
            "CURRENT" => Ok(self.current()),
            _ => by_number().ok_or_else(|| {
                let text = format!("Data model with version \"{name}\" was not found.");
                Problem::new(400, "DatamodelVersionNotFound", "datamodel", text).with("version", name.to_owned())
            }),
        }
    }
}

/// `GET /schema/user/{version}`
pub(in crate::rehearsal) fn get_schema(call: &Call, version: &str) -> Result<Answer, Problem> {
    call.user()?;
    let state = call.read();
    let schema = &state.documents.version(version)?.schema;
    if call.is_xml() {
        return Ok(Answer::text(200, "text/xml; charset=utf-8", xml("schema", schema)));
    }
    Ok(Answer::json(schema))
}

/// `GET /mask/{version}[/{mask}]`
pub(in crate::rehearsal) fn get_mask(call: &Call, version: &str, name: Option<&str>) -> Result<Answer, Problem> {
    call.user()?;
    let state = call.read();
    let version = state.documents.version(version)?;
    let found = match name {
        None => version.mask.clone(),
        Some("_all_fields") => masks::all_fields(&version.schema),
        Some(name) => {
            let masks = version.mask.at("masks").list();
            let mask = masks.iter().find(|mask| mask.at("name").text() == Some(name));
            let mask = mask.ok_or_else(|| Problem::not_found("mask", name))?.clone();
            object([("type", "user".into()), ("masks", Node::List(vec![mask]))])
        }
    };
    if call.is_xml() {
        return Ok(Answer::text(200, "text/xml; charset=utf-8", xml("mask", &found)));
    }
    Ok(Answer::json(&found))
}

/// `GET /l10n/user/{version}`
pub(in crate::rehearsal) fn get_l10n(call: &Call, version: &str) -> Result<Answer, Problem> {
    call.user()?;
    Ok(Answer::json(&call.read().documents.version(version)?.l10n))
}

/// `POST /schema/user/HEAD`: replaces the whole document. `version` is the next one; ids only ever grow. That
/// `version` must follow is documented without the rule: here a HEAD that is not committed keeps its number, else the
/// number is that of CURRENT or one more, or anything on an instance without tables.
pub(in crate::rehearsal) fn post_schema(call: &Call) -> Result<Answer, Problem> {
    call.right("system.datamodel[development]")?;
    let schema = call.request.json()?.into_owned();
    if schema.at("type").text() != Some("user") || !matches!(schema.at("tables"), Node::List(_)) {
        return Err(Problem::generic("The schema needs type \"user\", version and tables."));
    }
    let mut state = call.write();
    let head = &state.documents.head.schema;
    let is_empty = head.at("tables").list().is_empty();
    let (got, known) = (schema.at("version").number().unwrap_or(0), head.at("version").number().unwrap_or(0));
    if !is_empty && got != known && got != known + 1 {
        return Err(Problem::generic(format!("The schema has version {got}, expected is {}.", known + 1)));
    }
    for key in ["max_table_id", "max_column_id"] {
        let (new, old) = (schema.at(key).number().unwrap_or(0), head.at(key).number().unwrap_or(0));
        if new < old {
            return Err(Problem::generic(format!("{key} is {new}, but {old} is in use.")));
        }
    }
    let model = compile::compile(&schema, &state.enabled_plugins())?;
    super::commit::allow(&state, &model)?;
    state.documents.head.schema = schema;
    Ok(Answer::json(&state.documents.head.schema))
}

/// `POST /mask/HEAD`: masks that are not in it are gone.
pub(in crate::rehearsal) fn post_mask(call: &Call) -> Result<Answer, Problem> {
    call.right("system.datamodel[development]")?;
    let mut mask = call.request.json()?.into_owned();
    if mask.at("type").text() != Some("user") || !matches!(mask.at("masks"), Node::List(_)) {
        return Err(Problem::generic("The mask document needs type \"user\" and masks."));
    }
    let mut state = call.write();
    let mut model = compile::compile(&state.documents.head.schema, &state.enabled_plugins())?;
    masks::add(&mut model, &mask)?;
    // Both are ignored when they are sent.
    mask.set("version", state.documents.head.mask.at("version").clone());
    mask.set("based_on_schema_version", state.documents.head.schema.at("version").clone());
    state.documents.head.mask = mask;
    Ok(Answer::json(&state.documents.head.mask))
}

/// `POST /l10n/user/HEAD`: replaces all texts; keys that nobody knows are dropped.
pub(in crate::rehearsal) fn post_l10n(call: &Call) -> Result<Answer, Problem> {
    call.user()?;
    let l10n = call.request.json()?.into_owned();
    if !l10n.is_object() {
        return Err(Problem::generic("The texts must be an object."));
    }
    let mut state = call.write();
    let is_known = |key: &str| key.starts_with("schema.") || key.starts_with("mask.");
    let known = l10n.members().iter().filter(|(key, _)| is_known(key)).cloned().collect();
    state.documents.head.l10n = Node::Object(known);
    Ok(Answer::json(&state.documents.head.l10n))
}

impl Call<'_> {
    /// easydb5 answers in XML unless it is asked for JSON.
    fn is_xml(&self) -> bool {
        self.shared.options.kind == Kind::Easydb5 && self.request.param("format") != Some("json")
    }
}

/// A document in XML, enough to be no JSON: attributes for scalars, elements for the rest.
fn xml(name: &str, node: &Node<'_>) -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    element(name, node, &mut out);
    out
}

fn element(name: &str, node: &Node<'_>, out: &mut String) {
    let name: String = name.chars().map(|c| if c.is_alphanumeric() || "_-".contains(c) { c } else { '-' }).collect();
    match node {
        Node::Object(members) => {
            open(&name, out);
            for (key, value) in members {
                element(key, value, out);
            }
            close(&name, out);
        }
        Node::List(elements) => elements.iter().for_each(|value| element(&name, value, out)),
        scalar => {
            let text = scalar.text().map_or_else(|| scalar.to_string(), str::to_owned);
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            open(&name, out);
            out.push_str(&text);
            close(&name, out);
        }
    }
}

fn open(name: &str, out: &mut String) {
    out.extend(["<", name, ">"]);
}

fn close(name: &str, out: &mut String) {
    out.extend(["</", name, ">"]);
}
