//! Lists of which every item must be there before the first can be turned: asked for page by page, and kept in a file.

use bytes::Bytes;

use crate::fylr::error::Error;
use crate::fylr::json::{Json, elements};
use crate::fylr::request::{Request, Shape};
use crate::fylr::source::levels::{self, levels};
use crate::fylr::source::read::{Reader, folder, parsed};
use crate::fylr::source::spool::{Place, Spool};
use crate::fylr::source::turn::{Unturnable, text_at};

/// How often an empty page is asked for again when the token has ended meanwhile.
const EMPTY_MAX: u32 = 10;

/// Items that all must be there before the first can be turned.
pub(crate) struct Gathered {
    pub(super) spool: Spool,
    pub items: Vec<GatheredItem>,
}

pub(crate) struct GatheredItem {
    pub(super) place: Place,
    pub id: u64,
    pub parent: Option<u64>,
    pub reference: Option<String>,
}

impl Gathered {
    /// Turns the items at these places.
    pub fn turned(
        &mut self,
        places: &[usize],
        indent: Option<usize>,
        aside: &mut Vec<(u64, String)>,
        turn: impl Fn(Json<'_>) -> Result<Option<Json<'_>>, Unturnable>,
    ) -> Result<Vec<Bytes>, Error> {
        let mut turned = Vec::with_capacity(places.len());
        for at in places {
            let item = &self.items[*at];
            let text = self.spool.get(item.place)?;
            match turn(parsed(&text, "an item")?) {
                Ok(Some(json)) => turned.push(json.to_bytes(indent).into()),
                Ok(None) => {}
                Err(error) => aside.push((item.id, error.to_string())),
            }
        }
        Ok(turned)
    }

    /// The items level by level, each level in the order of the list.
    pub fn by_level(&self) -> Vec<Vec<usize>> {
        let parents: Vec<[u64; 1]> = self.items.iter().map(|item| [item.parent.unwrap_or(u64::MAX)]).collect();
        let (levels, _) =
            levels(self.items.len(), |at| levels::Version { id: self.items[at].id, parents: &parents[at] });
        let mut found: Vec<Vec<usize>> = Vec::new();
        for (at, level) in levels.into_iter().enumerate() {
            found.resize_with(found.len().max(level as usize + 1), Vec::new);
            found[level as usize].push(at);
        }
        found
    }
}

/// A list of a base type.
pub(crate) struct BaseList {
    pub path: &'static str,
    /// The part of an item with its id.
    pub inner: &'static str,
    pub is_paged: bool,
    pub query: Vec<(&'static str, String)>,
}

impl BaseList {
    pub fn new(path: &'static str, inner: &'static str, is_paged: bool) -> Self {
        Self { path, inner, is_paged, query: Vec::new() }
    }
}

/// Reads a whole list.
pub(crate) async fn gather(reader: &Reader, list: &BaseList) -> Result<Gathered, Error> {
    let mut gathered = Gathered { spool: Spool::new(&folder(&reader.options))?, items: Vec::new() };
    let mut offset = 0;
    loop {
        let mut request = Request::get(list.path, Shape::Array);
        for (name, value) in &list.query {
            request = request.with(name, value);
        }
        if list.is_paged {
            request = request.with("limit", reader.options.chunk_size).with("offset", offset);
        }
        let answer = page(reader, &request, list).await?;
        let items = elements(&answer).map_err(|error| unexpected(list.path, error.to_string()))?;
        let first = gathered.items.len();
        for text in &items {
            let json = Json::parse(text).map_err(|error| unexpected(list.path, error.to_string()))?;
            let inner = json.get(list.inner);
            let id = inner.and_then(|inner| inner.get("_id")).and_then(Json::as_id);
            let id = id.ok_or_else(|| unexpected(list.path, "an item has no id".to_owned()))?;
            let parent = inner.and_then(|inner| inner.get("_id_parent")).and_then(Json::as_id);
            // A server that knows no pages gives the same one again.
            if gathered.items.len() == first && first > 0 && gathered.items[0].id == id {
                return Ok(gathered);
            }
            let place = gathered.spool.put(text.as_bytes())?;
            let reference = text_at(&json, &[list.inner, "reference"]);
            gathered.items.push(GatheredItem { place, id, parent, reference });
        }
        offset += reader.options.chunk_size;
        if items.is_empty() || !list.is_paged {
            return Ok(gathered);
        }
    }
}

/// A page of a list. To who is not logged in some lists are given empty instead of being refused, so an empty page counts
/// only if the token was good.
async fn page(reader: &Reader, request: &Request, list: &BaseList) -> Result<Bytes, Error> {
    if let Some(answer) = reader.asker.kept(request) {
        return Ok(answer);
    }
    for _ in 0..EMPTY_MAX {
        let before = reader.client.logins();
        let answer = reader.client.ask(request).await?;
        let mut is_good = answer.trim_ascii() != b"[]";
        if !is_good {
            reader.client.stay_logged_in().await?;
            is_good = reader.client.logins() == before;
        }
        if is_good {
            reader.asker.keep(request, &answer);
            return Ok(answer);
        }
    }
    Err(unexpected(list.path, "the login ends with every request".to_owned()))
}

pub(super) fn unexpected(path: &str, why: String) -> Error {
    Error::Unexpected { what: path.to_owned(), why }
}
