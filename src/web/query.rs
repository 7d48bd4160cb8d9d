//! What stands behind the question mark of an address.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::web::look::QUERY_PAGE;

/// Pages beyond this one are not asked for by anybody.
const PAGE_MAX: u64 = 1 << 40;

/// Pairs of a query.
#[derive(Debug, Clone, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub fn new(text: Option<&str>) -> Self {
        Self(url::form_urlencoded::parse(text.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// The first value of a name that is not empty.
    pub fn get(&self, wanted: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, value)| name == wanted && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// The page of a list; the first is 1.
    pub fn page(&self) -> u64 {
        self.get(QUERY_PAGE).and_then(|text| text.parse().ok()).unwrap_or(1).clamp(1, PAGE_MAX)
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::new(parts.uri.query()))
    }
}
