//! What a record mentions under a key, at any depth, found without taking the record apart.

use memchr::memmem;

/// The strings that are values of members named `key`, wherever they stand in the JSON text.
pub fn strings<'a>(record: &'a [u8], key: &str) -> impl Iterator<Item = String> + use<'a> {
    let key = format!("\"{key}\"");
    let length = key.len();
    let finder = memmem::Finder::new(key.as_bytes()).into_owned();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let found = at + finder.find(&record[at..])?;
            at = found + length;
            let rest = record[at..].trim_ascii_start();
            let Some(value) = rest.strip_prefix(b":") else { continue };
            let mut values = serde_json::Deserializer::from_slice(value).into_iter::<&serde_json::value::RawValue>();
            let Some(Ok(value)) = values.next() else { continue };
            if let Ok(text) = serde_json::from_str(value.get()) {
                return Some(text);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_at_any_depth_and_nothing_else_is() {
        let record = br#"{"path":"a","x":[{"path" : "b\u00fc"},{"path":{"path":"c"}}],"y":"\"path\":\"no\"","path":7}"#;
        assert_eq!(strings(record, "path").collect::<Vec<_>>(), ["a", "bü", "c"]);
        assert_eq!(strings(b"\"path\"", "path").count(), 0);
    }
}
