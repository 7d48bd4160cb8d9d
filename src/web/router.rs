//! Which path is which page.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::web::answer::Refusal;
use crate::web::site::Site;
use crate::web::{assets, backup, create, guard, language, plan, runs, sign_in, start};

/// All there is to be asked for. Every request passes [`guard::guard`] first, also those that lead nowhere.
pub(super) fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/inspect/migration/", get(start::page))
        .route("/inspect/migration/assets/{name}", get(assets::asset))
        .route("/inspect/migration/sign-in", post(sign_in::sign_in))
        .route("/inspect/migration/sign-out", post(sign_in::sign_out))
        .route("/inspect/migration/language", post(language::choose))
        .route("/inspect/migration/backup", post(create::backup).get(create::with_slash))
        .route("/inspect/migration/restore", post(plan::create).get(create::with_slash))
        .route("/inspect/migration/runs/plans/{id}/", get(plan::page).post(plan::confirmed))
        .route("/inspect/migration/runs/command/{form}", post(create::command))
        .route("/inspect/migration/{name}/", get(backup::page).post(backup::act))
        .route("/inspect/migration/{name}/{*path}", get(backup::below))
        .merge(runs::pages::routes())
        .fallback(async || Refusal::not_found())
        .method_not_allowed_fallback(async || guard::wrong_method())
        .layer(from_fn_with_state(Arc::clone(&site), guard::guard))
        .with_state(site)
}
