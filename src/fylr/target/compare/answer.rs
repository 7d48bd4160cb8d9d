//! The records of an answer, looked at as the API gives them: what stands for what each of them would say in a backup,
//! without making it one. Where that is not certain the record is turned, and its form is made.

use crate::fylr::json::{Json, Reader, Unreadable, elements};
use crate::fylr::source::{self, Context, NESTED, Parts, Seen, SeenRecord};
use crate::fylr::target::compare::decision::{Decision, Decisions};
use crate::fylr::target::compare::form::DELETED_AT;
use crate::fylr::target::compare::sight::ahead;
use crate::fylr::target::compare::stand_in::StandIn;
use crate::fylr::target::compare::walk::{Ground, Halt, Said, Walk};
use crate::fylr::target::compare::{Comparing, Side};

/// How deep records stand in an answer.
const DEPTH: usize = 1;

impl Comparing {
    /// Whether nothing about the first record of an answer is odd.
    #[cfg(test)]
    pub(super) fn says_quickly(
        &self,
        objecttype: &str,
        text: &str,
        context: &Context,
        is_known: &dyn Fn(u64) -> bool,
    ) -> bool {
        let mut walk = Walk::new(Ground { comparing: self, objecttype, side: Side::Target, is_known });
        walk.text = Reader::new(&text[1..]);
        Answer::of(self, objecttype, context).quickly(&mut walk).is_ok()
    }

    /// Looks at the records of an answer.
    pub(crate) fn answer(
        &self,
        objecttype: &str,
        text: &str,
        context: &Context,
        is_known: &dyn Fn(u64) -> bool,
    ) -> Result<Vec<Seen>, Unreadable> {
        let ground = Ground { comparing: self, objecttype, side: Side::Target, is_known };
        let answer = Answer::of(self, objecttype, context);
        match answer.records(text, Walk::new(ground)) {
            Err(Unreadable::TooDeep) => answer.one_by_one(text, ground),
            done => done,
        }
    }
}

/// How the records of an answer are looked at.
pub(super) struct Answer<'a> {
    objecttype: &'a str,
    context: &'a Context,
    parts: Parts<'a>,
    table: Option<&'a source::Table>,
    decisions: &'static Decisions,
}

impl<'a> Answer<'a> {
    fn of(comparing: &Comparing, objecttype: &'a str, context: &'a Context) -> Self {
        let decisions = Decisions::in_answers(comparing);
        let parts = Parts::of(objecttype, context);
        let table = parts.table(objecttype);
        Self { objecttype, context, parts, table, decisions }
    }

