//! What all requests share.

use std::path::PathBuf;
use std::sync::Arc;

use crate::archive::Archive;
use crate::jobs;
use crate::model::event::{Event, Observer};
use crate::web::answer::Refusal;
use crate::web::guard::{Rules, Sessions};
use crate::web::profiles::Profiles;

#[allow(dead_code, reason = "pages that choose instances use the rest")]
/// The page's state, but for what stands in the archive.
pub(super) struct Site {
    pub archive: PathBuf,
    pub rules: Rules,
    pub sessions: Sessions,
    pub profiles: Arc<dyn Profiles>,
    pub allows_any_server: bool,
    /// Hears who did what.
    pub observer: Arc<dyn Observer + Send + Sync>,
}

impl Site {
    #[allow(dead_code, reason = "pages that show the archive use it")]
    /// Looks at the archive, on a thread that may wait for the disk.
    ///
    /// # Errors
    /// When there is none, it cannot be read, or `work` refuses.
    pub async fn look<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Archive) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let site = Arc::clone(self);
        blocking(move || work(&Archive::open(&site.archive)?)).await
    }

    /// What the archive's file is called.
    pub fn archive_name(&self) -> String {
        self.archive.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Says who did what, to be kept by whoever keeps it.
    pub fn audit(&self, what: String) {
        self.observer.observe(Event::Audit { what });
    }
}

#[allow(dead_code, reason = "pages that show the archive use it")]
/// Does work that waits for the disk or for servers.
///
/// # Errors
/// The work's own, or when it panics.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Refusal::failed(&jobs::Error::Archive(crate::archive::Error::Panicked))))
}
