//! The page as a server: it listens when it was started, and ends when it is told to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::model::event::Observer;
use crate::web::answer::ROOT;
use crate::web::door::Door;
use crate::web::error::Error;
use crate::web::guard::{Rules, Sessions};
use crate::web::options::Options;
use crate::web::plan::Plans;
use crate::web::profiles::Profiles;
use crate::web::router::router;
use crate::web::runs::Queue;
use crate::web::site::{READERS_MAX, STREAMS_MAX, Site};
use crate::web::tls;

/// Threads that wait for the network.
const THREADS: usize = 2;
/// Threads that look at the archive for pages, a page each.
const LOOKING_THREADS_MAX: usize = 32;
/// How long answers that are being sent get at the end.
const GRACE: Duration = Duration::from_secs(1);

/// A server that listens.
pub struct Server {
    site: Arc<Site>,
    address: SocketAddr,
    stop: CancellationToken,
    runtime: Option<Runtime>,
}

impl Server {
    /// Listens, with threads of its own.
    ///
    /// # Errors
    /// When others could reach the page unasked, the address is taken, or certificate and key are none.
    pub fn start(
        options: Options,
        profiles: Arc<dyn Profiles>,
        observer: Arc<dyn Observer + Send + Sync>,
    ) -> Result<Self, Error> {
        options.check()?;
        let tls = options.tls.as_ref().map(tls::acceptor).transpose()?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .max_blocking_threads(LOOKING_THREADS_MAX)
            .thread_name("page")
            .enable_all()
            .build()
            .map_err(Error::Runtime)?;
        let failed = |source| Error::Listen { address: options.listen, source };
        let listener = runtime.block_on(TcpListener::bind(options.listen)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let stop = CancellationToken::new();
        let site = Arc::new(Site {
            queue: Queue::new(options.archive.clone()),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            stop: stop.clone(),
            rules: Rules::new(&options, address)?,
            sessions: Sessions::new(options.token.as_ref()),
            archive: options.archive,
            profiles,
            allows_any_server: options.allows_any_server,
            plans: Plans::default(),
            turns: Arc::new(Semaphore::new(READERS_MAX)),
            observer,
        });
        let door = Door { listener, tls, router: router(Arc::clone(&site)), stop: stop.clone() };
        runtime.spawn(door.serve());
        Ok(Self { site, address, stop, runtime: Some(runtime) })
    }

    /// Where the page is.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.site.rules.is_tls() { "https" } else { "http" };
        format!("{scheme}://{}{ROOT}", self.address)
    }

    /// A link that signs in, once.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn link(&self) -> Result<String, Error> {
        Ok(format!("{}?code={}", self.url(), self.site.sessions.issue_code()?))
    }

    /// Ends in order: what runs is cancelled, and can be continued.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.site.queue.close();
        self.stop.cancel();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(GRACE);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}
