//! Fetches remote files after the request was answered. What cannot be fetched makes the file `failed`.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;

use crate::rehearsal::eas::Fetch;
use crate::rehearsal::request::Upload;
use crate::rehearsal::shared::Shared;
use crate::rehearsal::state::Place;
use crate::rehearsal::wire::upload::Staged;

/// Files that are fetched at the same time for one request.
const PARALLEL: usize = 4;

/// Fetches the files, in the background, once so much time has passed.
pub(super) fn run(shared: &Arc<Shared>, fetches: Vec<Fetch>, after: Duration) {
    if !fetches.is_empty() {
        let shared = Arc::clone(shared);
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            all(shared, fetches).await;
        });
    }
}

/// Fetches the files before going on; for calls of the instance itself.
pub(in crate::rehearsal) fn run_inline(shared: &Arc<Shared>, fetches: Vec<Fetch>) {
    if !fetches.is_empty() {
        shared.runtime.spawn(all(Arc::clone(shared), fetches));
    }
}

async fn all(shared: Arc<Shared>, fetches: Vec<Fetch>) {
    let one = |order: Fetch| {
        let shared = Arc::clone(&shared);
        async move {
            let fetched = fetch(&shared, &order).await;
            settle(&shared, &order, fetched);
        }
    };
    futures_util::stream::iter(fetches).for_each_concurrent(PARALLEL, one).await;
}

async fn fetch(shared: &Shared, order: &Fetch) -> Option<Upload> {
    let answer = shared.client.get(order.url.clone()).send().await.ok()?;
    if !answer.status().is_success() {
        return None;
    }
    let mut staged = Staged::create(&shared.files_dir, &shared.secret("")).await.ok()?;
    let mut body = answer.bytes_stream();
    while let Some(chunk) = body.next().await {
        staged.write(&chunk.ok()?).await.ok()?;
    }
    staged.finish(String::new()).await.ok()
}

fn settle(shared: &Shared, order: &Fetch, fetched: Option<Upload>) {
    let mut state = shared.write();
    let Some(file) = state.files.all.get_mut(&order.id) else { return };
    match fetched {
        Some(upload) => {
            file.bytes = upload.bytes;
            file.hash = upload.sha256;
            file.place = Place::Here(upload.path);
            file.status = "done";
        }
        None => file.status = "failed",
    }
}
