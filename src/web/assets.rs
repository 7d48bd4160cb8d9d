//! Style, script and icon. Their names change with their content, so that browsers may keep them for ever.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::web::answer::Refusal;
use crate::web::look::assets;

const FOREVER: &str = "public, max-age=31536000, immutable";

/// `GET /inspect/migration/assets/…`
pub(super) async fn asset(Path(name): Path<String>) -> Result<Response, Refusal> {
    let asset = assets::find(&name).ok_or_else(Refusal::not_found)?;
    let headers = [(header::CONTENT_TYPE, asset.content_type), (header::CACHE_CONTROL, FOREVER)];
    Ok((headers, asset.content).into_response())
}
