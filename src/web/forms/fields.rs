//! What was sent: pairs of a form, or a JSON object with the same names, where a list stands for a name given several
//! times.

use serde_json::Value;

/// A word made for each form that is shown: a form that is sent twice with the same one counts once.
pub const ONCE: &str = "once";
/// Names that stand in every form and mean nothing for the job.
const OF_NO_MEANING: [&str; 2] = [ONCE, "form"];

/// What was sent. It may hold passwords, and so shows itself to nobody.
pub struct Fields {
    pairs: Vec<(String, String)>,
    /// A script has sent it: what it leaves out is as a fresh form has it. A browser leaves out boxes that are not ticked.
    pub is_script: bool,
}

/// Why a body holds no fields.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("the body is no JSON object")]
    NotAnObject,
    #[error("\"{0}\" is an object, and should be a text, a number, true, false, or a list of those")]
    Object(String),
}

impl Fields {
    /// Of a body of the type `application/x-www-form-urlencoded`.
    #[must_use]
    pub fn of_form(body: &[u8]) -> Self {
        Self { pairs: url::form_urlencoded::parse(body).into_owned().collect(), is_script: false }
    }

    /// Of a JSON object.
    ///
    /// # Errors
    /// When it is none, or holds objects.
    pub fn of_json(body: &[u8]) -> Result<Self, BodyError> {
        let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return Err(BodyError::NotAnObject) };
        let mut pairs = Vec::new();
        for (name, value) in members {
            match value {
                Value::Array(values) => {
                    for value in values {
                        add(&mut pairs, &name, value)?;
                    }
                }
                value => add(&mut pairs, &name, value)?,
            }
        }
        Ok(Self { pairs, is_script: true })
    }

    /// The word that was made for the form.
    #[must_use]
    pub fn once(&self) -> Option<String> {
        self.pairs
            .iter()
            .find(|(name, _)| name == ONCE)
            .map(|(_, value)| value.clone())
            .filter(|value| !value.is_empty())
    }

    /// Which form it is, where that is said.
    #[must_use]
    pub fn form(&self) -> Option<String> {
        self.pairs.iter().find(|(name, _)| name == "form").map(|(_, value)| value.clone())
    }

    /// Puts one value in the place of all that a name has.
    pub fn set(&mut self, name: &str, value: &str) {
        self.take(name);
        self.pairs.push((name.to_owned(), value.to_owned()));
    }

    /// All values of a name, taken out.
    pub fn take(&mut self, wanted: &str) -> Vec<String> {
        self.pairs.extract_if(.., |(name, _)| name == wanted).map(|(_, value)| value).collect()
    }

    /// Names that nobody has taken.
    #[must_use]
    pub fn left(&self) -> Vec<String> {
        let mut left: Vec<String> = self.pairs.iter().map(|(name, _)| name.clone()).collect();
        left.retain(|name| !OF_NO_MEANING.contains(&name.as_str()));
        left.dedup();
        left
    }
}

fn add(pairs: &mut Vec<(String, String)>, name: &str, value: Value) -> Result<(), BodyError> {
    let text = match value {
        Value::Null => return Ok(()),
        Value::String(text) => text,
        Value::Bool(is) => is.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Array(_) | Value::Object(_) => return Err(BodyError::Object(name.to_owned())),
    };
    pairs.push((name.to_owned(), text));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_and_json_say_the_same() {
        let mut form = Fields::of_form(b"server=https%3A%2F%2Fa&server=b&chunk-size=100&name=M%C3%BCnster&once=x");
        let mut json = Fields::of_json(
            r#"{"server":["https://a","b"],"chunk-size":100,"name":"Münster","once":"x","password":null}"#.as_bytes(),
        )
        .unwrap();
        assert_eq!(form.once().as_deref(), Some("x"));
        for name in ["server", "chunk-size", "name", "password"] {
            assert_eq!(form.take(name), json.take(name), "{name}");
        }
        assert!(form.left().is_empty() && json.left().is_empty());
        assert_eq!(Fields::of_form(b"naem=x&naem=y").left(), ["naem"]);
    }

    #[test]
    fn what_is_no_flat_object_is_refused() {
        assert!(Fields::of_json(b"[1]").is_err() && Fields::of_json(b"{").is_err());
        assert!(matches!(Fields::of_json(b"{\"a\":{}}"), Err(BodyError::Object(name)) if name == "a"));
        assert!(matches!(Fields::of_json(b"{\"a\":[[]]}"), Err(BodyError::Object(_))));
    }
}
