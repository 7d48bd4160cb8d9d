//! Where the demonstration takes place: a temporary directory, which is the working directory until it is removed.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fonds::rehearsal::Instance;
use tempfile::TempDir;

use crate::cli::error::Error;

/// The file with the password of all three.
const PASSWORD_FILE: &str = "password";

pub struct Place {
    dir: TempDir,
    back: PathBuf,
    pub password: String,
}

impl Place {
    /// Makes a directory, and goes there.
    pub fn enter() -> Result<Self, Error> {
        let dir = tempfile::tempdir().map_err(failed(Path::new("the temporary directory")))?;
        let back = std::env::current_dir().map_err(failed(Path::new(".")))?;
        std::env::set_current_dir(dir.path()).map_err(failed(dir.path()))?;
        // Nobody else on this machine is to change anything there.
        let password = format!("{:032x}", fastrand::u128(..));
        let place = Self { dir, back, password };
        let path = place.path(PASSWORD_FILE);
        fs::write(&path, &place.password).map_err(failed(&path))?;
        Ok(place)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes `fonds.toml`, and gives its text.
    pub fn profiles(&self, instances: &[(&str, &Instance)]) -> Result<String, Error> {
        let mut text = String::new();
        for (name, instance) in instances {
            let url = instance.api_url();
            // A string takes everything.
            let _ = write!(
                text,
                "[instance.{name}]\nserver = \"{url}\"\nlogin = \"root\"\npassword_file = \"{PASSWORD_FILE}\"\n\n"
            );
        }
        let path = self.path("fonds.toml");
        fs::write(&path, &text).map_err(failed(&path))?;
        Ok(text.trim_end().to_owned() + "\n")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // The place to go back to may be gone; the program ends soon.
        let _ = std::env::set_current_dir(&self.back);
    }
}

pub fn failed(path: &Path) -> impl Fn(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Demo { path: path.clone(), source }
}
