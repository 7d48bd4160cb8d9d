//! The instances of the demonstration: a museum, loaded from the sample that is part of the program, and empty ones.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fonds::fylr::{Certificates, Client, Credentials, Options, Request, RetryPolicy, Server, Shape};
use fonds::jobs::{self, LoadSource};
use fonds::model::event::Silent;
use fonds::rehearsal::{self, Instance};
use include_dir::{Dir, DirEntry, include_dir};
use secrecy::SecretString;
use tokio::runtime::Runtime;

use crate::cli::demo::place::{Place, failed};
use crate::cli::error::Error;

static MUSEUM: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures/museum");

const LOGIN: &str = "root";
/// The instance answers at once.
const TIMEOUT: Duration = Duration::from_mins(1);
/// What is sent to the museum on Tuesday: a new version of one keyword, and a new one.
pub const CHANGES: &str = r#"[
  {"_objecttype": "schlagwort", "_mask": "_all_fields",
   "schlagwort": {"_version": 2, "lookup:_id": {"_system_object_id": 111}, "name": {"de-DE": "Werkzeug und Gerät"}}},
  {"_objecttype": "schlagwort", "_mask": "_all_fields",
   "schlagwort": {"_version": 1, "name": {"de-DE": "Küferei"}}}
]"#;

/// The museum's own fylr.
pub fn museum(place: &Place) -> Result<Instance, Error> {
    let sample = place.path("museum");
    write(&MUSEUM, &sample)?;
    let source = LoadSource::Layout(sample);
    let options = options(place, "museum");
    let (museum, _) = jobs::instance(options, Some(&source), Path::new(""), &(Arc::new(Silent) as _))?;
    Ok(museum)
}

/// A fylr with nothing in it.
pub fn empty(place: &Place, name: &str) -> Result<Instance, Error> {
    Ok(jobs::instance(options(place, name), None, Path::new(""), &(Arc::new(Silent) as _))?.0)
}

fn options(place: &Place, name: &str) -> rehearsal::Options {
    rehearsal::Options {
        name: name.to_owned(),
        login: LOGIN.to_owned(),
        password: SecretString::from(place.password.clone()),
        files: Some(place.path(&format!("files of {name}"))),
        ..rehearsal::Options::default()
    }
}

/// Writes a sample directory.
fn write(sample: &Dir<'_>, target: &Path) -> Result<(), Error> {
    fs::create_dir_all(target).map_err(failed(target))?;
    for entry in sample.entries() {
        let path = target.join(entry.path().file_name().unwrap_or_default());
        match entry {
            DirEntry::Dir(folder) => write(folder, &path)?,
            DirEntry::File(file) => fs::write(&path, file.contents()).map_err(failed(&path))?,
        }
    }
    Ok(())
}

/// What somebody does at the museum on Tuesday.
pub fn change(museum: &Instance) -> Result<(), Error> {
    let connection = Options {
        server: Server::parse(&museum.api_url(), None).map_err(|error| Error::Job(error.into()))?,
        credentials: Credentials {
            login: LOGIN.to_owned(),
            password: museum.options().password.clone(),
            client_id: String::new(),
            client_secret: None,
        },
        certificates: Certificates::Verified,
        timeout: TIMEOUT,
        retry: RetryPolicy { count_max: 0, sleep_between: Duration::ZERO },
        workers: 1,
        is_logged: false,
    };
    let runtime = Runtime::new().map_err(jobs::Error::Runtime)?;
    let changed = runtime.block_on(async {
        let client = Client::connect(connection, Arc::new(Silent)).await?;
        client.ask(&Request::post("db/schlagwort", CHANGES, Shape::Array)).await
    });
    changed.map_err(|error| Error::Job(error.into()))?;
    Ok(())
}
