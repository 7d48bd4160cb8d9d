//! What records of every object type have in common: the outer block, links and dates.

use std::fmt::{self, Write};

use super::Parameters;
use super::chance::{self, Purpose, draw};
use super::plan::{Entry, Kind, Range};
use super::prose::Prose;
use super::{linked, objekt};

pub const INSTANCE_ID: &str = "7d0e6a52-3f1b-4a7e-9a55-0c9f4b1d2e60";

pub const USERS: [&str; 8] = ["hlindqvist", "mweber", "user:3", "sroth", "user:17", "jbrunner", "tkoch", "import"];

pub const TAGS: [&str; 6] = ["neu", "geprueft", "tag:4", "web", "gesperrt", "tag:11"];

pub const POOLS: [&str; 5] = ["museum", "museum:depot", "pool:5", "museum:archiv", "leihgaben"];

/// All a record is made from.
pub struct Context<'a> {
    pub parameters: &'a Parameters,
    pub prose: &'a Prose,
    pub snapshot: u64,
}

impl Context<'_> {
    /// The stream of random numbers for a part of a record that no edit changes.
    pub fn draw(&self, purpose: Purpose, entry: Entry) -> fastrand::Rng {
        draw(self.parameters.seed, purpose, entry.id, 0)
    }

    /// Writes a link to a record of the first snapshot; those mentioned often are few.
    pub fn link(&self, out: &mut String, kind: Kind, rng: &mut fastrand::Rng) -> fmt::Result {
        let range = Range::of(self.parameters, kind);
        let id = range.id(chance::skewed(rng, range.count as usize) as u64);
        let name = kind.name();
        write!(
            out,
            "{{\"_objecttype\":\"{name}\",\"_mask\":\"_all_fields\",\"{name}\":{{\"lookup:_id\":{{\"_system_object_id\":{id}}}}}}}"
        )
    }
}

/// Writes one record as a payload holds it.
pub fn write(out: &mut String, context: &Context, kind: Kind, entry: Entry) -> fmt::Result {
    let mut rng = context.draw(Purpose::Head, entry);
    let (name, id) = (kind.name(), entry.id);
    write!(
        out,
        "{{\"_objecttype\":\"{name}\",\"_mask\":\"_all_fields\",\"_system_object_id\":{id},\"_global_object_id\":\"{id}@{INSTANCE_ID}\",\"_uuid\":\""
    )?;
    chance::uuid(out, &mut rng)?;
    out.push_str("\",\"_owner\":");
    user(out, &mut rng)?;
    dates(out, &mut rng, context.parameters.seed, entry)?;
    tags(out, &mut rng)?;
    let version = 1 + chance::skewed(&mut rng, 9) as u64 + entry.revision;
    write!(out, "\"{name}\":{{\"_version\":{version},")?;
    match kind {
        Kind::Objekt => objekt::write(out, context, entry)?,
        Kind::Person => linked::person(out, context, entry)?,
        Kind::Ort => linked::place(out, context, entry)?,
        Kind::Schlagwort => linked::keyword(out, context, entry)?,
    }
    out.push_str("}}");
    Ok(())
}

/// Writes `{"value":"…"}` with a date between 1950 and 2024.
pub fn date(out: &mut String, rng: &mut fastrand::Rng) -> fmt::Result {
    let (year, month, day) = (1950 + rng.u32(..75), 1 + rng.u32(..12), 1 + rng.u32(..28));
    write!(out, "{{\"value\":\"{year}-{month:02}-{day:02}\"}}")
}

fn user(out: &mut String, rng: &mut fastrand::Rng) -> fmt::Result {
    let reference = USERS[chance::skewed(rng, USERS.len())];
    write!(out, "{{\"_basetype\":\"user\",\"user\":{{\"lookup:_id\":{{\"reference\":\"{reference}\"}}}}}}")
}

/// The record's moments; the last one moves with every revision.
fn dates(out: &mut String, rng: &mut fastrand::Rng, seed: u64, entry: Entry) -> fmt::Result {
    let (month, day) = (1 + rng.u32(..12), 1 + rng.u32(..28));
    let (hour, minute, milli) = (7 + rng.u32(..11), rng.u32(..60), rng.u32(..1_000_000));
    write!(out, ",\"_created\":\"2023-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}.{milli:06}Z\"", milli % 60)?;
    let mut rng = draw(seed, Purpose::Edit, entry.id, 1 << 32 | entry.revision);
    let year = if entry.revision == 0 { 2024 } else { 2025 };
    let (day, hour) = (1 + rng.u32(..28), 7 + rng.u32(..11));
    write!(
        out,
        ",\"_last_modified\":\"{year}-{:02}-{day:02}T{hour:02}:{:02}:{:02}Z\",\"_latest_version\":true,",
        1 + (entry.revision + rng.u64(..3)) % 12,
        rng.u32(..60),
        rng.u32(..60)
    )
}

fn tags(out: &mut String, rng: &mut fastrand::Rng) -> fmt::Result {
    if rng.u32(..3) > 0 {
        out.push_str("\"_comment\":null,");
    } else {
        write!(out, "\"_comment\":\"Katalogisierung {}\",", 2010 + rng.u32(..15))?;
    }
    let tag = chance::skewed(rng, TAGS.len());
    write!(out, "\"_tags\":[{{\"lookup:_id\":{{\"reference\":\"{}\"}}}}", TAGS[tag])?;
    if rng.u32(..4) == 0 {
        let other = TAGS[(tag + 1) % TAGS.len()];
        write!(out, ",{{\"lookup:_id\":{{\"reference\":\"{other}\"}}}}")?;
    }
    out.push_str("],");
    Ok(())
}
