//! The start page.

use axum::http::StatusCode;
use axum::response::Response;
use maud::html;

use crate::web::look::Here;
use crate::web::visit::{Frame, Visit};
use crate::web::words::frame;

/// `GET /inspect/migration/`
pub(super) async fn page(visit: Visit) -> Response {
    let title = visit.language.say(frame::BACKUPS);
    let frame = Frame { title, here: Here::Backups, crumbs: Vec::new(), refresh: None };
    visit.page(StatusCode::OK, frame, html! { h1 { (title) } })
}
