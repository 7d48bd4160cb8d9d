//! The main records: museum objects with prose, nested rows, links and sometimes a file.

use std::fmt::{self, Write};

use super::chance::{self, Purpose};
use super::edits::Edits;
use super::file;
use super::plan::{Entry, Kind};
use super::prose::Field;
use super::record::{self, Context, POOLS};

const ROLES: [&str; 7] = ["Künstler", "Stifterin", "Vorbesitzer", "Entwurf", "Dargestellte", "Händler", "Gießer"];

/// Writes the block of an object, without its braces and its version.
pub fn write(out: &mut String, context: &Context, entry: Entry) -> fmt::Result {
    let mut rng = context.draw(Purpose::Body, entry);
    let pool = POOLS[chance::skewed(&mut rng, POOLS.len())];
    let (year, running) = (1850 + rng.u32(..170), 1 + rng.u32(..4000));
    write!(
        out,
        "\"_pool\":{{\"pool\":{{\"lookup:_id\":{{\"reference\":\"{pool}\"}}}}}},\"inventarnummer\":\"{year}.{running}\",\"titel\":"
    )?;
    context.prose.title(out, &mut rng)?;
    let sentences = 1 + chance::skewed(&mut rng, 8) as u64;
    prose(out, context, entry, sentences)?;
    let from = 1990 - chance::skewed(&mut rng, 900);
    write!(out, ",\"entstehung\":{{\"from\":\"{from}\",\"to\":\"{}\"}},\"erworben\":", from + 5)?;
    record::date(out, &mut rng)?;
    write!(out, ",\"anzahl\":{},\"ausgestellt\":{},\"ort\":", 1 + chance::skewed(&mut rng, 12), rng.bool())?;
    context.link(out, Kind::Ort, &mut rng)?;
    people(out, context, &mut rng)?;
    keywords(out, context, &mut rng)?;
    measures(out, &mut rng)?;
    if rng.f64() < context.parameters.share_with_file / Kind::Objekt.share() {
        file::write(out, context, entry)?;
    } else {
        out.push_str(",\"bild\":[]");
    }
    Ok(())
}

/// The description, which edits change, and a remark, which they leave alone.
fn prose(out: &mut String, context: &Context, entry: Entry, sentences: u64) -> fmt::Result {
    let field = Field { seed: context.parameters.seed, record: entry.id, number: 1, sentences };
    let edits = Edits::of(field.seed, entry, sentences);
    out.push_str(",\"beschreibung\":");
    context.prose.localised(out, field, &edits)?;
    out.push_str(",\"bemerkung\":");
    context.prose.localised(out, Field { number: 2, sentences: 1, ..field }, &Edits::none())
}

fn people(out: &mut String, context: &Context, rng: &mut fastrand::Rng) -> fmt::Result {
    out.push_str(",\"_nested:objekt__personen\":[");
    for row in 0..rng.u32(..3) {
        out.push_str(if row == 0 { "{\"_uuid\":\"" } else { ",{\"_uuid\":\"" });
        chance::uuid(out, rng)?;
        let role = ROLES[chance::skewed(rng, ROLES.len())];
        write!(out, "\",\"rolle\":\"{role}\",\"person\":")?;
        context.link(out, Kind::Person, rng)?;
        out.push('}');
    }
    out.push(']');
    Ok(())
}

fn keywords(out: &mut String, context: &Context, rng: &mut fastrand::Rng) -> fmt::Result {
    out.push_str(",\"_nested:objekt__schlagworte\":[");
    for row in 0..=rng.u32(..2) {
        out.push_str(if row == 0 { "{\"_uuid\":\"" } else { ",{\"_uuid\":\"" });
        chance::uuid(out, rng)?;
        out.push_str("\",\"schlagwort\":");
        context.link(out, Kind::Schlagwort, rng)?;
        out.push('}');
    }
    out.push(']');
    Ok(())
}

fn measures(out: &mut String, rng: &mut fastrand::Rng) -> fmt::Result {
    out.push_str(",\"_nested:objekt__masse\":[");
    for (index, name) in ["Höhe", "Breite"].into_iter().take(1 + rng.usize(..2)).enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str("{\"_uuid\":\"");
        chance::uuid(out, rng)?;
        write!(out, "\",\"art\":\"{name}\",\"wert_mm\":{}}}", 10 + rng.u32(..1500))?;
    }
    out.push(']');
    Ok(())
}
