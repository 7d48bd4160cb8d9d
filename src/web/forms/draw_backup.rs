//! The form that creates a backup, as it is shown.

use maud::{Markup, html};

use crate::fylr::source::Files;
use crate::jobs::Start;
use crate::web::ProfileName;
use crate::web::forms::backup::{BackupForm, CHUNK_SIZES, FILES, STARTS};
use crate::web::forms::complaint::Complaints;
use crate::web::forms::connection::{Manner, Place};
use crate::web::forms::fields::ONCE;
use crate::web::look::field::{Choice, Field, Line};
use crate::web::look::{Tone, command_of_form, notice};
use crate::web::words::{Language, Text, forms};

/// Where it is sent to.
const ACTION: &str = "/inspect/migration/backup";
/// What tells the command line that it amounts to.
const COMMAND: &str = "/inspect/migration/runs/command/backup";
/// What ids begin with.
const FORM: &str = "backup";

/// The form. `once` is a word of its own for each time that it is shown.
#[must_use]
pub fn draw(form: &BackupForm, complaints: &Complaints, place: &Place<'_>, once: &str) -> Markup {
    let language = place.language;
    let profiles = place.profiles.all().unwrap_or_default();
    let field =
        |name, label, help, flag| Field { language, form: FORM, name, label, help, flag, error: complaints.of(name) };
    let sizes = sizes(form.chunk_size);
    let sizes: Vec<Choice<'_>> =
        sizes.iter().map(|size| Choice { value: size, label: size.clone(), help: None }).collect();
    html! {
        form.sheet #backup-form method="post" action=(ACTION) data-command=(COMMAND) data-once autocomplete="off" {
            (all(complaints, language))
            input type="hidden" name=(ONCE) value=(once);
            (field("name", forms::NAME, Some(forms::NAME_HELP), Some("--name")).line(Line::Text, &form.name, "museum"))
            @if !profiles.is_empty() {
                (field("instance", forms::PROFILE, Some(forms::PROFILE_HELP), Some("--instance"))
                    .select(&form.access.instance, &profile_choices(&profiles, language)))
            }
            (field("server", forms::SERVER, Some(forms::SERVER_HELP), Some("--server"))
                .line_with(Line::Url, &form.access.server_shown(), "https://dam.museum.example", &servers(&profiles)))
            p.help.hint #backup-servers { (allowed(place, &profiles)) }
            (field("login", forms::LOGIN, None, Some("--login")).line(Line::Text, &form.access.login, "root"))
            (field("password", forms::PASSWORD, Some(forms::PASSWORD_HELP), Some("--password-file"))
                .line(Line::Secret, "", ""))
            (field("chunk-size", forms::CHUNK_SIZE, Some(forms::CHUNK_SIZE_HELP), Some("--chunk-size"))
                .select(&form.chunk_size.to_string(), &sizes))
            (field("all-versions", forms::HISTORY, Some(forms::HISTORY_HELP), Some("--all-versions"))
                .check(form.all_versions))
            (field("include-deleted", forms::DELETED, Some(forms::DELETED_HELP), Some("--include-deleted"))
                .check(form.include_deleted))
            (field("include-events", forms::EVENTS, Some(forms::EVENTS_HELP), Some("--include-events"))
                .check(form.include_events))
            (field("include-files", forms::FILES, Some(forms::FILES_HELP), Some("--include-files"))
                .select(form.include_files.name(), &file_choices(language)))
            (manner(FORM, &form.manner, complaints, language))
            (field("max-parallel", forms::MAX_PARALLEL, Some(forms::MAX_PARALLEL_HELP), Some("--max-parallel"))
                .line(Line::Number, &form.max_parallel.map(|count| count.to_string()).unwrap_or_default(), "0"))
            (field("start", forms::START, Some(forms::START_HELP), Some("--purge, --continue"))
                .radios(start_value(form.start), &start_choices(language)))
            div.buttons.ruled {
                button #backup-submit type="submit" { (language.say(forms::BACKUP_BUTTON)) }
                span.help { (language.fill(forms::FIXED, &["--compression 9"])) }
            }
            (command_of_form(language, COMMAND))
        }
    }
}

