//! Reading ahead: pages of many lists are asked for at a time, and handed over in one fixed order. What is ahead is
//! bounded in number and in bytes; the page whose turn it is never waits for those behind it.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

use crate::fylr::error::Error;
use crate::fylr::json::Unreadable;
use crate::fylr::source::asker::Asker;
use crate::fylr::source::list::{List, Part, Taken, read_page};
use crate::fylr::source::looker::Says;
use crate::fylr::source::turn::{FileSource, Parent};

/// Kibibytes that pages ahead may take: a page of 100 records of 2.5 kB takes half a megabyte.
const BUDGET_KIB: usize = 48 << 10;
/// What a page is taken to cost before one of its list was seen, in kibibytes.
const PAGE_KIB: u32 = 512;
/// Answers are held, taken apart, and held turned: so many times their length.
const COST: u32 = 4;
/// Parts of a page that wait to be taken.
const PARTS_AHEAD: usize = 1;

/// Items of a page, turned.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The items as they stand in a payload, each behind what separates it from the one before.
    pub text: Bytes,
    /// The items, in order.
    pub items: Vec<Item>,
    /// Items that cannot be turned, or that the server does not give: what they are, and why.
    pub aside: Vec<(String, String)>,
    /// What stands for each item, where it was looked at and not turned.
    pub says: Vec<Says>,
    /// How many items the server gave: with none the list is at its end.
    pub given: u64,
}

/// An item on its way.
#[derive(Debug)]
pub(crate) struct Item {
    /// Where it stands in the text.
    pub place: Range<usize>,
    /// What it is known by, and its version.
    pub id: u64,
    pub version: u64,
    pub is_latest: bool,
    /// Where levels matter.
    pub parents: Vec<Parent>,
    /// Its id within the objecttype, by which its children name it.
    pub local_id: Option<u64>,
    pub files: Vec<FileSource>,
}

/// Turns the answer to a part of a page. It looks at every byte, so nobody else needs to.
pub(crate) type Turn = Arc<dyn Fn(&Bytes) -> Result<Batch, Unreadable> + Send + Sync>;

/// A list to read: how, from which page on, and how many pages it seems to have.
pub(crate) struct Course {
    pub list: Arc<List>,
    pub turn: Turn,
    pub from: u64,
    pub pages: u64,
}

/// Reads lists ahead.
pub(crate) struct Ahead {
    asker: Asker,
    courses: Vec<Course>,
    workers: usize,
    asked: VecDeque<Asked>,
    /// The next page to ask for.
    next: (usize, u64),
    number: u64,
    budget: Arc<Semaphore>,
    front: watch::Sender<u64>,
}

