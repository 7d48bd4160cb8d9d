//! Secrets that a server keeps to itself: it shows stars in their place.

use crate::fylr::json::Json;

/// What stands for a secret.
const PLACEHOLDERS: [&str; 2] = ["\"***\"", "\"*****\""];

/// Takes the members away that only stand for a secret: written back, they would become the secret.
pub(crate) fn without_placeholders(json: &mut Json<'_>) {
    match json {
        Json::Scalar(_) => {}
        Json::Array(items) => items.iter_mut().for_each(without_placeholders),
        Json::Object(members) => {
            members.retain(|_, value| !matches!(value, Json::Scalar(text) if PLACEHOLDERS.contains(&&**text)));
            members.iter_mut().for_each(|(_, value)| without_placeholders(value));
        }
    }
}
