//! How runs look: the list, one of them, its log, what can be done to it, and the stream that keeps a page up to date.

mod act;
mod draw;
mod list;
mod log;
mod page;
mod report;
mod stream;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::web::site::Site;

/// Everything below `/inspect/migration/runs/`.
pub(in crate::web) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/inspect/migration/runs/", get(list::page))
        .route("/inspect/migration/runs/{name}/", get(page::page))
        .route("/inspect/migration/runs/{name}/log", get(log::raw))
        .route("/inspect/migration/runs/{name}/lines", get(log::lines))
        .route("/inspect/migration/runs/{name}/events", get(stream::events))
        .route("/inspect/migration/runs/{name}/cancel", post(act::cancel))
        .route("/inspect/migration/runs/{name}/continue", post(act::go_on))
        .route("/inspect/migration/runs/{name}/retry", post(act::retry))
}

pub(in crate::web) use draw::rows;
