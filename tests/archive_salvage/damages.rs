//! What can happen to a file.

use crate::map::Map;

const PAGE: usize = 4096;

type Damage = fn(&[u8], &Map, &mut fastrand::Rng) -> Vec<u8>;

pub const ALL: [(&str, Damage); 16] = [
    ("the header is lost", |image, _, _| {
        let mut image = image.to_vec();
        image[..PAGE].fill(0);
        image
    }),
    ("the first megabyte is lost", |image, _, _| {
        let mut image = image.to_vec();
        image[..1 << 20].fill(0xff);
        image
    }),
    ("cut to a half", |image, _, _| image[..image.len() / 2].to_vec()),
    ("cut to three quarters", |image, _, _| image[..image.len() / 4 * 3].to_vec()),
    ("cut somewhere", |image, _, chance| image[..chance.usize(0..image.len())].to_vec()),
    ("the last byte is lost", |image, _, _| image[..image.len() - 1].to_vec()),
    ("the front is lost", |image, _, chance| image[chance.usize(0..image.len() / 2)..].to_vec()),
    ("every tree is destroyed", |image, map, _| {
        let mut left = vec![0; image.len()];
        for place in map.places.iter().chain(&map.row_places) {
            left[place.clone()].copy_from_slice(&image[place.clone()]);
        }
        left
    }),
    ("every page has lost its head", |image, map, _| {
        let mut image = image.to_vec();
        for start in (0..image.len()).step_by(PAGE) {
            let head = start..(start + 16).min(image.len());
            let is_kept =
                map.places.iter().chain(&map.row_places).any(|place| place.start < head.end && head.start < place.end);
            if !is_kept {
                image[head].fill(0xee);
            }
        }
        image
    }),
    ("some pages are zero", |image, _, chance| pages(image, chance, |page| page.fill(0))),
    ("some pages are noise", |image, _, chance| {
        let mut noise = fastrand::Rng::with_seed(chance.u64(..));
        pages(image, chance, |page| noise.fill(page))
    }),
    ("bits are flipped", |image, _, chance| {
        let mut image = image.to_vec();
        for _ in 0..6 {
            let at = chance.usize(0..image.len());
            image[at] ^= 1 << chance.u8(0..8);
        }
        image
    }),
    ("a bit of every other pack is flipped", |image, map, chance| {
        let mut image = image.to_vec();
        for place in map.places.iter().step_by(2) {
            image[chance.usize(place.clone())] ^= 1;
        }
        image
    }),
    ("the row of a snapshot is damaged", |image, map, chance| {
        let mut image = image.to_vec();
        let place = &map.row_places[chance.usize(0..map.row_places.len())];
        image[chance.usize(place.clone())] ^= 0x80;
        image
    }),
    ("everything has moved by a few bytes", |image, _, chance| {
        let mut moved = vec![7; chance.usize(1..PAGE)];
        moved.extend_from_slice(image);
        moved
    }),
    ("two copies stand one behind the other", |image, _, _| [image, image].concat()),
];

/// One page in fifty is changed.
fn pages(image: &[u8], chance: &mut fastrand::Rng, mut change: impl FnMut(&mut [u8])) -> Vec<u8> {
    let mut image = image.to_vec();
    let count = image.len() / PAGE;
    for _ in 0..count / 50 {
        let start = chance.usize(0..count) * PAGE;
        change(&mut image[start..start + PAGE]);
    }
    image
}
