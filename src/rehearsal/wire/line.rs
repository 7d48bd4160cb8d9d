//! A connection that can be cut from inside: a reset, as a crashed server or a broken network makes it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Accepts connections that can be cut.
pub(in crate::rehearsal) struct Door(pub TcpListener);

/// The connection of a request, to be cut.
#[derive(Debug, Clone, Default)]
pub(in crate::rehearsal) struct Line {
    is_cut: Arc<AtomicBool>,
    /// Bytes that still get out.
    left: Arc<AtomicU64>,
}

pub(in crate::rehearsal) struct Wire {
    stream: TcpStream,
    line: Line,
}

impl Line {
    /// Lets so many more bytes out, then resets the connection.
    pub fn cut_after(&self, bytes: u64) {
        self.left.store(bytes, Ordering::SeqCst);
        self.is_cut.store(true, Ordering::SeqCst);
    }
}

impl Listener for Door {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Answers are small; a delay for their sake would be the longest part of many.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("cannot set TCP_NODELAY: {error}");
        }
        (Wire { stream, line: Line::default() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Door>> for Line {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().line.clone()
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, out)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !self.line.is_cut.load(Ordering::SeqCst) {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        }
        let left = self.line.left.load(Ordering::SeqCst);
        if left == 0 {
            return Poll::Ready(Err(self.reset()));
        }
        let allowed = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let written = Pin::new(&mut self.stream).poll_write(context, &bytes[..allowed]);
        if let Poll::Ready(Ok(written)) = &written {
            self.line.left.fetch_sub(*written as u64, Ordering::SeqCst);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.line.is_cut.load(Ordering::SeqCst) {
            return Poll::Ready(Err(self.reset()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Wire {
    /// With no time to linger the end of a connection is a reset.
    fn reset(&self) -> io::Error {
        if let Err(error) = self.stream.set_zero_linger() {
            tracing::debug!("cannot reset a connection: {error}");
        }
        io::ErrorKind::ConnectionReset.into()
    }
}
