//! Turns an answer into what goes over the network, whole or spoilt.

use std::io;

use axum::body::Body as HttpBody;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use tokio_util::io::ReaderStream;

use crate::rehearsal::answer::{Answer, Body};

/// How the body of an answer is spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoilt {
    Not,
    /// Half of it comes, and then the connection ends.
    Truncated,
    /// Half of it comes, and the length says that this is all.
    Shortened,
}

/// Sends an answer. A HEAD request gets the head only.
pub(super) async fn send(answer: Answer, is_head: bool, spoilt: Spoilt) -> Response {
    let length = answer.bytes();
    let mut response = Response::new(HttpBody::empty());
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = answer.headers;
    let mime = match &answer.body {
        Body::Empty => None,
        Body::Text { mime, .. } => Some((*mime).to_owned()),
        Body::File { mime, .. } => Some(mime.clone()),
    };
    if let Some(mime) = mime.and_then(|mime| HeaderValue::from_str(&mime).ok()) {
        response.headers_mut().insert(header::CONTENT_TYPE, mime);
    }
    let told = if spoilt == Spoilt::Shortened { length / 2 } else { length };
    response.headers_mut().insert(header::CONTENT_LENGTH, told.into());
    if is_head {
        return response;
    }
    *response.body_mut() = match (answer.body, spoilt) {
        (Body::Empty, _) => HttpBody::empty(),
        (Body::Text { text, .. }, Spoilt::Not) => HttpBody::from(text),
        (Body::Text { text, .. }, spoilt) => part(Bytes::from(text), length / 2, spoilt),
        (Body::File { path, .. }, Spoilt::Not) => match tokio::fs::File::open(&path).await {
            Ok(file) => HttpBody::from_stream(ReaderStream::with_capacity(file, 1 << 16)),
            Err(error) => broken(error),
        },
        (Body::File { path, .. }, spoilt) => match tokio::fs::read(&path).await {
            Ok(bytes) => part(Bytes::from(bytes), length / 2, spoilt),
            Err(error) => broken(error),
        },
    };
    response
}

fn part(bytes: Bytes, length: u64, spoilt: Spoilt) -> HttpBody {
    let half = bytes.slice(..(length as usize).min(bytes.len()));
    match spoilt {
        Spoilt::Truncated => {
            let cut = Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            HttpBody::from_stream(stream::iter([Ok(half), cut]))
        }
        _ => HttpBody::from(half),
    }
}

fn broken(error: io::Error) -> HttpBody {
    HttpBody::from_stream(stream::iter([Err::<Bytes, _>(error)]))
}
