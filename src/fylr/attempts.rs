//! Attempts of one request: how many there were, and how long to wait for the next one.

use crate::fylr::error::{Error, Last};
use crate::fylr::sender::Sender;
use crate::fylr::transport::Failure;
use crate::model::event::Event;

/// A request that could be divided is not repeated when it was too slow so many times.
const SLOW_MAX: u32 = 1;
const GATEWAY_TIMEOUT: u16 = 504;

/// Counts the attempts of one request, and waits between them.
pub(crate) struct Attempts<'a> {
    sender: &'a Sender,
    what: String,
    is_divisible: bool,
    failed: u32,
    slow: u32,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(sender: &'a Sender, what: String, is_divisible: bool) -> Self {
        Self { sender, what, is_divisible, failed: 0, slow: 0 }
    }

    /// Begins to count anew: there was progress.
    pub(crate) fn progressed(&mut self) {
        self.failed = 0;
    }

    /// Waits until it is time for the next attempt.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) async fn failed(&mut self, failure: Failure) -> Result<(), Error> {
        let (last, retry_after) = match failure {
            Failure::Final(error) => return Err(error),
            Failure::Problem(source) => return Err(Error::Refused { source }),
            Failure::Slow(timeout) => {
                self.slow += 1;
                self.sender.brake.busy();
                (Last::Answer(format!("no answer within {} s", timeout.as_secs())), None)
            }
            Failure::Passing { last, retry_after, is_busy } => {
                if is_busy {
                    self.sender.brake.busy();
                }
                self.slow += u32::from(matches!(&last, Last::Problem(problem) if problem.status == GATEWAY_TIMEOUT));
                (last, retry_after)
            }
        };
        let is_to_divide = self.is_divisible && self.slow > SLOW_MAX;
        let wait = self.sender.retry.wait(self.failed, retry_after, fastrand::f64()).filter(|_| !is_to_divide);
        self.failed += 1;
        let Some(wait) = wait else {
            let (what, attempts, source) = (std::mem::take(&mut self.what), self.failed, Box::new(last));
            // Where every attempt was too slow, the server lives, but this request is too much for it.
            return Err(if is_to_divide || self.slow == attempts {
                Error::TooSlow { what, attempts, source }
            } else {
                Error::GaveUp { what, attempts, source }
            });
        };
        let milliseconds = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.sender.brake.tell(Event::Retrying { why: format!("{} failed: {last}", self.what), milliseconds });
        tracing::info!("{} failed, again in {:.1} s: {last}", self.what, wait.as_secs_f64());
        tokio::time::sleep(wait).await;
        Ok(())
    }
}
