//! The form that compares an instance with a snapshot.

use serde_json::{Value, json};

use crate::fylr::Options;
use crate::fylr::target::TIMEOUT;
use crate::web::forms::complaint::Complaints;
use crate::web::forms::connection::{Access, Manner, Names, Place, workers};
use crate::web::forms::fields::Fields;
use crate::web::forms::reading::Reading;
use crate::web::words::Language;

const NAMES: Names = Names { instance: "target", server: "server", login: "login", password: "password" };

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub struct VerifyForm {
    pub access: Access,
    pub manner: Manner,
    /// Files did not come along.
    pub without_files: bool,
    /// Events did not come along.
    pub without_events: bool,
}

impl VerifyForm {
    /// Reads what was sent. What is wrong is told beside the form, which holds what could be read.
    #[must_use]
    pub fn read(fields: Fields, language: Language) -> (Self, Complaints) {
        let mut reading = Reading::new(fields, language);
        let form = Self {
            access: Access {
                instance: reading.text(NAMES.instance),
                server: reading.text(NAMES.server),
                login: reading.text(NAMES.login),
                password: reading.secret(NAMES.password),
            },
            manner: Manner::read(&mut reading),
            without_files: reading.flag("without-files", false),
            without_events: reading.flag("without-events", false),
        };
        (form, reading.finish())
    }

    /// How the instance is reached.
    ///
    /// # Errors
    /// What speaks against it, field by field.
    pub fn connection(&self, place: &Place<'_>) -> Result<Options, Complaints> {
        let mut complaints = Complaints::default();
        let found = self.access.options(&self.manner, (TIMEOUT, workers(0)), place, &NAMES, &mut complaints);
        found.ok_or(complaints)
    }

    /// What is kept of it: everything but secrets, under the names of the fields.
    #[must_use]
    pub fn request(&self) -> Value {
        let mut request = json!({
            "form": "verify",
            "target": self.access.instance,
            "server": self.access.server_shown(),
            "login": self.access.login,
            "without-files": self.without_files,
            "without-events": self.without_events,
        });
        self.manner.keep(&mut request);
        request
    }
}
