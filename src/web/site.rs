//! What all requests share.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::archive::Archive;
use crate::jobs;
use crate::model::event::{Event, Observer};
use crate::web::answer::Refusal;
use crate::web::forms::Place;
use crate::web::guard::{Rules, Sessions};
use crate::web::plan::Plans;
use crate::web::profiles::Profiles;
use crate::web::runs::Queue;
use crate::web::words::Language;

/// Downloads and comparisons that run at a time: each keeps a core and a disk busy.
pub(super) const READERS_MAX: usize = 4;
/// How long one waits for its turn; browsers give up soon after.
const TURN_WAIT_MAX: Duration = Duration::from_secs(20);

/// Pages that follow a run at a time; each holds a connection.
pub(super) const STREAMS_MAX: usize = 64;

/// The page's state, but for what stands in the archive.
pub(super) struct Site {
    pub archive: PathBuf,
    pub rules: Rules,
    pub sessions: Sessions,
    pub profiles: Arc<dyn Profiles>,
    pub allows_any_server: bool,
    /// Restores that wait to be confirmed.
    pub plans: Plans,
    /// Downloads and comparisons that may run at a time.
    pub turns: Arc<Semaphore>,
    /// What is done, and what waits to be.
    pub queue: Arc<Queue>,
    /// Pages that may follow runs at a time.
    pub streams: Arc<Semaphore>,
    /// The page ends.
    pub stop: CancellationToken,
    /// Hears who did what.
    pub observer: Arc<dyn Observer + Send + Sync>,
}

impl Site {
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

    /// Waits for a turn among those who read a lot. It ends when the permit is dropped.
    ///
    /// # Errors
    /// When too many wait already.
    pub async fn turn(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let turn = tokio::time::timeout(TURN_WAIT_MAX, Arc::clone(&self.turns).acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or_else(|| {
            Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                format!("{READERS_MAX} downloads or comparisons are under way"),
                "wait until one of them has ended",
            )
        })
    }

    /// Where forms are sent to.
    pub fn place(&self, language: Language) -> Place<'_> {
        Place { archive: &self.archive, profiles: &*self.profiles, allows_any_server: self.allows_any_server, language }
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
