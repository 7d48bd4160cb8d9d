//! Goes through the text of a record once and says what stands for it, without taking it apart: only what the rules
//! treat in a special way is. What it gives is what stands for the form of the same text; where that is not certain it
//! gives up, and the form is made.

use crate::fylr::json::{DEPTH_MAX, Json, Reader, Unreadable};
use crate::fylr::target::compare::decision::{Decision, Decisions};
use crate::fylr::target::compare::file::{Met, Told};
use crate::fylr::target::compare::form::{DELETED, DELETED_AT, Form, instant};
use crate::fylr::target::compare::stand_in::{
    Items, Members, StandIn, of_form, of_instant, of_literal, of_name, of_string, of_text,
};
use crate::fylr::target::compare::{Comparing, Side};
use crate::model::payload::PayloadKind;

/// Members of an object whose names are compared with each other; who has more is taken apart.
const NAMES_MAX: usize = 64;
/// Values that are kept for the next record.
const KEPT_MAX: usize = 16;
/// Names that are kept for the next record, as a power of two: records have a few dozens.
const NAMES_KEPT: usize = 256;

/// Why the walk does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    /// It does not know what to make of it.
    Odd,
    /// The object or the list that it is in must be taken apart.
    Telling,
}

impl From<Unreadable> for Halt {
    fn from(_: Unreadable) -> Self {
        Self::Odd
    }
}

/// What a part says; `None`: nothing.
pub(super) type Said = Result<Option<StandIn>, Halt>;

/// What is the same for all records.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub comparing: &'a Comparing,
    pub objecttype: &'a str,
    pub side: Side,
    pub is_known: &'a dyn Fn(u64) -> bool,
}

/// A name that was met, and what becomes of its members.
#[derive(Clone, Copy)]
struct Named<'t> {
    name: &'t str,
    among: &'static Decisions,
    decision: Decision,
    says: u64,
}

/// Goes through records, one after the other.
pub(super) struct Walk<'a, 't> {
    pub text: Reader<'t>,
    pub ground: Ground<'a>,
    pub decisions: &'static Decisions,
    depth: usize,
    /// Names of the members of the objects around.
    names: Vec<u64>,
    /// Names that were met, each in a place of its own.
    known: Vec<Option<Named<'t>>>,
    /// Values that were taken apart, with their names.
    kept: Vec<(&'t str, &'t str, Option<StandIn>)>,
}

impl<'a, 't> Walk<'a, 't> {
    pub fn new(ground: Ground<'a>) -> Self {
        let decisions = Decisions::in_backups(ground.comparing);
        let (text, names, kept) = (Reader::new(""), Vec::new(), Vec::new());
        let known = vec![None; NAMES_KEPT];
        Self { text, ground, decisions, depth: 0, names, known, kept }
    }

    /// Begins with a record, which stands so deep in its text.
    pub fn begin(&mut self, depth: usize) {
        self.depth = depth;
        self.names.clear();
    }

