//! A made-up museum whose backup is another one every day: the same bytes for the same seed.

use std::collections::BTreeMap;

use crate::support::backup::Files;

/// How much there is on the first day.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub objects: usize,
    pub pictures: usize,
    pub picture_bytes: usize,
}

impl Size {
    /// A few hundred kilobytes.
    pub const SMALL: Self = Self { objects: 120, pictures: 6, picture_bytes: 30_000 };
}

/// Objects in one payload.
const BATCH: usize = 40;
const WORDS: [&str; 12] = [
    "Krug",
    "Gefäß",
    "Ölfarbe",
    "auf",
    "Leinwand",
    "restauriert",
    "um",
    "1780",
    "Schenkung",
    "Süß\\\"holz",
    "\\u00fcber",
    "🏺",
];

pub struct Museum {
    chance: fastrand::Rng,
    day: u64,
    objects: Vec<Object>,
    pictures: BTreeMap<u64, Vec<u8>>,
    next_id: u64,
}

struct Object {
    id: u64,
    version: u64,
    text: String,
}

impl Museum {
    pub fn new(seed: u64, size: Size) -> Self {
        let chance = fastrand::Rng::with_seed(seed);
        let mut museum = Self { chance, day: 1, objects: Vec::new(), pictures: BTreeMap::new(), next_id: 1 };
        (0..size.objects).for_each(|at| museum.acquire(at));
        for id in 0..size.pictures as u64 {
            let picture = museum.noise(size.picture_bytes);
            museum.pictures.insert(id, picture);
        }
        museum
    }

    /// A day passes: every signature is another one, some objects are described anew, come or go, a picture is replaced
    /// or taken.
    pub fn next_day(&mut self) {
        self.day += 1;
        for _ in 0..=self.objects.len() / 50 {
            let (at, what) = (self.chance.usize(0..self.objects.len()), self.chance.u8(0..10));
            match what {
                0 if self.objects.len() > 1 => drop(self.objects.remove(at)),
                1 | 2 => self.acquire(at),
                _ => {
                    self.objects[at].version += 1;
                    self.objects[at].text = self.prose();
                }
            }
        }
        let picture = self.noise(20_000);
        self.pictures.insert(self.chance.u64(0..=self.pictures.len() as u64), picture);
    }

    /// All files of today's backup.
    pub fn files(&self) -> Files {
        let mut files = Files::new();
        let mut payloads = Vec::new();
        for (number, batch) in (1..).zip(self.objects.chunks(BATCH)) {
            let records: Vec<String> = batch.iter().map(|object| self.record(object, Signed::Today)).collect();
            // Every third is compressed, and every second has its type behind the records.
            let name = format!("db__objekt__batch_{number:04}.json{}", if number % 3 == 0 { ".gz" } else { "" });
            let (kind, records) = (r#""import_type":"db","objecttype":"objekt""#, records.join(",\r\n  "));
            let payload = if number % 2 == 0 {
                format!("{{\"objects\":[{records}],{kind}}}\n")
            } else {
                format!("{{{kind},\"objects\":[{records}]}}")
            };
            files.insert(name.clone(), payload.into_bytes());
            payloads.push(format!("{name:?}"));
        }
        for (id, picture) in &self.pictures {
            files.insert(format!("files/0/1000/{id}-Größe & Maß {id}.png"), picture.clone());
            files.insert(
                format!("files/0/1000/{id}-Größe & Maß {id}-preview.png"),
                picture[..picture.len() / 3].to_vec(),
            );
        }
        let manifest = format!(
            r#"{{"instance":{{"name":"museum","type":"fylr"}},"finished_at":"2025-01-{:02}T00:00:00Z","payloads":[{}]}}"#,
            self.day,
            payloads.join(",")
        );
        files.insert("manifest.json".into(), manifest.into_bytes());
        files.insert("datamodel.json".into(), b"{\"tables\":[]}".to_vec());
        files.insert("backup.log".into(), format!("day {}\n", self.day).into_bytes());
        files.insert("readme/Überblick.txt".into(), b"unlisted".to_vec());
        files
    }

    /// All records of today's backup without what differs every day; no two are the same.
    pub fn records(&self) -> impl Iterator<Item = String> {
        self.objects.iter().map(|object| self.record(object, Signed::Not))
    }

    fn record(&self, object: &Object, signed: Signed) -> String {
        let Object { id, version, text } = object;
        let (signature, token) = match signed {
            Signed::Today => (
                format!("v1-{}", blake3::hash(&(self.day << 32 | id).to_le_bytes())),
                format!("{:x}%2F", id * self.day),
            ),
            Signed::Not => (String::new(), String::new()),
        };
        let url = format!("https://museum.example/eas/{id}?x-fylr-signature={signature}&w=1&access_token={token}");
        format!(
            r#"{{"_objecttype":"objekt","_version":{version},"objekt":{{"_id":{id},"text":"{text}","bild":[{{"url":"{url}"}}]}}}}"#
        )
    }

    fn acquire(&mut self, at: usize) {
        let object = Object { id: self.next_id, version: 1, text: self.prose() };
        self.next_id += 1;
        self.objects.insert(at, object);
    }

    fn prose(&mut self) -> String {
        let length = self.chance.usize(5..120);
        let words: Vec<&str> = (0..length).map(|_| WORDS[self.chance.usize(0..WORDS.len())]).collect();
        words.join(" ")
    }

    fn noise(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.chance.fill(&mut bytes);
        bytes
    }
}

#[derive(Clone, Copy)]
enum Signed {
    Today,
    Not,
}
