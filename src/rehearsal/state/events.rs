//! The log of events, each kept as its JSON with the few fields that it is searched by.

/// One event.
#[derive(Debug, Clone)]
pub(in crate::rehearsal) struct Event {
    pub id: u64,
    pub kind: Box<str>,
    pub basetype: Box<str>,
    pub objecttype: Box<str>,
    pub timestamp: Box<str>,
    pub user: u64,
    /// The members of `event` but for `_id`, `type` and `timestamp`, each followed by a comma.
    pub members: Box<str>,
    /// The value of `info`.
    pub info: Box<str>,
}

#[derive(Debug, Default)]
pub(in crate::rehearsal) struct Events {
    last: u64,
    pub all: Vec<Event>,
}

impl Events {
    /// Adds an event and gives it its id.
    pub fn add(&mut self, mut event: Event) -> u64 {
        self.last += 1;
        event.id = self.last;
        self.all.push(event);
        self.last
    }

    /// Undoes all that was added after there were `count`.
    pub fn truncate(&mut self, count: usize) {
        self.all.truncate(count);
    }

    pub fn last(&self) -> u64 {
        self.last
    }
}
