//! The choice of a language: kept in a cookie, and back to where one was.

use axum::Form;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::web::answer::{ROOT, see_other};
use crate::web::words::{COOKIE, Language};

/// A year.
const AGE: u64 = 365 * 24 * 60 * 60;

/// `POST /inspect/migration/language`
pub(super) async fn choose(Form(fields): Form<Vec<(String, String)>>) -> Response {
    let get = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value);
    let back = see_other(inside(get("back")));
    match Language::of_tag(get("language")) {
        None => back,
        Some(language) => {
            let cookie = format!("{COOKIE}={}; Path={ROOT}; Max-Age={AGE}; SameSite=Strict; HttpOnly", language.tag());
            ([(header::SET_COOKIE, cookie)], back).into_response()
        }
    }
}

/// A way back that leads nowhere else.
fn inside(back: &str) -> &str {
    let is_inside = back.starts_with(ROOT) && !back.contains(|sign: char| sign.is_control() || sign == '\\');
    if is_inside && back.is_ascii() { back } else { ROOT }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_stays_inside() {
        assert_eq!(inside("/inspect/migration/museum/?snapshot=3"), "/inspect/migration/museum/?snapshot=3");
        for bad in
            ["//evil.example/", "https://evil.example/inspect/migration/", "/", "", "/inspect/migration/\r\nX: y"]
        {
            assert_eq!(inside(bad), ROOT, "{bad:?}");
        }
    }
}
