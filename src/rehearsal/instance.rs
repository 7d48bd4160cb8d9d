//! A running instance. Dropping it ends it and removes its temporary files.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use reqwest::redirect::Policy;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::rehearsal::base::put_on_disk;
use crate::rehearsal::dump;
use crate::rehearsal::error::Error;
use crate::rehearsal::faults::Faults;
use crate::rehearsal::journal::{Journal, Logged};
use crate::rehearsal::options::Options;
use crate::rehearsal::shared::{FETCH_TIMEOUT, Shared};
use crate::rehearsal::wire::{Door, Line, receive};

/// Threads that requests are worked on by, beside those that wait for the network.
const BLOCKING_THREADS_MAX: usize = 16;

/// A server that listens.
pub struct Instance {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
    /// Its own threads, unless it was started in those of the caller.
    runtime: Option<Runtime>,
    /// Removed with the instance.
    _files: Option<TempDir>,
}

impl Instance {
    /// Starts an instance with threads of its own. It listens when this returns.
    ///
    /// # Errors
    /// When the address is taken, or the directory for files or the request log cannot be written.
    ///
    /// # Panics
    /// When called from within an asynchronous runtime; there, use [`Instance::start_in`].
    pub fn start(options: Options) -> Result<Self, Error> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(BLOCKING_THREADS_MAX)
            .thread_name("rehearsal")
            .enable_all()
            .build()
            .map_err(Error::Runtime)?;
        let handle = runtime.handle().clone();
        let mut instance = runtime.block_on(Self::start_on(options, handle))?;
        instance.runtime = Some(runtime);
        Ok(instance)
    }

    /// Starts an instance on the threads of the calling runtime.
    ///
    /// # Errors
    /// As [`Instance::start`].
    pub async fn start_in(options: Options) -> Result<Self, Error> {
        Self::start_on(options, Handle::current()).await
    }

    async fn start_on(options: Options, handle: Handle) -> Result<Self, Error> {
        let address = options.listen;
        let listener = TcpListener::bind(address).await.map_err(|source| Error::Listen { address, source })?;
        let address = listener.local_addr().map_err(|source| Error::Listen { address, source })?;
        let (files, files_dir) = match &options.files {
            Some(dir) => {
                let failed = |source| Error::Files { path: dir.clone(), source };
                std::fs::create_dir_all(dir).map_err(failed)?;
                (None, dir.clone())
            }
            None => {
                let failed = |source| Error::Files { path: std::path::PathBuf::from("a temporary directory"), source };
                let dir = TempDir::new().map_err(failed)?;
                let path = dir.path().to_owned();
                (Some(dir), path)
            }
        };
        let journal = Journal::open(options.request_log.as_deref())?;
        let shared = Arc::new(Shared::new(options, files_dir, journal, client()?, handle.clone()));
        // It is set once, here.
        let _ = shared.base_url.set(format!("http://{address}"));
        let app = Router::new().fallback(receive).layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&shared));
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let service = app.into_make_service_with_connect_info::<Line>();
        let server = handle.spawn(async move {
            // It ends when it is told to, and never of itself.
            let _ = axum::serve(Door(listener), service).with_graceful_shutdown(stopped).await;
        });
        Ok(Self { shared, address, stop, server: Some(server), runtime: None, _files: files })
    }

    /// Where it listens, `http://127.0.0.1:8090`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The base of its API, `http://127.0.0.1:8090/api/v1`.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("{}/api/v1", self.url())
    }

    /// The options it runs with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// What goes wrong on demand.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Puts plugins on its disk, where there are none of their names.
    pub fn put_plugins(&self, names: &[String]) {
        let mut state = self.shared.write();
        for name in names {
            put_on_disk(&mut state, name);
        }
    }

    /// Every request up to now with the status of its answer, in the order of the answers; the first 200 000 are kept.
    #[must_use]
    pub fn requests(&self) -> Vec<Logged> {
        self.shared.journal.all()
    }

    /// Forgets the requests up to now.
    pub fn forget_requests(&self) {
        self.shared.journal.clear();
    }

    /// Everything it holds as canonical JSON, the same for instances with the same content.
    #[must_use]
    pub fn dump(&self) -> String {
        dump::whole(&self.shared)
    }

    /// Writes everything it holds into a directory, one file for each kind.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn dump_to(&self, dir: &Path) -> Result<(), Error> {
        dump::write(&self.shared, dir)
    }

    pub(in crate::rehearsal) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(server) = self.server.take() {
            server.abort();
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The client for remote files. It follows no redirect, as there is no need to, and knows no proxy.
fn client() -> Result<reqwest::Client, Error> {
    // Another part of the process may have chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(FETCH_TIMEOUT)
        .read_timeout(FETCH_TIMEOUT)
        .build()
        .map_err(Error::Client)
}