fn start_value(start: Start) -> &'static str {
    STARTS.iter().find(|(_, known)| *known == start).map_or("", |(value, _)| value)
}

fn start_choices(language: Language) -> Vec<Choice<'static>> {
    let texts = [forms::START_NEW, forms::START_PURGE, forms::START_CONTINUE];
    let choices = STARTS.iter().zip(texts);
    choices.map(|((value, _), text)| Choice { value, label: language.say(text).to_owned(), help: None }).collect()
}

fn file_choices(language: Language) -> Vec<Choice<'static>> {
    let text = |files| match files {
        Files::Urls => forms::FILES_URLS,
        Files::Originals => forms::FILES_ORIGINALS,
        Files::WithVersions => forms::FILES_VERSIONS,
    };
    FILES
        .iter()
        .map(|(value, files)| Choice { value, label: language.say(text(*files)).to_owned(), help: None })
        .collect()
}

/// The sizes that are offered, and the one that is set.
pub(super) fn sizes(set: u64) -> Vec<String> {
    let mut sizes = CHUNK_SIZES.to_vec();
    if set > 0 && !sizes.contains(&set) {
        sizes.push(set);
        sizes.sort_unstable();
    }
    sizes.into_iter().map(|size| size.to_string()).collect()
}

/// Everything that is wrong, above the form; fields that are not shown have no place of their own.
pub(super) fn all(complaints: &Complaints, language: Language) -> Markup {
    if complaints.is_empty() {
        return html! {};
    }
    notice(
        Tone::Bad,
        html! {
            strong { (language.say(forms::CHECK_FIELDS)) }
            ul #complaints {
                @for complaint in &complaints.0 { li { code { (complaint.field) } " " (complaint.what) } }
            }
            p { (language.say(forms::PASSWORD_AGAIN)) }
        },
    )
}

/// The fields for OAuth2, and whether certificates are looked at.
pub(super) fn manner(form: &str, manner: &Manner, complaints: &Complaints, language: Language) -> Markup {
    let field = |name, label: Text, help, flag| Field {
        language,
        form,
        name,
        label,
        help,
        flag: Some(flag),
        error: complaints.of(name),
    };
    html! {
        div.opens {
            (field("oauth2", forms::OAUTH2, Some(forms::OAUTH2_HELP), "--client-id").check(manner.is_oauth2))
            div.when {
                (field("client-id", forms::CLIENT_ID, None, "--client-id")
                    .line(Line::Text, &manner.client_id, "fylr-web-frontend"))
                (field("client-secret", forms::CLIENT_SECRET, None, "--client-secret").line(Line::Secret, "", ""))
            }
        }
        (field("insecure", forms::INSECURE, Some(forms::INSECURE_HELP), "--insecure").check(manner.is_insecure))
    }
}

/// Which servers may be typed.
pub(super) fn allowed(place: &Place<'_>, profiles: &[ProfileName]) -> Markup {
    let language = place.language;
    html! {
        @if place.allows_any_server {
        } @else if profiles.is_empty() {
            (language.say(forms::SERVER_NONE))
        } @else {
            (language.fill(forms::SERVER_ONLY, &[&servers(profiles).join(", ")]))
        }
    }
}

/// The servers of profiles, each once, as they are typed.
pub(super) fn servers(profiles: &[ProfileName]) -> Vec<&str> {
    let mut servers: Vec<&str> = profiles.iter().map(|profile| plain(&profile.server)).collect();
    servers.sort_unstable();
    servers.dedup();
    servers
}

fn plain(server: &str) -> &str {
    let server = server.trim_end_matches('/');
    server.strip_suffix("/api/v1").unwrap_or(server)
}

pub(super) fn profile_choices(profiles: &[ProfileName], language: Language) -> Vec<Choice<'_>> {
    let none = Choice { value: "", label: language.say(forms::PROFILE_NONE).to_owned(), help: None };
    let known = profiles.iter().map(|profile| Choice { value: &profile.name, label: named(profile), help: None });
    std::iter::once(none).chain(known).collect()
}

/// `museum – https://dam.museum.example`
pub(super) fn named(profile: &ProfileName) -> String {
    format!("{} – {}", profile.name, crate::model::manifest::without_secrets(plain(&profile.server)))
}
