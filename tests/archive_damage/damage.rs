//! What can happen to the bytes of a file.

use bincode::{Decode, Encode};

pub const PAGE: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Damage {
    /// A bit of the file.
    Flipped(usize),
    /// A page.
    Zeroed(usize),
    /// Two pages.
    Swapped(usize, usize),
    /// One page became a copy of another.
    Copied { from: usize, to: usize },
    /// Only so many bytes are left.
    Cut(usize),
    /// So many bytes came behind the end.
    Longer(usize),
}

impl Damage {
    /// Whether pages stand where they do not belong: one of an earlier commit was true once, and shows an earlier state.
    pub fn moves_pages(&self) -> bool {
        matches!(self, Self::Swapped(..) | Self::Copied { .. })
    }

    pub fn done_to(&self, mut image: Vec<u8>) -> Vec<u8> {
        let page = |number: usize| number * PAGE..(number + 1) * PAGE;
        match *self {
            Self::Flipped(bit) => image[bit / 8] ^= 1 << (bit % 8),
            Self::Zeroed(number) => image[page(number)].fill(0),
            Self::Copied { from, to } => image.copy_within(page(from), page(to).start),
            Self::Swapped(one, other) => {
                let kept = image[page(one)].to_vec();
                image.copy_within(page(other), page(one).start);
                image[page(other)].copy_from_slice(&kept);
            }
            Self::Cut(len) => image.truncate(len),
            Self::Longer(more) => image.resize(image.len() + more, 0),
        }
        image
    }
}

/// The pages behind the first that hold anything.
pub fn used_pages(image: &[u8]) -> Vec<usize> {
    let pages = image.chunks_exact(PAGE).enumerate().skip(1);
    pages.filter(|(_, page)| page.iter().any(|byte| *byte != 0)).map(|(number, _)| number).collect()
}
