//! Password hashes: fylr keeps one text `method:hash`; easydb5 has method, hash and salt apart.

use crate::fylr::json::{Json, Members};

/// Users of these types log in elsewhere, and fylr refuses passwords for them.
const WITHOUT_PASSWORD: [&str; 4] = ["ldap", "sso", "saml", "email"];

/// Brings the hash into fylr's form, and takes away what the user's type must not have. Whether there is a hash.
pub(super) fn password(members: &mut Members<'_>, user_type: &str) -> bool {
    let method = members.take("_password_insecure_hash_method");
    let salt = members.take("_password_insecure_hash_salt");
    let hash = members.take("_password_insecure_hash");
    if let (Some(method), Some(hash)) = (text(method.as_ref()), text(hash.as_ref())) {
        let converted = match (method.as_str(), text(salt.as_ref())) {
            // crypt(3) writes SHA-512 with its salt in front.
            ("sha-512", Some(salt)) => format!("sha-512:$6${salt}${hash}"),
            _ => format!("{method}:{hash}"),
        };
        members.set("_password_hash", Json::string(&converted));
    }
    if WITHOUT_PASSWORD.contains(&user_type) {
        members.remove(&["_password", "_password_hash"]);
        if let Some(user) = members.get_mut("user").and_then(Json::members_mut) {
            user.remove(&["require_password_change"]);
        }
    }
    members.get("_password_hash").is_some_and(|hash| !hash.is_null())
}

fn text(json: Option<&Json<'_>>) -> Option<String> {
    Some(json?.as_str().filter(|text| !text.is_empty())?.into_owned())
}
