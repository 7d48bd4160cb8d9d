//! The body of a request: a form, or JSON with the same names.

use axum::extract::FromRequest;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use bytes::Bytes;

use crate::web::answer::Refusal;
use crate::web::forms::Fields;

/// The fields that were sent.
pub(super) struct Sent(pub Fields);

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let mime = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_json = mime.is_some_and(|mime| mime.trim().to_ascii_lowercase().starts_with("application/json"));
        let bad = |what: String| Refusal::new(StatusCode::BAD_REQUEST, what, "send the fields of the form");
        let body = Bytes::from_request(request, state).await.map_err(|error| bad(error.body_text()))?;
        if is_json {
            return Fields::of_json(&body).map(Self).map_err(|error| bad(error.to_string()));
        }
        Ok(Self(Fields::of_form(&body)))
    }
}
