//! Holds what is sent and answered against the vendor's `OpenAPI` description, as far as that goes. Its file is named by
//! `$FYLR_OPENAPI`; it is no part of this repository.

use std::sync::OnceLock;

use serde_json::Value;

/// The description, with what it says in two ways or wrongly.
pub struct OpenApi(Value);

/// Schemas whose types are wrong: all members of a file's version are called texts there.
const NOT_CHECKED: [&str; 1] = ["#/components/schemas/file_version"];
/// Members that are something else: the text beside it says that a level is a number, and the masks of real dumps name
/// the preferred mask by a word.
const NOT_CHECKED_MEMBERS: [&str; 2] = ["_level", "mask_id"];
/// How deep schemas are followed.
const DEPTH_MAX: usize = 40;

/// The description, if there is one.
pub fn openapi() -> Option<&'static OpenApi> {
    static LOADED: OnceLock<Option<OpenApi>> = OnceLock::new();
    let load = || {
        let path = std::env::var_os("FYLR_OPENAPI")?;
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Some(OpenApi(serde_json::from_slice(&bytes).expect("the OpenAPI is JSON")))
    };
    LOADED.get_or_init(load).as_ref()
}

impl OpenApi {
    /// All that an exchange with the API has that is not as described; `None`: it is not described.
    pub fn judge(
        &self,
        method: &str,
        path: &str,
        sent: Option<&Value>,
        status: u16,
        answer: &Value,
    ) -> Option<Vec<String>> {
        let operation = self.operation(method, path)?;
        let mut wrong = Vec::new();
        let body = self.follow(&operation["requestBody"]);
        let schema = &body["content"]["application/json"]["schema"];
        if let Some(sent) = sent.filter(|_| (200..300).contains(&status) && !schema.is_null()) {
            self.check(schema, sent, &format!("{method} {path} request"), 0, &mut wrong);
        }
        let answers = &operation["responses"];
        match answers.get(status.to_string()) {
            None => wrong.push(format!("{method} {path}: status {status} is not described")),
            // What is listed of errors are the most common ones; each is described by its code.
            Some(_) if status >= 400 => wrong.extend(self.error(answer, &format!("{method} {path} answer {status}"))),
            Some(described) => {
                let schema = &self.follow(described)["content"]["application/json"]["schema"];
                if !schema.is_null() {
                    self.check(schema, answer, &format!("{method} {path} answer {status}"), 0, &mut wrong);
                }
            }
        }
        Some(wrong)
    }

    /// What is wrong with an error: its envelope, and what is described of its code, if anything is.
    fn error(&self, answer: &Value, at: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        let of_code = format!("/components/schemas/{}Error", answer["code"].as_str().unwrap_or_default());
        let described = self.0.pointer(&of_code).unwrap_or(&self.0["components"]["schemas"]["Error"]);
        self.check(described, answer, at, 0, &mut wrong);
        wrong
    }

    /// The operation whose path fits, the most literal one first.
    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let path = path.split('?').next()?;
        let path = path.strip_prefix("/api").unwrap_or(path);
        let path = path.strip_prefix("/v1").unwrap_or(path);
        let parts: Vec<&str> = path.split('/').collect();
        let paths = self.0["paths"].as_object()?.iter();
        let fitting = paths.filter_map(|(template, item)| {
            let words: Vec<&str> = template.split('/').collect();
            let fits = words.len() == parts.len()
                && words.iter().zip(&parts).all(|(word, part)| word.starts_with('{') || word == part);
            let literal = words.iter().filter(|word| !word.starts_with('{')).count();
            fits.then_some((literal, item))
        });
        let (_, item) = fitting.max_by_key(|(literal, _)| *literal)?;
        item.get(method.to_lowercase())
    }

    fn follow<'a>(&'a self, mut node: &'a Value) -> &'a Value {
        while let Some(reference) = node["$ref"].as_str() {
            node = self.0.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
        }
        node
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, depth: usize, wrong: &mut Vec<String>) {
        let is_left_out = schema["$ref"].as_str().is_some_and(|reference| NOT_CHECKED.contains(&reference));
        if depth > DEPTH_MAX || is_left_out {
            return;
        }
        let schema = self.follow(schema);
        // Null stands for a member that is not there, unless that is required; this is how both systems use it.
        if value.is_null() && depth > 0 {
            return;
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.check(part, value, at, depth + 1, wrong);
        }
        for key in ["anyOf", "oneOf"] {
            let Some(choices) = schema[key].as_array() else { continue };
            let fits = choices.iter().any(|choice| {
                let mut tried = Vec::new();
                self.check(choice, value, at, depth + 1, &mut tried);
                tried.is_empty()
            });
            if !fits {
                wrong.push(format!("{at}: {} fits no choice of {key}", short(value)));
            }
        }
        if !has_type(&schema["type"], value) {
            wrong.push(format!("{at}: {} is not {}", short(value), schema["type"]));
            return;
        }
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(value)
        {
            wrong.push(format!("{at}: {} is none of {}", short(value), schema["enum"]));
        }
        self.check_inside(schema, value, at, depth, wrong);
    }

    fn check_inside(&self, schema: &Value, value: &Value, at: &str, depth: usize, wrong: &mut Vec<String>) {
        if let Some(elements) = value.as_array() {
            for (number, element) in elements.iter().enumerate() {
                self.check(&schema["items"], element, &format!("{at}/{number}"), depth + 1, wrong);
            }
        }
        let Some(members) = value.as_object() else { return };
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                wrong.push(format!("{at}: {name} is missing"));
            }
        }
        for (name, member) in members {
            let inside = format!("{at}/{name}");
            match (schema["properties"].get(name), &schema["additionalProperties"]) {
                (Some(_), _) if NOT_CHECKED_MEMBERS.contains(&name.as_str()) => {}
                (Some(described), _) => self.check(described, member, &inside, depth + 1, wrong),
                (None, Value::Bool(false)) => wrong.push(format!("{inside} is not described")),
                (None, more @ Value::Object(_)) => self.check(more, member, &inside, depth + 1, wrong),
                _ => {}
            }
        }
    }
}

fn has_type(kind: &Value, value: &Value) -> bool {
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        _ => true,
    };
    match kind {
        Value::String(kind) => is(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(is),
        _ => true,
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(120).collect()
}
