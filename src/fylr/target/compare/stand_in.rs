//! Short stand-ins for what items say. They are put together of the stand-ins of their parts, members in any order, so
//! that a text is gone through once and nothing of it is kept. Seeded anew in every run: nobody can make two texts that
//! have the same one.

use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::LazyLock;

use foldhash::quality::{FoldHasher, RandomState};

use crate::fylr::json::{Json, Reader, Unreadable};

static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// What stands for an item, or for a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandIn {
    pub full: u64,
    /// The same for what it says without what its files are.
    pub bare: u64,
}

/// What a stand-in is of: the text `1` is not the number 1.
#[derive(Clone, Copy)]
enum Of {
    Text,
    Literal,
    Name,
    Member,
    Members,
    Item,
    Items,
    Broken,
    Key,
    OtherKey,
}

impl From<(u64, u64)> for StandIn {
    fn from((full, bare): (u64, u64)) -> Self {
        Self { full, bare }
    }
}

impl From<StandIn> for (u64, u64) {
    fn from(StandIn { full, bare }: StandIn) -> Self {
        (full, bare)
    }
}

impl From<u64> for StandIn {
    fn from(both: u64) -> Self {
        Self { full: both, bare: both }
    }
}

fn hasher(of: Of) -> FoldHasher<'static> {
    let mut hasher = SEED.build_hasher();
    hasher.write_u64(of as u64);
    hasher
}

fn of_bytes(of: Of, bytes: &[u8]) -> u64 {
    let mut hasher = hasher(of);
    hasher.write(bytes);
    hasher.finish()
}

fn of_pair(of: Of, one: u64, other: u64) -> u64 {
    let mut hasher = hasher(of);
    hasher.write_u64(one);
    hasher.write_u64(other);
    hasher.finish()
}

/// Of a text, as it is read.
pub(super) fn of_text(text: &str) -> u64 {
    of_bytes(Of::Text, text.as_bytes())
}

/// Of the text of a point in time, without the `Z` at its end.
pub(super) fn of_instant(text: &str) -> u64 {
    let mut whole = [b'Z'; INSTANT_MAX + 1];
    whole[..text.len()].copy_from_slice(text.as_bytes());
    of_bytes(Of::Text, &whole[..=text.len()])
}

/// The longest text of a point in time: nanoseconds.
const INSTANT_MAX: usize = "2024-05-28T08:00:00.123456789".len();

/// Of a text as it is written, with its quotes; `is_escaped` says that there is a backslash in it.
pub(super) fn of_string(quoted: &str, is_escaped: bool) -> u64 {
    if !is_escaped {
        return of_text(&quoted[1..quoted.len() - 1]);
    }
    // What can be written and not read stands for itself.
    Json::Scalar(quoted.into()).as_str().map_or_else(|| of_literal(quoted), |text| of_text(&text))
}

/// Of a number, `true` or `false`.
pub(super) fn of_literal(text: &str) -> u64 {
    of_bytes(Of::Literal, text.as_bytes())
}

/// Of the name of a member.
pub(super) fn of_name(name: &str) -> u64 {
    of_bytes(Of::Name, name.as_bytes())
}

/// By what an item is found.
#[must_use]
pub fn of_key(key: &str) -> u128 {
    let [one, other] = [Of::Key, Of::OtherKey].map(|of| u128::from(of_bytes(of, key.as_bytes())));
    one << 64 | other
}

/// Members in any order.
#[derive(Default)]
pub(super) struct Members {
    sum: (u64, u64),
    count: u64,
}

impl Members {
    pub fn add(&mut self, name: u64, value: StandIn) {
        let full = of_pair(Of::Member, name, value.full);
        let bare = if value.full == value.bare { full } else { of_pair(Of::Member, name, value.bare) };
        self.sum = (self.sum.0.wrapping_add(full), self.sum.1.wrapping_add(bare));
        self.count += 1;
    }

    /// `None` where nothing is said.
    pub fn end(self) -> Option<StandIn> {
        let of = |sum| of_pair(Of::Members, sum, self.count);
        (self.count > 0).then(|| ended(self.sum, of))
    }
}

/// Items in their order.
#[derive(Default)]
pub(super) struct Items {
    chain: (u64, u64),
    count: u64,
}

impl Items {
    pub fn add(&mut self, item: StandIn) {
        let full = of_pair(Of::Item, self.chain.0, item.full);
        let is_one = item.full == item.bare && self.chain.0 == self.chain.1;
        let bare = if is_one { full } else { of_pair(Of::Item, self.chain.1, item.bare) };
        self.chain = (full, bare);
        self.count += 1;
    }

    /// `None` where nothing is said.
    pub fn end(self) -> Option<StandIn> {
        let of = |chain| of_pair(Of::Items, chain, self.count);
        (self.count > 0).then(|| ended(self.chain, of))
    }
}

fn ended((full, bare): (u64, u64), of: impl Fn(u64) -> u64) -> StandIn {
    let one = of(full);
    StandIn { full: one, bare: if full == bare { one } else { of(bare) } }
}

/// Of a form: members are sorted there, and whatever says nothing is left out.
pub(super) fn of_form(form: &[u8]) -> u64 {
    let whole = std::str::from_utf8(form).ok().and_then(|text| form_value(&mut Reader::new(text)).ok());
    whole.unwrap_or_else(|| of_bytes(Of::Broken, form))
}

fn form_value(reader: &mut Reader<'_>) -> Result<u64, Unreadable> {
    let first = reader.peek()?;
    let ended = match first {
        b'{' => {
            let (mut members, mut before, mut times) = (Members::default(), 0, 0);
            let mut is_over = !reader.enter(b'}')?;
            while !is_over {
                let name = of_name(reader.name()?);
                let value = form_value(reader)?;
                // Of members of one name the order counts.
                times = if name == before { times + 1 } else { 0 };
                before = name;
                let name = if times == 0 { name } else { of_pair(Of::Name, name, times) };
                members.add(name, value.into());
                is_over = reader.is_last(b'}')?;
            }
            members.end().map_or_else(|| of_literal("{}"), |found| found.full)
        }
        b'[' => {
            let mut items = Items::default();
            let mut is_over = !reader.enter(b']')?;
            while !is_over {
                items.add(form_value(reader)?.into());
                is_over = reader.is_last(b']')?;
            }
            items.end().map_or_else(|| of_literal("[]"), |found| found.full)
        }
        b'"' => {
            let quoted = reader.scalar(first)?;
            of_string(quoted, reader.is_escaped())
        }
        _ => of_literal(reader.scalar(first)?),
    };
    Ok(ended)
}
