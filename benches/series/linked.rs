//! The records that objects link to: places, keywords and people.

use std::fmt::{self, Write};

use super::chance::{self, Purpose};
use super::edits::Edits;
use super::plan::{Entry, Kind};
use super::prose::Field;
use super::record::{self, Context};

/// Writes the block of a person, without its braces and its version.
pub fn person(out: &mut String, context: &Context, entry: Entry) -> fmt::Result {
    let mut rng = context.draw(Purpose::Body, entry);
    out.push_str("\"name\":\"");
    context.prose.person(out, &mut rng);
    write!(
        out,
        "\",\"gnd\":{{\"conceptURI\":\"https://d-nb.info/gnd/1{:08}\",\"conceptName\":\"",
        rng.u32(..100_000_000)
    )?;
    context.prose.person(out, &mut rng);
    out.push_str("\"},\"geboren\":");
    record::date(out, &mut rng)?;
    out.push_str(",\"geburtsort\":");
    context.link(out, Kind::Ort, &mut rng)?;
    let sentences = 2 + chance::skewed(&mut rng, 6) as u64;
    description(out, context, entry, "biografie", sentences)
}

/// Writes the block of a place.
pub fn place(out: &mut String, context: &Context, entry: Entry) -> fmt::Result {
    let mut rng = context.draw(Purpose::Body, entry);
    let name = context.prose.places.pick(&mut rng);
    write!(
        out,
        "\"lookup:_id_parent\":null,\"name\":{{\"de-DE\":\"{name}\",\"en-US\":\"{name}\"}},\"position\":{{\"lat\":{:.5},\"lng\":{:.5}}}",
        47.0 + 8.0 * rng.f64(),
        6.0 + 9.0 * rng.f64()
    )?;
    let sentences = 1 + chance::skewed(&mut rng, 4) as u64;
    description(out, context, entry, "bemerkung", sentences)
}

/// Writes the block of a keyword.
pub fn keyword(out: &mut String, context: &Context, entry: Entry) -> fmt::Result {
    let mut rng = context.draw(Purpose::Body, entry);
    out.push_str("\"name\":");
    context.prose.keyword(out, &mut rng);
    let sentences = 1 + chance::skewed(&mut rng, 4) as u64;
    description(out, context, entry, "definition", sentences)
}

fn description(out: &mut String, context: &Context, entry: Entry, name: &str, sentences: u64) -> fmt::Result {
    let field = Field { seed: context.parameters.seed, record: entry.id, number: 1, sentences };
    write!(out, ",\"{name}\":")?;
    context.prose.localised(out, field, &Edits::of(field.seed, entry, sentences))
}
