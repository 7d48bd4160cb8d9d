//! Payloads, element by element: memory holds one batch, however long the payload is.

use std::io::{self, Read};

use crate::model::payload::{Mark, Outline, PayloadKind, Splitter};

/// Bytes that are read at a time.
const BUFFER_BYTES: usize = 1 << 17;
/// The longest plugins payload, base config or data model that is kept in memory.
pub(super) const KEPT_BYTES_MAX: usize = 64 << 20;

/// What a payload is: its kind, and which of its arrays holds the records.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub kind: PayloadKind,
    pub array: Option<usize>,
}

/// Looks through a payload; the bytes come back if they are few.
pub(super) fn look(content: &mut dyn Read, file_name: &str) -> io::Result<(Shape, Vec<u8>)> {
    let mut splitter = Splitter::default();
    let mut marks = Vec::new();
    let mut kept = Vec::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let length = content.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        marks.clear();
        splitter.feed(&buffer[..length], &mut marks);
        if kept.len() < KEPT_BYTES_MAX {
            kept.extend_from_slice(&buffer[..length]);
        }
    }
    let outline: Outline = splitter.finish();
    let kind = outline.kind(file_name);
    let array = outline.records(&kind);
    Ok((Shape { kind, array }, kept))
}

/// Hands over the records of a payload, each as its bytes.
pub(super) fn each<E>(
    content: &mut dyn Read,
    array: usize,
    failed: impl Fn(io::Error) -> E,
    mut take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut splitter = Splitter::default();
    let mut marks: Vec<Mark> = Vec::new();
    // Bytes from `start` on that belong to an element that has not ended.
    let (mut held, mut start) = (Vec::new(), 0_u64);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let length = content.read(&mut buffer).map_err(&failed)?;
        if length == 0 {
            return Ok(());
        }
        held.extend_from_slice(&buffer[..length]);
        marks.clear();
        splitter.feed(&buffer[..length], &mut marks);
        for mark in marks.iter().filter(|mark| mark.array == array) {
            take(&held[(mark.start - start) as usize..(mark.end - start) as usize])?;
        }
        let end = start + held.len() as u64;
        let keep = splitter.open_element().unwrap_or(end);
        held.drain(..(keep - start) as usize);
        start = keep;
    }
}