    /// The value that begins here, taken apart.
    pub fn json(&mut self) -> Result<Json<'t>, Halt> {
        Ok(self.text.value(self.depth)?)
    }

    /// Goes through the members of the object that begins here.
    pub fn members(
        &mut self,
        decisions: &'static Decisions,
        mut member: impl FnMut(&mut Self, &'t str, Decision) -> Said,
    ) -> Said {
        if self.text.peek()? != b'{' {
            return Err(Halt::Odd);
        }
        self.deeper()?;
        let first = self.names.len();
        let mut members = Members::default();
        let mut is_over = !self.text.enter(b'}')?;
        while !is_over {
            let name = self.text.name()?;
            // Nobody writes names so.
            if self.text.is_escaped() {
                return Err(Halt::Odd);
            }
            let Named { decision, says: of_name, .. } = self.named(name, decisions);
            if decision != Decision::Skip || name == DELETED_AT {
                // What is there twice is for those who know which of them counts.
                if self.names.len() - first >= NAMES_MAX || self.names[first..].contains(&of_name) {
                    return Err(Halt::Odd);
                }
                self.names.push(of_name);
            }
            if let Some(said) = member(self, name, decision)? {
                members.add(of_name, said);
            }
            is_over = self.text.is_last(b'}')?;
        }
        self.names.truncate(first);
        self.depth -= 1;
        Ok(members.end())
    }

    fn named(&mut self, name: &'t str, among: &'static Decisions) -> Named<'t> {
        let place = match *name.as_bytes() {
            [] => 0,
            [first, .., last] => usize::from(first) + 5 * usize::from(last) + 11 * name.len(),
            [one] => usize::from(one),
        };
        let kept = &mut self.known[place % NAMES_KEPT];
        match kept {
            Some(kept) if kept.name == name && std::ptr::eq(kept.among, among) => *kept,
            _ => *kept.insert(Named { name, among, decision: among.of(name), says: of_member(name) }),
        }
    }

    /// What a member says; its value begins here.
    pub fn member(&mut self, name: &'t str, decision: Decision, is_row: bool) -> Said {
        match decision {
            Decision::Skip => self.pass().map(|()| None),
            Decision::SkipInRows if is_row => self.pass().map(|()| None),
            Decision::SkipInRows | Decision::Plain => self.value(name),
            Decision::Time => self.time(),
            Decision::Apart => self.apart(name, is_row),
            Decision::Often => self.often(name, is_row),
            Decision::Telling => Err(Halt::Telling),
            Decision::Odd => Err(Halt::Odd),
        }
    }

    /// What a value says that stands under this name.
    pub fn value(&mut self, name: &'t str) -> Said {
        let (start, depth, first) = (self.text.at(), self.depth, self.names.len());
        match self.plainly(name) {
            Err(Halt::Telling) => {
                // A link or files, or what looks like them.
                self.depth = depth;
                self.names.truncate(first);
                self.text.go_back(start);
                let json = self.json()?;
                Ok(self.formed(|form| form.value(&json, name)))
            }
            said => said,
        }
    }

    fn plainly(&mut self, name: &'t str) -> Said {
        let first = self.text.peek()?;
        match first {
            b'{' => self.object(name),
            // Of files the form looks at all of a list.
            b'[' => self.items(|walk| walk.plainly(name)),
            b'"' => {
                let quoted = self.text.scalar(first)?;
                Ok((quoted.len() > 2).then(|| of_string(quoted, self.text.is_escaped()).into()))
            }
            _ => Ok(self.text.scalar(first).map(literal)?),
        }
    }

    /// Goes through the items of the array that begins here.
    pub fn items(&mut self, mut item: impl FnMut(&mut Self) -> Said) -> Said {
        self.deeper()?;
        let mut items = Items::default();
        let mut is_over = !self.text.enter(b']')?;
        while !is_over {
            if let Some(said) = item(self)? {
                items.add(said);
            }
            is_over = self.text.is_last(b']')?;
        }
        self.depth -= 1;
        Ok(items.end())
    }

    fn object(&mut self, name: &'t str) -> Said {
        let is_row = name.starts_with("_nested:");
        self.members(self.decisions, |walk, name, decision| walk.member(name, decision, is_row))
    }

    /// The time at which a record was deleted says that it was; its value begins here.
    pub fn deletion(&mut self) -> Said {
        let is_deleted = self.text.peek()? != b'n';
        self.pass()?;
        Ok(is_deleted.then(|| of_literal("true").into()))
    }

    fn deeper(&mut self) -> Result<(), Halt> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(Halt::Odd) } else { Ok(()) }
    }

    /// Goes over a value that makes no difference.
    pub fn pass(&mut self) -> Result<(), Halt> {
        Ok(self.text.skip(self.depth)?)
    }

    fn time(&mut self) -> Said {
        let first = self.text.peek()?;
        if first != b'"' {
            return self.pass().map(|()| None);
        }
        let quoted = self.text.scalar(first)?;
        if let Some(usual) = usual_instant(&quoted[1..quoted.len() - 1]) {
            return Ok(Some(of_instant(usual).into()));
        }
        let time = Json::Scalar(quoted.into()).as_str().map(|time| instant(&time));
        Ok(time.filter(|time| !time.is_empty()).map(|time| of_text(&time).into()))
    }

    /// Takes the value of a member apart.
    pub fn apart(&mut self, name: &str, is_row: bool) -> Said {
        let json = self.json()?;
        Ok(self.formed(|form| form.alone(name, &json, is_row)))
    }

    fn often(&mut self, name: &'t str, is_row: bool) -> Said {
        self.kept(name, |walk, text| {
            let json = Json::parse(text)?;
            Ok(walk.formed(|form| form.alone(name, &json, is_row)))
        })
    }

    /// What a member says that was often said before, or else what `say` finds in its text.
    pub fn kept(&mut self, name: &'t str, say: impl FnOnce(&mut Self, &'t str) -> Said) -> Said {
        let start = self.text.at();
        self.text.skip(self.depth)?;
        let text = self.text.since(start);
        let before = self.kept.iter().rev().find(|(of, known, _)| *of == name && *known == text);
        if let Some((_, _, said)) = before {
            return Ok(*said);
        }
        let said = say(self, text)?;
        if self.kept.len() == KEPT_MAX {
            self.kept.remove(0);
        }
        self.kept.push((name, text, said));
        Ok(said)
    }

    /// What stands for what is written.
    pub fn formed(&self, write: impl Fn(&mut Form<'_>)) -> Option<StandIn> {
        let (says, is_nothing) = self.ground.formed(write);
        (!is_nothing).then_some(says)
    }
}

