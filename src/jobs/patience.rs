//! Waiting for the network, and telling now and then that there is waiting: a wish to end is heard then.

use std::time::Duration;

use tokio::runtime::Runtime;

use crate::model::event::{Event, Observer};

/// How long it takes at most until a wish to end is heard.
pub(super) const PATIENCE: Duration = Duration::from_millis(200);

/// Waits on the calling thread.
pub(super) fn wait<T>(runtime: &Runtime, observer: &dyn Observer, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        match runtime.block_on(async { tokio::time::timeout(PATIENCE, &mut work).await }) {
            Ok(done) => return done,
            Err(_) => observer.observe(Event::Waiting),
        }
    }
}
