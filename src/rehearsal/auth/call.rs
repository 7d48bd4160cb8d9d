//! One request with the one who sent it.

use std::sync::{RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use crate::rehearsal::json::Node;
use crate::rehearsal::options::Kind;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::request::Request;
use crate::rehearsal::shared::Shared;
use crate::rehearsal::state::State;

/// Who sent a request.
#[derive(Debug, Clone, Default)]
pub(in crate::rehearsal) struct Caller {
    pub user: Option<u64>,
    pub is_root: bool,
    /// The user `system:root` itself.
    pub is_system_root: bool,
    pub groups: Vec<u64>,
    /// Names of the system rights of the user and the groups.
    pub rights: Vec<String>,
    pub token: Option<String>,
}

pub(in crate::rehearsal) struct Call<'a> {
    pub shared: &'a Shared,
    pub request: &'a Request,
    pub caller: Caller,
    /// The instance itself calls, to be filled.
    pub is_own: bool,
}

impl<'a> Call<'a> {
    /// Looks at the token of a request, which counts as one use of it.
    pub fn new(shared: &'a Shared, request: &'a Request) -> Self {
        let token = token_of(shared.options.kind, request);
        let mut caller = Caller { token: token.clone(), ..Caller::default() };
        if let Some(token) = token {
            let mut state = shared.write();
            let spent = state.tokens.spend(&token, Instant::now());
            if let Some(user) = spent.and_then(|token| token.user) {
                caller = known(&state, user, Some(token));
            }
        }
        Self { shared, request, caller, is_own: false }
    }

    /// A call of the instance itself, as root.
    pub fn of_root(shared: &'a Shared, request: &'a Request) -> Self {
        let state = shared.read();
        let root = state.users.by_reference("system:root").unwrap_or(1);
        let caller = known(&state, root, None);
        drop(state);
        Self { shared, request, caller, is_own: true }
    }

    pub fn read(&self) -> RwLockReadGuard<'a, State> {
        self.shared.read()
    }

    pub fn write(&self) -> RwLockWriteGuard<'a, State> {
        self.shared.write()
    }

    /// Whether the release has what came with a version of fylr; the instance itself has everything, to be filled.
    pub fn has(&self, major: u32, minor: u32, patch: u32) -> bool {
        self.is_own || self.shared.options.release.has(major, minor, patch)
    }

    /// The user who calls.
    ///
    /// # Errors
    /// When there is none.
    pub fn user(&self) -> Result<u64, Problem> {
        self.caller.user.ok_or_else(Problem::user_required)
    }

    /// Demands a system right; root has all.
    pub fn right(&self, right: &str) -> Result<u64, Problem> {
        let user = self.user()?;
        let plain = right.split('[').next().unwrap_or(right);
        let has = |known: &String| known == right || known == plain;
        if self.caller.is_root || self.caller.rights.iter().any(has) {
            return Ok(user);
        }
        Err(Problem::system_right(right))
    }

    /// Demands `system.root`.
    pub fn root(&self) -> Result<u64, Problem> {
        self.right("system.root")
    }
}

/// A user with all the rights that it has itself and by its groups.
fn known(state: &State, user: u64, token: Option<String>) -> Caller {
    let Some(item) = state.users.get(user) else { return Caller { token, ..Caller::default() } };
    let groups = item.doc.at("_groups").list().iter().filter_map(|group| group.path(&["group", "_id"]).number());
    let groups = groups.collect::<Vec<_>>();
    let of = |doc: &Node<'_>| doc.at("_system_rights").members().iter().map(|(name, _)| name.to_string()).collect();
    let mut rights: Vec<String> = of(&item.doc);
    for group in groups.iter().filter_map(|group| state.groups.get(*group)) {
        let more: Vec<String> = of(&group.doc);
        rights.extend(more);
    }
    let is_system_root = item.doc.path(&["user", "reference"]).text() == Some("system:root");
    let is_root = is_system_root || rights.iter().any(|right| right == "system.root");
    Caller { user: Some(user), is_root, is_system_root, groups, rights, token }
}

/// fylr looks at `Authorization`, `X-Fylr-Authorization` and the query in this order; easydb5 at the query and
/// `x-easydb-token`.
fn token_of(kind: Kind, request: &Request) -> Option<String> {
    let bearer = |name: &str| {
        let value = request.header(name)?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    };
    match kind {
        Kind::Fylr => bearer("authorization")
            .or_else(|| bearer("x-fylr-authorization"))
            .or_else(|| request.param("access_token").map(str::to_owned)),
        Kind::Easydb5 => {
            request.param("token").map(str::to_owned).or_else(|| request.header("x-easydb-token").map(str::to_owned))
        }
    }
}
