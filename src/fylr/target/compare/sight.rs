//! What must be known of a record to compare it with another: which it is, and what stands for what it says.

use crate::fylr::json::{Json, Reader};
use crate::fylr::target::compare::decision::Decision;
use crate::fylr::target::compare::form::DELETED_AT;
use crate::fylr::target::compare::gaps::Gaps;
use crate::fylr::target::compare::stand_in::StandIn;
use crate::fylr::target::compare::walk::{Ground, Halt, Walk};
use crate::fylr::target::compare::{Comparing, Side};
use crate::fylr::target::rewrite::glance;
use crate::model::payload::PayloadKind;

/// A record, looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    pub id: u64,
    /// As it stands there.
    pub version: Option<u64>,
    pub says: StandIn,
    /// What it does not say, and a target fills in.
    pub gaps: Gaps,
}

/// Looks at the records of a payload, one after the other.
pub struct Sights<'a, 't> {
    walk: Walk<'a, 't>,
}

impl Comparing {
    /// `is_known` tells whether a record is in the backup; it is asked for each link.
    #[must_use]
    pub fn sights<'a, 't>(
        &'a self,
        side: Side,
        objecttype: &'a str,
        is_known: &'a dyn Fn(u64) -> bool,
    ) -> Sights<'a, 't> {
        Sights { walk: Walk::new(Ground { comparing: self, objecttype, side, is_known }) }
    }
}

impl<'t> Sights<'_, 't> {
    /// Looks at a record; `None` if it has no id, or is no JSON.
    pub fn of(&mut self, text: &'t str) -> Option<Sight> {
        self.quickly(text).ok().or_else(|| self.thoroughly(text))
    }

    pub(super) fn quickly(&mut self, text: &'t str) -> Result<Sight, Halt> {
        self.walk.text = Reader::new(text);
        self.walk.begin(0);
        let mut seen = Seen::default();
        let objecttype = self.walk.ground.objecttype;
        let says = self.walk.members(self.walk.decisions, |walk, name, decision| {
            if name == objecttype {
                return seen.block(walk, decision);
            }
            seen.member(walk, name)?;
            if name == DELETED_AT {
                return walk.deletion();
            }
            // With an id it is a record and no link.
            if name == "_objecttype" { walk.value(name) } else { walk.member(name, decision, false) }
        })?;
        self.walk.text.end()?;
        let (id, says) = (seen.id.ok_or(Halt::Odd)?, says.ok_or(Halt::Odd)?);
        Ok(Sight { id, version: seen.version, says, gaps: seen.gaps() })
    }

    /// The same by way of the form.
    pub(super) fn thoroughly(&self, text: &str) -> Option<Sight> {
        let json = Json::parse(text).ok()?;
        let found = glance(&json, self.walk.ground.objecttype);
        let id = found.system_id?;
        let (says, _) = self.walk.ground.formed(|form| form.value(&json, ""));
        let gaps = Gaps::of(&PayloadKind::Records, &json);
        Some(Sight { id, version: found.version, says, gaps })
    }
}

/// What has been met on the way.
#[derive(Default)]
struct Seen {
    id: Option<u64>,
    version: Option<u64>,
    has_block: bool,
    /// Of what targets fill in: what is there.
    told: Gaps,
}

impl Seen {
    /// A member of the record itself, whose value begins here.
    fn member<'t>(&mut self, walk: &mut Walk<'_, 't>, name: &'t str) -> Result<(), Halt> {
        match name {
            "_system_object_id" => self.id = ahead(walk)?.as_id(),
            _ if Gaps::is_filled(name) => self.told.set(name, walk.text.peek()? != b'n'),
            _ => {}
        }
        Ok(())
    }

    fn block(&mut self, walk: &mut Walk<'_, '_>, decision: Decision) -> Result<Option<StandIn>, Halt> {
        if decision != Decision::Plain || std::mem::replace(&mut self.has_block, true) {
            return Err(Halt::Odd);
        }
        walk.members(walk.decisions, |walk, name, decision| {
            if name == "_version" {
                self.version = ahead(walk)?.as_id();
            }
            walk.member(name, decision, false)
        })
    }

    fn gaps(&self) -> Gaps {
        self.told.others()
    }
}

/// The scalar that begins here; it is still to be read.
pub(super) fn ahead<'t>(walk: &mut Walk<'_, 't>) -> Result<Json<'t>, Halt> {
    let (first, start) = (walk.text.peek()?, walk.text.at());
    if matches!(first, b'{' | b'[') {
        return Err(Halt::Odd);
    }
    let text = walk.text.scalar(first)?;
    walk.text.go_back(start);
    Ok(Json::Scalar(text.into()))
}