impl Ground<'_> {
    /// What stands for what is written, and whether that is nothing.
    pub fn formed(&self, write: impl Fn(&mut Form<'_>)) -> (StandIn, bool) {
        let met = Met::default();
        let form = |told: Told| {
            let Ground { comparing, objecttype, side, is_known } = *self;
            let (kind, without_files, out) = (PayloadKind::Records.name(), comparing.without_files, Vec::new());
            let mut form = Form { comparing, kind, objecttype, side, told, met: &met, is_known, without_files, out };
            write(&mut form);
            form.out
        };
        let text = form(Told::Bytes);
        let full = of_form(&text);
        let bare = if met.any.get() { of_form(&form(Told::Presence)) } else { full };
        (StandIn { full, bare }, Form::says_nothing(&text))
    }
}

/// Of the name of a member; that a record is deleted has a name of its own.
fn of_member(name: &str) -> u64 {
    of_name(if name == DELETED_AT { DELETED } else { name })
}

fn literal(text: &str) -> Option<StandIn> {
    (text != "null").then(|| of_literal(text).into())
}

/// A point in time as the form writes it, if it is written as instances write it: `2024-05-28T08:00:00.123000Z`. Of what
/// is rare the form knows more.
fn usual_instant(text: &str) -> Option<&str> {
    let (seconds, fraction) = text.as_bytes().split_first_chunk::<19>()?;
    let fits = |(found, wanted): (&u8, &u8)| if *wanted == b'0' { found.is_ascii_digit() } else { found == wanted };
    let number = |at: usize| 10 * (seconds[at] - b'0') + (seconds[at + 1] - b'0');
    let is_usual = seconds.iter().zip(b"0000-00-00T00:00:00").all(fits)
        && (*b"1000"..*b"9999").contains(&[seconds[0], seconds[1], seconds[2], seconds[3]])
        && (1..=12).contains(&number(5))
        && (1..=28).contains(&number(8))
        && number(11) < 24
        && number(14) < 60
        && number(17) < 60;
    let digits = match fraction {
        b"Z" => return is_usual.then_some(&text[..19]),
        [b'.', digits @ .., b'Z'] => digits,
        _ => return None,
    };
    let is_usual = is_usual && (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    // Zeros at the end say nothing.
    is_usual.then(|| text[..text.len() - 1].trim_end_matches('0')).map(|text| text.strip_suffix('.').unwrap_or(text))
}
