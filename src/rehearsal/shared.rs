//! What all requests share: the options, the state behind its lock, chance, signatures, and where files are.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;

use crate::rehearsal::faults::Faults;
use crate::rehearsal::journal::Journal;
use crate::rehearsal::options::Options;
use crate::rehearsal::state::State;

pub(in crate::rehearsal) struct Shared {
    pub options: Options,
    pub files_dir: PathBuf,
    pub faults: Faults,
    pub journal: Journal,
    pub client: reqwest::Client,
    /// The threads that requests are served by.
    pub runtime: Handle,
    /// `http://127.0.0.1:8090`, known when the server listens.
    pub base_url: OnceLock<String>,
    pub started: Timestamp,
    /// Signs URLs.
    pub key: [u8; 32],
    state: RwLock<State>,
    chance: Mutex<fastrand::Rng>,
}

impl Shared {
    pub fn new(
        options: Options,
        files_dir: PathBuf,
        journal: Journal,
        client: reqwest::Client,
        runtime: Handle,
    ) -> Self {
        // Two instances never have the same UUID or the same tokens.
        let mut chance = fastrand::Rng::new();
        let mut key = [0; 32];
        chance.fill(&mut key);
        let faults = Faults::new(options.seed, options.faults.clone());
        let shared = Self {
            files_dir,
            faults,
            journal,
            client,
            runtime,
            base_url: OnceLock::new(),
            started: Timestamp::now(),
            key,
            state: RwLock::default(),
            chance: Mutex::new(chance),
            options,
        };
        shared.initialize();
        shared
    }

    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn chance<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.chance.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A text that nobody can guess, as long as a real token.
    pub fn secret(&self, prefix: &str) -> String {
        let bits = self.chance(|chance| (chance.u128(..), chance.u128(..)));
        format!("{prefix}{:032x}{:032x}", bits.0, bits.1)
    }

    pub fn url(&self) -> &str {
        self.base_url.get().map_or("", String::as_str)
    }
}

/// The time as the API tells it.
pub(in crate::rehearsal) fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// The longest that a request of ours to another host may take to connect or to go on.
pub(in crate::rehearsal) const FETCH_TIMEOUT: Duration = Duration::from_secs(30);
