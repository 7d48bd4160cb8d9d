//! Work on all cores whose results come in the order of what was given. Of both only a few are held at a time.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::fylr;
use crate::jobs::Error;

/// Jobs that are begun before the first one must be done, for each thread: one to work on, and one to go on with.
const AHEAD: usize = 2;

/// Runs `feed` here, `work` on threads for every job that it gives, and `fold` here, in order, for every result.
///
/// # Errors
/// The first error of `feed` or `fold`, or when a thread has panicked.
pub(in crate::jobs) fn in_order<J: Send, T: Send>(
    feed: impl FnOnce(&mut dyn FnMut(J) -> Result<(), Error>) -> Result<(), Error>,
    work: impl Fn(J) -> T + Sync,
    mut fold: impl FnMut(T) -> Result<(), Error>,
) -> Result<(), Error> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (jobs, queue) = bounded::<(J, Sender<T>)>(threads);
    let mut take = |done: Receiver<T>| fold(done.recv().map_err(|_| fylr::Error::Panicked)?);
    thread::scope(|scope| {
        for _ in 0..threads {
            let (queue, work) = (queue.clone(), &work);
            scope.spawn(move || {
                for (job, done) in queue {
                    // Nobody takes it where an error has ended the work.
                    let _ = done.send(work(job));
                }
            });
        }
        drop(queue);
        let mut ahead = VecDeque::new();
        feed(&mut |job| {
            if ahead.len() >= AHEAD * threads {
                ahead.pop_front().map_or(Ok(()), &mut take)?;
            }
            let (sender, done) = bounded(1);
            jobs.send((job, sender)).map_err(|_| fylr::Error::Panicked)?;
            ahead.push_back(done);
            Ok(())
        })?;
        drop(jobs);
        ahead.into_iter().try_for_each(take)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_whichever_is_done_first() {
        let mut found = Vec::new();
        let feed = |give: &mut dyn FnMut(u64) -> Result<(), Error>| (0..200).try_for_each(give);
        let work = |job: u64| {
            thread::sleep(std::time::Duration::from_micros(job % 7 * 100));
            job * 2
        };
        in_order(feed, work, |result| {
            found.push(result);
            Ok(())
        })
        .unwrap();
        assert_eq!(found, (0..200).map(|job| job * 2).collect::<Vec<_>>());
    }

    #[test]
    fn an_error_of_what_is_fed_or_folded_ends_it() {
        let feed = |give: &mut dyn FnMut(u64) -> Result<(), Error>| {
            give(1)?;
            Err(Error::TwoLayouts)
        };
        assert!(matches!(in_order(feed, |job| job, |_| Ok(())), Err(Error::TwoLayouts)));
        let feed = |give: &mut dyn FnMut(u64) -> Result<(), Error>| (0..200).try_for_each(give);
        let mut seen = 0;
        let fold = |job: u64| {
            seen += 1;
            if job == 7 { Err(Error::TwoLayouts) } else { Ok(()) }
        };
        assert!(matches!(in_order(feed, |job| job, fold), Err(Error::TwoLayouts)));
        assert_eq!(seen, 8);
    }
}