    fn records<'t>(&self, text: &'t str, mut walk: Walk<'_, 't>) -> Result<Vec<Seen>, Unreadable> {
        walk.text = Reader::new(text);
        if walk.text.peek()? != b'[' {
            return Err(Unreadable::NotJson);
        }
        let mut found = Vec::new();
        let mut is_over = !walk.text.enter(b']')?;
        while !is_over {
            walk.text.peek()?;
            let start = walk.text.at();
            let mut seen = match self.quickly(&mut walk) {
                Ok(seen) => Seen::Record(seen),
                Err(_) => {
                    walk.text.go_back(start);
                    let json = walk.text.value(DEPTH)?;
                    self.thoroughly(json, walk.ground)
                }
            };
            if let Seen::Record(record) = &mut seen {
                record.place = start..walk.text.at();
            }
            found.push(seen);
            is_over = walk.text.is_last(b']')?;
        }
        walk.text.end()?;
        Ok(found)
    }

    /// The same for an answer of which a record cannot be taken apart: that one is refused.
    fn one_by_one(&self, text: &str, ground: Ground<'_>) -> Result<Vec<Seen>, Unreadable> {
        let found = elements(text.as_bytes())?.into_iter().map(|element| {
            let mut seen = match Json::parse(element) {
                Ok(json) => self.thoroughly(json, ground),
                Err(error) => Seen::Refused(error.to_string()),
            };
            if let Seen::Record(record) = &mut seen {
                let start = element.as_ptr().addr() - text.as_ptr().addr();
                record.place = start..start + element.len();
            }
            seen
        });
        Ok(found.collect())
    }

    /// The record that begins here, by way of its form; it is still to be said where it stands.
    pub(super) fn thoroughly(&self, json: Json<'_>, ground: Ground<'_>) -> Seen {
        let found = match source::glance(&json, self.objecttype) {
            Ok(found) => found,
            Err(why) => return Seen::Refused(why.to_string()),
        };
        let turned = source::record(json, self.objecttype, None, self.context);
        let says = turned.map(|turned| ground.formed(|form| form.value(&turned.json, "")).0);
        Seen::Record(SeenRecord {
            place: 0..0,
            id: found.system_id,
            version: found.version,
            is_latest: found.is_latest,
            is_deleted: found.is_deleted,
            says: says.map(StandIn::into).map_err(|why| why.to_string()),
        })
    }

    /// The record that begins here, as far as nothing about it is odd; it is still to be said where it stands.
    pub(super) fn quickly(&self, walk: &mut Walk<'_, '_>) -> Result<SeenRecord, Halt> {
        walk.begin(DEPTH);
        let (mut id, mut version, mut is_latest, mut is_deleted, mut has_block) = (None, None, true, false, false);
        let says = walk.members(self.decisions, |walk, name, decision| {
            match name {
                _ if name == self.objecttype => {
                    if decision != Decision::Plain || std::mem::replace(&mut has_block, true) {
                        return Err(Halt::Odd);
                    }
                    return self.block(walk, &mut version);
                }
                "_system_object_id" => id = ahead(walk)?.as_id(),
                "_latest_version" => is_latest = ahead(walk)?.is_true(),
                DELETED_AT => {
                    is_deleted = walk.text.peek()? != b'n';
                    return walk.deletion();
                }
                // With an id it is a record and no link.
                "_objecttype" => return walk.value(name),
                _ => {}
            }
            let turned = || TURNED.iter().find(|(turned, _)| *turned == name);
            match Some(()).filter(|()| decision == Decision::Often).and_then(|()| turned()) {
                Some(turned) => self.turned(walk, name, turned),
                None => walk.member(name, decision, false),
            }
        })?;
        let (Some(id), Some(says), true) = (id, says, has_block) else { return Err(Halt::Odd) };
        let version = version.unwrap_or(1);
        Ok(SeenRecord { place: 0..0, id, version, is_latest, is_deleted, says: Ok(says.into()) })
    }

    /// A member that names others by their ids: most records name the same.
    fn turned<'t>(&self, walk: &mut Walk<'_, 't>, name: &'t str, turned: &'static (&str, &str)) -> Said {
        let (own, kept_as) = *turned;
        walk.kept(kept_as, |walk, text| {
            let json = Json::parse(text)?;
            if own == "_pool" {
                let pool = self.parts.pool(&json).map_err(|_| Halt::Odd)?;
                return Ok(pool.and_then(|pool| walk.formed(|form| form.alone(name, &pool, false))));
            }
            let turned = self.parts.member(own, json);
            Ok(turned.and_then(|json| walk.formed(|form| form.alone(name, &json, false))))
        })
    }

    fn block(&self, walk: &mut Walk<'_, '_>, version: &mut Option<u64>) -> Said {
        walk.members(self.decisions, |walk, name, decision| match name {
            "_version" => {
                *version = ahead(walk)?.as_id();
                walk.pass().map(|()| None)
            }
            "_pool" => self.turned(walk, name, &POOL),
            "_id_parent" => walk.pass().map(|()| None),
            _ => self.field(walk, name, (decision, self.table), false),
        })
    }

    /// What stands in a block or in a row.
    fn field<'t>(
        &self,
        walk: &mut Walk<'_, 't>,
        name: &'t str,
        (decision, table): (Decision, Option<&'a source::Table>),
        is_row: bool,
    ) -> Said {
        // Several parents are for who knows levels.
        if matches!(decision, Decision::Telling | Decision::Odd) || name == "_parents" {
            return Err(Halt::Odd);
        }
        if let Some(nested) = name.strip_prefix(NESTED) {
            return self.rows(walk, name, nested);
        }
        // Links are objects and files are lists; everything else is passed on as it is.
        let is_more = matches!(walk.text.peek()?, b'{' | b'[');
        match Parts::column(table.filter(|_| is_more), name) {
            Some(column) => {
                let value = self.parts.value(walk.json()?, name, column).map_err(|_| Halt::Odd)?;
                Ok(walk.formed(|form| form.alone(name, &value, is_row)))
            }
            None => walk.member(name, decision, is_row),
        }
    }

    fn rows<'t>(&self, walk: &mut Walk<'_, 't>, name: &'t str, nested: &str) -> Said {
        let table = self.parts.table(nested);
        if walk.text.peek()? != b'[' {
            return walk.value(name);
        }
        walk.items(|walk| {
            if walk.text.peek()? != b'{' {
                return walk.value(name);
            }
            walk.members(self.decisions, |walk, name, decision| match name {
                "_version" | "_id_parent" => walk.pass().map(|()| None),
                _ => self.field(walk, name, (decision, table), true),
            })
        })
    }
}

/// Members that say something else in a backup, and under which name they are kept: elsewhere one of the same name may
/// stand that is not turned.
static TURNED: [(&str, &str); 4] = [
    ("_owner", "_owner, turned"),
    ("_create_user", "_create_user, turned"),
    ("_acl", "_acl, turned"),
    ("_tags", "_tags, turned"),
];
static POOL: (&str, &str) = ("_pool", "_pool, turned");
