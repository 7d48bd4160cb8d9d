//! The form that compares an instance with a snapshot, as it is shown.

use maud::{Markup, html};

use crate::web::forms::complaint::Complaints;
use crate::web::forms::connection::{Manner, Place};
use crate::web::forms::draw_backup::{allowed, manner, profile_choices, servers};
use crate::web::look::field::{Field, Line};
use crate::web::words::{Text, backups, forms};

/// What ids begin with.
const FORM: &str = "verify";

/// The fields; what stands around them belongs to the page.
#[must_use]
pub fn draw(place: &Place<'_>) -> Markup {
    let language = place.language;
    let profiles = place.profiles.all().unwrap_or_default();
    let field = |name, label: Text, help, flag| Field {
        language,
        form: FORM,
        name,
        label,
        help,
        flag: Some(flag),
        error: None,
    };
    html! {
        @if !profiles.is_empty() {
            (field("target", forms::PROFILE, Some(forms::PROFILE_HELP), "--target")
                .select("", &profile_choices(&profiles, language)))
        }
        (field("server", forms::TARGET_SERVER, Some(forms::SERVER_HELP), "--server")
            .line_with(Line::Url, "", "https://new.museum.example", &servers(&profiles)))
        p.help.hint { (allowed(place, &profiles)) }
        (field("login", forms::LOGIN, None, "--login").line(Line::Text, "", "root"))
        (field("password", forms::PASSWORD, Some(forms::PASSWORD_HELP), "--password-file").line(Line::Secret, "", ""))
        (manner(FORM, &Manner::default(), &Complaints::default(), language))
        (field("without-files", backups::WITHOUT_FILES, Some(backups::WITHOUT_HELP), "--without-files").check(false))
        (field("without-events", backups::WITHOUT_EVENTS, Some(backups::WITHOUT_HELP), "--without-events").check(false))
        div.buttons.ruled { button #verify-submit type="submit" { (language.say(backups::VERIFY_BUTTON)) } }
    }
}
