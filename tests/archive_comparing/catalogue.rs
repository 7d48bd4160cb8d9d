//! A catalogue whose every change is known.

use std::collections::BTreeMap;

use crate::support::backup::Files;

/// Objects by system id, each with its versions' texts; users; and things without a name.
#[derive(Clone, Default)]
pub struct Catalogue {
    pub day: u64,
    pub objects: BTreeMap<u64, Vec<String>>,
    pub places: BTreeMap<u64, String>,
    pub users: BTreeMap<String, String>,
    pub transitions: Vec<String>,
    pub numbers: Vec<u64>,
    pub pictures: BTreeMap<String, Vec<u8>>,
    pub datamodel: String,
}

/// The first system id: beyond what a double can tell apart.
pub const FIRST: u64 = (1 << 53) + 1;

impl Catalogue {
    pub fn new(objects: u64) -> Self {
        let object = |id: u64| (FIRST + id, vec![format!("Gefäß {id}"), format!("Gefäß {id}, restauriert")]);
        Self {
            day: 1,
            objects: (0..objects).map(object).collect(),
            places: (0..objects / 10).map(|id| (id + 1, format!("Ort {id}"))).collect(),
            users: ["jürgen", "root", "editor"].map(|name| (name.to_owned(), format!("{name}@example.org"))).into(),
            transitions: vec!["{\"type\":\"process\"}".into(), "{\"type\":\"resolve\"}".into()],
            numbers: (0..5).collect(),
            pictures: (0..4).map(|id| (format!("files/0/{id}-Größe.png"), vec![id; 5000])).collect(),
            datamodel: r#"{"version":1,"schema":{"tables":[{"name":"objekt"}]}}"#.into(),
        }
    }

    /// All files of a backup with so many records a payload; signatures are other ones every day.
    pub fn files(&self, batch: usize) -> Files {
        let objects: Vec<String> =
            self.objects.iter().flat_map(|(id, versions)| self.versions(*id, versions)).collect();
        let place = |(id, name): (&u64, &String)| {
            format!(r#"{{"_objecttype":"ort","_uuid":"ort-{id}","ort":{{"_version":1,"name":"{name}"}}}}"#)
        };
        let user = |(reference, mail): (&String, &String)| {
            format!(r#"{{"_basetype":"user","user":{{"reference":"{reference}","email":"{mail}"}}}}"#)
        };
        let mut files = Files::new();
        let mut add = |name: &str, head: &str, array: &str, records: &[String]| {
            for (number, records) in (1..).zip(records.chunks(batch)) {
                // Every second payload has its type behind the records.
                let list = format!("\"{array}\":[\n{}]", records.join(",\n"));
                let payload = if number % 2 == 0 { format!("{{{list},{head}}}") } else { format!("{{{head},{list}}}") };
                files.insert(format!("{name}__{number:04}.json"), payload.into_bytes());
            }
        };
        add("db__objekt", r#""import_type":"db","objecttype":"objekt""#, "objects", &objects);
        add(
            "db__ort",
            r#""import_type":"db","objecttype":"ort""#,
            "objects",
            &self.places.iter().map(place).collect::<Vec<_>>(),
        );
        add("user", r#""import_type":"user""#, "users", &self.users.iter().map(user).collect::<Vec<_>>());
        add("transitions", r#""import_type":"transitions""#, "transitions", &self.transitions);
        let numbers: Vec<String> = self.numbers.iter().map(ToString::to_string).collect();
        add("odd", r#""import_type":"odd""#, "numbers", &numbers);
        let names: Vec<String> = files.keys().map(|name| format!("{name:?}")).collect();
        files.insert("manifest.json".into(), format!("{{\"payloads\":[{}]}}", names.join(",")).into_bytes());
        files.insert("datamodel.json".into(), self.datamodel.clone().into_bytes());
        files.insert("backup.log".into(), format!("day {}", self.day).into_bytes());
        files.extend(self.pictures.iter().map(|(name, bytes)| (name.clone(), bytes.clone())));
        files
    }

    fn versions(&self, id: u64, versions: &[String]) -> Vec<String> {
        let signature = blake3::hash(&(self.day << 40 | (id & 0xff_ffff)).to_le_bytes());
        let url = format!("https://museum.example/eas/{id}?x-fylr-signature=v1-{signature}&w=1");
        let record = |(version, text): (usize, &String)| {
            format!(
                r#"{{"_objecttype":"objekt","_system_object_id":{id},"objekt":{{"_version":{version},"text":"{text}","url":"{url}"}}}}"#
            )
        };
        (1..).zip(versions).map(record).collect()
    }
}
