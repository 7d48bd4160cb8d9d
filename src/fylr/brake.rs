//! The brake: as many requests at a time as the server bears. It is pulled when the server says that it is busy, and
//! when answers of one kind take twice as long as they did; it is let go slowly.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::model::event::{Event, Observer, Warning};

/// Answers that are quicker than this say nothing of the server's load.
const TELLING: Duration = Duration::from_millis(500);
/// Answers of a kind that make its usual time known.
const KNOWN_AFTER: u32 = 8;
/// Answers after a change before the next one: it must show first.
const SETTLED_AFTER: u32 = 16;
/// Kinds of requests whose times are kept.
const KINDS_MAX: usize = 1000;

/// Lets so many requests through at a time.
pub(crate) struct Brake {
    permits: Arc<Semaphore>,
    state: Mutex<State>,
    observer: Arc<dyn Observer + Send + Sync>,
}

struct State {
    most: usize,
    allowed: usize,
    /// Permits to take back when they come home.
    owed: usize,
    since_change: u32,
    kinds: HashMap<String, Times>,
}

/// Seconds that answers take: over all, and of late.
#[derive(Default, Clone, Copy)]
struct Times {
    usual: f64,
    recent: f64,
    answers: u32,
}

impl Brake {
    pub(crate) fn new(most: usize, observer: Arc<dyn Observer + Send + Sync>) -> Self {
        let most = most.max(1);
        let state = State { most, allowed: most, owed: 0, since_change: 0, kinds: HashMap::new() };
        Self { permits: Arc::new(Semaphore::new(most)), state: Mutex::new(state), observer }
    }

    /// Waits for a turn.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.expect("the semaphore is never closed");
        Turn { brake: self, permit: Some(permit) }
    }

    /// How many may go at a time.
    pub(crate) fn allowed(&self) -> usize {
        self.lock().allowed
    }

    /// The server has said that it is busy.
    pub(crate) fn busy(&self) {
        let slower = {
            let mut state = self.lock();
            if state.since_change < SETTLED_AFTER && state.allowed < state.most { None } else { state.slower() }
        };
        self.slowed(slower);
    }

    /// A request of this kind got its answer after so long.
    pub(crate) fn answered(&self, kind: &str, after: Duration) {
        let slower = self.lock().learn(kind, after, &self.permits);
        self.slowed(slower);
    }

    fn slowed(&self, workers: Option<usize>) {
        if let Some(workers) = workers {
            self.tell(Event::Warning(Warning::Slowed { workers }));
        }
    }

    /// Tells who watches.
    pub(crate) fn tell(&self, event: Event) {
        self.observer.observe(event);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Half as many; `None` when one is left anyway.
    fn slower(&mut self) -> Option<usize> {
        self.since_change = 0;
        let allowed = (self.allowed / 2).max(1);
        let fewer = self.allowed - allowed;
        self.allowed = allowed;
        self.owed += fewer;
        (fewer > 0).then_some(allowed)
    }

    fn learn(&mut self, kind: &str, after: Duration, permits: &Semaphore) -> Option<usize> {
        if self.kinds.len() >= KINDS_MAX && !self.kinds.contains_key(kind) {
            self.kinds.clear();
        }
        let times = self.kinds.entry(kind.to_owned()).or_default();
        let seconds = after.as_secs_f64();
        times.answers += 1;
        // Plain means at first, moving ones later.
        let weight = |most: u32| 1.0 / f64::from(times.answers.min(most));
        let (usual, recent) = (weight(64), weight(4));
        times.usual += (seconds - times.usual) * usual;
        times.recent += (seconds - times.recent) * recent;
        let times = *times;
        self.since_change = self.since_change.saturating_add(1);
        if self.since_change < SETTLED_AFTER || times.answers < KNOWN_AFTER {
            return None;
        }
        if times.recent > 2.0 * times.usual && times.recent > TELLING.as_secs_f64() {
            return self.slower();
        }
        if self.allowed < self.most && times.recent < 1.25 * times.usual {
            self.allowed += 1;
            self.since_change = 0;
            match self.owed.checked_sub(1) {
                Some(owed) => self.owed = owed,
                None => permits.add_permits(1),
            }
        }
        None
    }
}

/// The right to send one request.
pub(crate) struct Turn<'a> {
    brake: &'a Brake,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.brake.lock();
        if let Some(owed) = state.owed.checked_sub(1)
            && let Some(permit) = self.permit.take()
        {
            state.owed = owed;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::Silent;

    #[tokio::test]
    async fn a_busy_server_is_asked_less_and_slowly_more_again() {
        let brake = Brake::new(8, Arc::new(Silent));
        let turns = [brake.turn().await, brake.turn().await];
        brake.busy();
        assert_eq!(brake.allowed(), 4);
        brake.busy();
        assert_eq!(brake.allowed(), 4, "what has just been done must show first");
        drop(turns);
        for _ in 0..SETTLED_AFTER * 4 {
            brake.answered("list", Duration::from_millis(20));
        }
        assert!(brake.allowed() > 4 && brake.allowed() <= 8, "{}", brake.allowed());
        // As many turns as are allowed can be had, and no more.
        let mut turns = Vec::new();
        while let Ok(turn) = tokio::time::timeout(Duration::from_millis(5), brake.turn()).await {
            turns.push(turn);
            assert!(turns.len() <= 8);
        }
        assert!(turns.len() >= 4, "{}", turns.len());
    }

    #[test]
    fn answers_that_take_twice_as_long_pull_the_brake() {
        let brake = Brake::new(4, Arc::new(Silent));
        for _ in 0..40 {
            brake.answered("list", Duration::from_millis(600));
        }
        assert_eq!(brake.allowed(), 4);
        for _ in 0..6 {
            brake.answered("list", Duration::from_secs(3));
        }
        assert_eq!(brake.allowed(), 2);
    }

    #[test]
    fn quick_answers_say_nothing() {
        let brake = Brake::new(4, Arc::new(Silent));
        for time in [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 40, 40, 40, 40, 40] {
            brake.answered("list", Duration::from_millis(time));
        }
        assert_eq!(brake.allowed(), 4);
    }
}
