//! The file of a record: an original and two smaller versions, each with a signed address.

use std::fmt::{self, Write};

use super::Signatures;
use super::chance::{self, Purpose, draw};
use super::plan::Entry;
use super::record::Context;

/// The versions of an image and the length of their longer side; 0 is the original.
const VERSIONS: [(&str, u32); 3] = [("original", 0), ("preview", 1000), ("small", 250)];

/// A signature has 128 hexadecimal digits.
const SIGNATURE_WORDS: usize = 8;

struct File {
    id: u64,
    width: u32,
    height: u32,
    filesize: u32,
}

/// Writes the file field of a record with one image.
pub fn write(out: &mut String, context: &Context, entry: Entry) -> fmt::Result {
    let mut rng = context.draw(Purpose::File, entry);
    let file = File {
        id: entry.id * 4 + 1_000_000,
        width: 1200 + rng.u32(..4800),
        height: 1200 + rng.u32(..4800),
        filesize: 200_000 + rng.u32(..30_000_000),
    };
    let name = format!("DSC_{:05}.jpg", entry.id % 100_000);
    write!(
        out,
        ",\"bild\":[{{\"_id\":{},\"preferred\":true,\"class\":\"image\",\"extension\":\"jpg\",\
         \"original_filename\":\"{name}\",\"date_uploaded\":\"2024-{:02}-{:02}T08:00:00Z\",\"technical_metadata\":{{\"mime_type\":\
         \"image/jpeg\",\"width\":{},\"height\":{},\"colorspace\":\"sRGB\"}},\"versions\":{{",
        file.id,
        1 + rng.u32(..12),
        1 + rng.u32(..28),
        file.width,
        file.height,
    )?;
    for (index, _) in VERSIONS.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        version(out, context, &file, index)?;
    }
    out.push_str("}}]");
    Ok(())
}

fn version(out: &mut String, context: &Context, file: &File, index: usize) -> fmt::Result {
    let (name, side) = VERSIONS[index];
    let id = file.id + index as u64;
    let scale = f64::from(side) / f64::from(file.width.max(file.height));
    let filesize = match side {
        0 => file.filesize,
        _ => (f64::from(file.filesize) * scale * scale) as u32,
    };
    let mut hash = String::with_capacity(64);
    let seed = context.parameters.seed;
    chance::hex(&mut hash, &mut draw(seed, Purpose::File, file.id, index as u64), 4)?;
    write!(
        out,
        "\"{name}\":{{\"_id\":{id},\"filesize\":{filesize},\"url\":\
         \"https://museum.example.org/api/v1/eas/download/{id}/{hash}/{name}.jpg?x-fylr-signature=",
    )?;
    let moment = match context.parameters.signatures {
        Signatures::Constant => 0,
        Signatures::Volatile => context.snapshot,
    };
    chance::hex(out, &mut draw(seed, Purpose::Signature, id, moment), SIGNATURE_WORDS)?;
    out.push_str("\"}");
    Ok(())
}
