//! Connections. There are so many at a time; who only holds one open makes room for who comes with a request.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use futures_util::StreamExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections at a time: half of what a process may usually have open.
const CONNECTIONS_MAX: usize = 512;
/// How long a request's head, or the next one, may take. A browser sends it at once.
const HEAD_TIME_MAX: Duration = Duration::from_secs(10);
/// Bytes of a request's head; ours have less than two thousand.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// Header fields of a request.
const HEAD_FIELDS_MAX: usize = 100;
/// How long TLS may take to begin.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);
/// Between attempts to accept when the process has no more files.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// Lets connections in.
pub(super) struct Door {
    pub listener: TcpListener,
    pub tls: Option<TlsAcceptor>,
    pub router: Router,
    /// Ends everything.
    pub stop: CancellationToken,
}

impl Door {
    /// Serves until it is told to stop; then running answers get to their end.
    pub async fn serve(self) {
        let (tracker, connections) = (TaskTracker::new(), Arc::new(Connections::default()));
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = self.stop.cancelled() => break,
            };
            match accepted {
                Ok((stream, _)) => {
                    if let Some(place) = connections.enter() {
                        tracker.spawn(self.connection(stream, place));
                    }
                }
                Err(error) => {
                    tracing::debug!("cannot accept a connection: {error}");
                    connections.make_room();
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            }
        }
        tracker.close();
        tracker.wait().await;
    }

    fn connection(&self, stream: TcpStream, place: Place) -> impl Future<Output = ()> + Send + use<> {
        let (tls, router, stop) = (self.tls.clone(), self.router.clone(), self.stop.clone());
        async move {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!("cannot set TCP_NODELAY: {error}");
            }
            let give_up = place.give_up.clone();
            let served = async {
                match tls {
                    None => serve(stream, router, place, stop).await,
                    Some(tls) => match tokio::time::timeout(HANDSHAKE_TIME_MAX, tls.accept(stream)).await {
                        Ok(Ok(stream)) => serve(stream, router, place, stop).await,
                        _ => tracing::debug!("a connection does not speak TLS"),
                    },
                }
            };
            tokio::select! {
                () = served => {}
                () = give_up.cancelled() => {}
            }
        }
    }
}

async fn serve<S>(stream: S, router: Router, place: Place, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let busy = Arc::clone(&place.busy);
    let service = tower_service(router, busy);
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME_MAX);
    builder.max_buf_size(HEAD_BYTES_MAX).max_headers(HEAD_FIELDS_MAX);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection ended: {error}");
    }
    drop(place);
}

/// The router, which tells while it works on an answer.
fn tower_service(
    router: Router,
    busy: Arc<AtomicU64>,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = Response,
    Error = std::convert::Infallible,
    Future = impl Future<Output = Result<Response, std::convert::Infallible>> + Send,
> {
    let inner = TowerToHyperService::new(router);
    hyper::service::service_fn(move |request: Request<Incoming>| {
        let work = Work::begin(&busy);
        let answer = hyper::service::Service::call(&inner, request.map(Body::new));
        async move { answer.await.map(|response| until_sent(response, work)) }
    })
}

/// An answer that is a stream counts as work to its end.
fn until_sent(response: Response, work: Work) -> Response {
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    response.map(|body| {
        Body::from_stream(body.into_data_stream().map(move |block| {
            let _ = &work;
            block
        }))
    })
}

/// A request that is worked on.
struct Work(Arc<AtomicU64>);

impl Work {
    fn begin(busy: &Arc<AtomicU64>) -> Self {
        busy.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(busy))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// All connections, the oldest first.
#[derive(Default)]
struct Connections(Mutex<(u64, BTreeMap<u64, Kept>)>);

struct Kept {
    give_up: CancellationToken,
    busy: Arc<AtomicU64>,
}

/// The place of a connection among the others.
struct Place {
    number: u64,
    give_up: CancellationToken,
    busy: Arc<AtomicU64>,
    all: Arc<Connections>,
}

impl Connections {
    /// A place, for which the oldest that waits goes if there is none left; `None` if all of them work.
    fn enter(self: &Arc<Self>) -> Option<Place> {
        let is_full = self.0.lock().unwrap_or_else(PoisonError::into_inner).1.len() >= CONNECTIONS_MAX;
        if is_full && !self.make_room() {
            return None;
        }
        let (give_up, busy) = (CancellationToken::new(), Arc::new(AtomicU64::new(0)));
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 += 1;
        let number = state.0;
        state.1.insert(number, Kept { give_up: give_up.clone(), busy: Arc::clone(&busy) });
        Some(Place { number, give_up, busy, all: Arc::clone(self) })
    }

    /// Ends the oldest connection that waits for a request.
    fn make_room(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = state.1.iter().find(|(_, kept)| kept.busy.load(Ordering::Relaxed) == 0).map(|(number, _)| *number);
        let Some(kept) = idle.and_then(|number| state.1.remove(&number)) else { return false };
        kept.give_up.cancel();
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&self.number);
    }
}