/// A page that was asked for.
struct Asked {
    at: (usize, u64),
    number: u64,
    parts: mpsc::Receiver<Result<(Batch, Option<OwnedSemaphorePermit>), Error>>,
    task: JoinHandle<()>,
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Ahead {
    pub fn new(asker: Asker, courses: Vec<Course>, workers: usize) -> Self {
        let next = (0, courses.first().map_or(0, |course| course.from));
        let budget = Arc::new(Semaphore::new(BUDGET_KIB));
        Self { asker, courses, workers, asked: VecDeque::new(), next, number: 0, budget, front: watch::Sender::new(0) }
    }

    /// Hands over a page part by part; how many items the server gave. `take` may look at what it is given only as long
    /// as it runs: then the room is free again.
    pub async fn page(
        &mut self,
        course: usize,
        page: u64,
        mut take: impl AsyncFnMut(Batch) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        while self.asked.front().is_some_and(|asked| asked.at < (course, page)) {
            self.asked.pop_front();
        }
        if self.asked.front().is_none_or(|asked| asked.at != (course, page)) {
            self.ask_in_front(course, page);
        }
        self.fill();
        // Behind the last item that is wanted there is nothing to ask for.
        if self.asked.front().is_none_or(|asked| asked.at != (course, page)) {
            return Ok(0);
        }
        let Some(mut asked) = self.asked.pop_front() else { return Ok(0) };
        self.front.send_replace(asked.number);
        let mut given = 0;
        while let Some(part) = asked.parts.recv().await {
            let (batch, permit) = part?;
            given += batch.given;
            take(batch).await?;
            drop(permit);
        }
        Ok(given)
    }

    /// Whether an empty page is the end of a list: a page of which the login may see nothing is empty as well, but stands
    /// before what the search knows.
    pub fn is_end(&self, course: usize, page: u64) -> bool {
        page + 1 >= self.courses[course].pages
    }

    /// Says that a list has ended; what was asked of it beyond its end is dropped.
    pub fn ended(&mut self, course: usize) {
        while self.asked.front().is_some_and(|asked| asked.at.0 <= course) {
            self.asked.pop_front();
        }
        if self.next.0 <= course {
            self.next = (course + 1, self.courses.get(course + 1).map_or(0, |course| course.from));
        }
    }

    /// A page that was not foreseen, and some that may follow it.
    fn ask_in_front(&mut self, course: usize, page: u64) {
        let more = if self.courses[course].pages > self.courses[course].from { self.workers as u64 } else { 1 };
        for page in (page..page + more).rev() {
            if let Some(asked) = self.ask(course, page) {
                self.asked.push_front(asked);
            }
        }
        if self.next.0 == course {
            self.next.1 = self.next.1.max(page + more);
        }
    }

    /// Asks for pages until enough are on their way.
    fn fill(&mut self) {
        while self.asked.len() < self.workers * 2 {
            let (course, page) = self.next;
            let Some(planned) = self.courses.get(course) else { return };
            if page >= planned.pages {
                self.next = (course + 1, self.courses.get(course + 1).map_or(0, |course| course.from));
                continue;
            }
            self.next = (course, page + 1);
            if let Some(asked) = self.ask(course, page) {
                self.asked.push_back(asked);
            }
        }
    }

    fn ask(&mut self, course: usize, page: u64) -> Option<Asked> {
        let Course { list, turn, .. } = &self.courses[course];
        let range = list.range(page)?;
        self.number += 1;
        let (sender, parts) = mpsc::channel(PARTS_AHEAD);
        let work = Work {
            asker: self.asker.clone(),
            list: Arc::clone(list),
            turn: Arc::clone(turn),
            room: Room { budget: Arc::clone(&self.budget), front: self.front.subscribe(), number: self.number },
            sender,
        };
        let task = tokio::spawn(work.run(range));
        Some(Asked { at: (course, page), number: self.number, parts, task })
    }
}

/// Room in memory for one page.
struct Room {
    budget: Arc<Semaphore>,
    front: watch::Receiver<u64>,
    number: u64,
}

impl Room {
    /// Waits for room; whose turn it is gets what it needs.
    async fn take(&self, kib: u32) -> Option<OwnedSemaphorePermit> {
        let mut front = self.front.clone();
        let budget = Arc::clone(&self.budget);
        tokio::select! {
            biased;
            permit = budget.acquire_many_owned(kib.clamp(1, BUDGET_KIB as u32)) => permit.ok(),
            _ = front.wait_for(|front| *front >= self.number) => None,
        }
    }
}

/// The reading of one page.
struct Work {
    asker: Asker,
    list: Arc<List>,
    turn: Turn,
    room: Room,
    sender: mpsc::Sender<Result<(Batch, Option<OwnedSemaphorePermit>), Error>>,
}

impl Work {
    async fn run(self, range: (u64, u64)) {
        let mut permit = self.room.take(PAGE_KIB).await;
        let read = read_page(&self.asker, &self.list, range, |part| {
            let first = permit.take();
            self.part(part, first)
        });
        if let Err(error) = read.await {
            // Nobody waits for it any more.
            let _ = self.sender.send(Err(error)).await;
        }
    }

    async fn part(&self, part: Part, permit: Option<OwnedSemaphorePermit>) -> Result<Taken, Error> {
        let (batch, permit) = match part {
            Part::Refused { offset, why } => {
                let what = format!("{} no. {}", self.list.name, offset + 1);
                (Batch { aside: vec![(what, why)], given: 1, ..Batch::default() }, permit)
            }
            Part::Answer(answer) => {
                let kib = (answer.len() as u32 >> 10).saturating_mul(COST);
                let more = kib.saturating_sub(PAGE_KIB);
                let permit = match permit {
                    None => self.room.take(kib).await,
                    Some(permit) if more == 0 => Some(permit),
                    Some(mut permit) => {
                        if let Some(more) = self.room.take(more).await {
                            permit.merge(more);
                        }
                        Some(permit)
                    }
                };
                match (self.turn)(&answer) {
                    Ok(batch) => (batch, permit),
                    Err(why) => return Ok(Taken::Misread(why)),
                }
            }
        };
        self.sender.send(Ok((batch, permit))).await.map_err(|_| Error::Panicked)?;
        Ok(Taken::Whole)
    }
}
