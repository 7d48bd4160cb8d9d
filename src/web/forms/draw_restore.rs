//! The form that restores a backup, as it is shown.

use maud::{Markup, html};

use crate::fylr::target::FileApi;
use crate::web::forms::complaint::Complaints;
use crate::web::forms::connection::{Access, Place};
use crate::web::forms::draw_backup::{all, allowed, manner, named, servers, sizes};
use crate::web::forms::fields::ONCE;
use crate::web::forms::renames::RenameRow;
use crate::web::forms::restore::{FILE_APIS, RestoreForm, WAYS, Way};
use crate::web::look::command_of_form;
use crate::web::look::field::{Choice, Field, Line};
use crate::web::words::{Language, Text, forms};

/// Where it is sent to.
const ACTION: &str = "/inspect/migration/restore";
/// What tells the command line that it amounts to.
const COMMAND: &str = "/inspect/migration/runs/command/restore";
/// What ids begin with.
const FORM: &str = "restore";
/// Typed targets that a form has room for, the first in sight.
const TARGETS_SHOWN: usize = 4;
/// Empty rows at the end of the table of renames: without scripts it does not grow.
const ROWS_EMPTY: usize = 3;
/// Versions that most files have; others can be typed.
const VERSIONS: [&str; 4] = ["original", "preview", "full", "huge"];

/// A snapshot that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// What `--snapshot` takes.
    pub value: String,
    pub label: String,
}

/// The form. `once` is a word of its own for each time that it is shown.
#[must_use]
pub fn draw(
    form: &RestoreForm,
    snapshots: &[Offered],
    complaints: &Complaints,
    place: &Place<'_>,
    once: &str,
) -> Markup {
    let drawing = Drawing { form, complaints, place };
    let language = place.language;
    let snapshots = snapshots.iter().map(|one| Choice { value: &one.value, label: one.label.clone(), help: None });
    html! {
        form.sheet #restore-form method="post" action=(ACTION) data-command=(COMMAND) data-once autocomplete="off" {
            (all(complaints, language))
            input type="hidden" name=(ONCE) value=(once);
            (drawing.field("snapshot", forms::BACKUP, Some(forms::BACKUP_HELP), None)
                .select(&form.snapshot, &snapshots.collect::<Vec<_>>()))
            (drawing.ways())
            (drawing.targets())
            (drawing.files())
            (drawing.options())
            div.buttons.ruled {
                button #restore-submit type="submit" { (language.say(forms::RESTORE_BUTTON)) }
                span.help { (language.say(forms::RESTORE_BUTTON_HELP)) }
            }
            p.help { (language.fill(forms::FIXED, &["--skip-constraints --max-parallel-upload-files 4 \
                --upload-ignore-files-with-errors --timeout-min 15"])) }
            (command_of_form(language, COMMAND))
        }
    }
}

/// What the parts of the form share.
struct Drawing<'a> {
    form: &'a RestoreForm,
    complaints: &'a Complaints,
    place: &'a Place<'a>,
}

impl Drawing<'_> {
    fn language(&self) -> Language {
        self.place.language
    }

    fn field<'a>(&'a self, name: &'a str, label: Text, help: Option<Text>, flag: Option<&'a str>) -> Field<'a> {
        Field { language: self.language(), form: FORM, name, label, help, flag, error: self.complaints.of(name) }
    }

    fn ways(&self) -> Markup {
        let text = |way| match way {
            Way::New => (forms::RESTORE_NEW, forms::RESTORE_NEW_HELP),
            Way::Purge => (forms::RESTORE_PURGE, forms::RESTORE_PURGE_HELP),
            Way::Continue => (forms::RESTORE_CONTINUE, forms::RESTORE_CONTINUE_HELP),
            Way::NoPurge => (forms::RESTORE_NO_PURGE, forms::RESTORE_NO_PURGE_HELP),
            Way::RetryFailed => (forms::RESTORE_RETRY, forms::RESTORE_RETRY_HELP),
        };
        let choices = WAYS.iter().map(|(value, way)| {
            let (label, help) = text(*way);
            Choice { value, label: self.language().say(label).to_owned(), help: Some(help) }
        });
        let chosen = WAYS.iter().find(|(_, way)| *way == self.form.way).map_or("", |(value, _)| value);
        self.field("start", forms::RESTORE_START, None, Some("--purge, --continue"))
            .radios(chosen, &choices.collect::<Vec<_>>())
    }

    fn targets(&self) -> Markup {
        let profiles = self.place.profiles.all().unwrap_or_default();
        let chosen: Vec<String> = self.form.targets.iter().map(|access| access.instance.clone()).collect();
        let typed: Vec<&Access> = self.form.targets.iter().filter(|access| access.instance.is_empty()).collect();
        let known = profiles.iter().map(|profile| Choice { value: &profile.name, label: named(profile), help: None });
        let is_open = typed.len() > 1;
        html! {
            div.group #restore-targets {
                @if !profiles.is_empty() {
                    (self.field("target", forms::TARGET_PROFILES, Some(forms::TARGETS_HELP), Some("--target"))
                        .checks(&chosen, &known.collect::<Vec<_>>()))
                }
                (self.target(0, typed.first().copied(), &servers(&profiles)))
                p.help.hint { (allowed(self.place, &profiles)) }
                details.more #restore-more-targets open[is_open] {
                    summary { (self.language().say(forms::MORE_TARGETS)) }
                    @for at in 1..TARGETS_SHOWN.max(typed.len() + 1) {
                        (self.target(at, typed.get(at).copied(), &servers(&profiles)))
                    }
                }
            }
            (manner(FORM, &self.form.manner, self.complaints, self.language()))
        }
    }

    /// Server, login and password of one target. Ids end with its number, from the second on.
    fn target(&self, at: usize, access: Option<&Access>, known: &[&str]) -> Markup {
        let form = if at == 0 { FORM.to_owned() } else { format!("{FORM}-{}", at + 1) };
        let field = |name, label, help, flag| Field {
            form: &form,
            error: self.complaints.of(name).filter(|_| at == 0 || access.is_some()),
            ..self.field(name, label, help, Some(flag))
        };
        let language = self.language();
        let title = language.fill(forms::TARGET_NUMBER, &[&(at + 1).to_string()]);
        html! {
            div.group role="group" aria-label=(title) {
                @if at > 0 { h3.help { (title) } }
                (field("server", forms::TARGET_SERVER, Some(forms::SERVER_HELP), "--server").line_with(
                    Line::Url,
                    &access.map(Access::server_shown).unwrap_or_default(),
                    "https://new.museum.example",
                    known,
                ))
                (field("login", forms::LOGIN, None, "--login")
                    .line(Line::Text, access.map_or("", |access| &access.login), "root"))
                (field("password", forms::PASSWORD, Some(forms::PASSWORD_HELP), "--password-file")
                    .line(Line::Secret, "", ""))
            }
        }
    }

    fn files(&self) -> Markup {
        let form = self.form;
        let text = |api| match api {
            FileApi::None => forms::FILE_NONE,
            FileApi::Put => forms::FILE_PUT,
            FileApi::Rput => forms::FILE_RPUT,
            FileApi::RputLeave => forms::FILE_RPUT_LEAVE,
            FileApi::RputBulk => forms::FILE_RPUT_BULK,
            FileApi::RputBulkLeave => forms::FILE_RPUT_BULK_LEAVE,
        };
        let apis = FILE_APIS.iter().map(|(value, api)| {
            let label = self.language().say(text(*api)).to_owned();
            Choice { value, label, help: None }
        });
        html! {
            (self.field("file-api", forms::FILE_API, Some(forms::FILE_API_HELP), Some("--file-api"))
                .select(form.file_api.name(), &apis.collect::<Vec<_>>()))
            (self.field("file-version", forms::FILE_VERSION, Some(forms::FILE_VERSION_HELP), Some("--file-version"))
                .line_with(Line::Text, &form.file_version, "original", &VERSIONS))
            (self.field("upload-versions", forms::UPLOAD_VERSIONS, Some(forms::UPLOAD_VERSIONS_HELP),
                Some("--upload-versions")).check(form.upload_versions))
            (self.renames())
            (self.field("file-api-access-token", forms::FILE_TOKEN, Some(forms::FILE_TOKEN_HELP),
                Some("--file-api-access-token")).line(Line::Secret, "", ""))
        }
    }

    fn renames(&self) -> Markup {
        let language = self.language();
        let empty = RenameRow::default();
        let rows = self.form.renames.iter().chain(std::iter::repeat_n(&empty, ROWS_EMPTY));
        let titles = [
            ("class", forms::RENAME_CLASS, "video"),
            ("source", forms::RENAME_SOURCE, "1920p"),
            ("target", forms::RENAME_TARGET, "1080p"),
        ];
        let value = |row: &'_ RenameRow, part: &str| match part {
            "class" => row.class.clone(),
            "source" => row.source.clone(),
            _ => row.target.clone(),
        };
        html! {
            (self.field("rename-versions", forms::RENAME, Some(forms::RENAME_HELP), Some("--rename-versions"))
                .grouped(&html! {
                table.rows #restore-renames data-grows {
                    thead { tr { @for (_, title, _) in titles { th scope="col" { (language.say(title)) } } } }
                    tbody {
                        @for (at, row) in rows.enumerate() {
                            tr {
                                @for (part, title, example) in titles {
                                    td {
                                        input #{ "restore-rename-" (part) "-" (at + 1) } name={ "rename-" (part) }
                                            value=(value(row, part)) aria-label=(language.say(title))
                                            placeholder=[(at == 0).then_some(example)] spellcheck="false";
                                    }
                                }
                            }
                        }
                    }
                }
            }))
        }
    }

    fn options(&self) -> Markup {
        let form = self.form;
        let language = self.language();
        let sizes = sizes(form.chunk_size.unwrap_or(0));
        let as_they_are = Choice { value: "", label: language.say(forms::CHUNK_AS_PAYLOADS).to_owned(), help: None };
        let sizes = sizes.iter().map(|size| Choice { value: size, label: size.clone(), help: None });
        let sizes: Vec<Choice<'_>> = std::iter::once(as_they_are).chain(sizes).collect();
        html! {
            (self.field("chunk-size", forms::RESTORE_CHUNK, Some(forms::RESTORE_CHUNK_HELP), Some("--chunk-size"))
                .select(&form.chunk_size.map(|size| size.to_string()).unwrap_or_default(), &sizes))
            (self.field("include-password", forms::INCLUDE_PASSWORD, Some(forms::INCLUDE_PASSWORD_HELP),
                Some("--include-password")).check(form.include_password))
            (self.field("include-events", forms::EVENTS, Some(forms::EVENTS_HELP), Some("--include-events"))
                .check(form.include_events))
            (self.field("include-deleted-linked", forms::DELETED_LINKED, Some(forms::DELETED_LINKED_HELP),
                Some("--include-deleted-linked")).check(form.include_deleted_linked))
            (self.field("max-parallel", forms::MAX_PARALLEL, Some(forms::MAX_PARALLEL_HELP), Some("--max-parallel"))
                .line(Line::Number, &form.max_parallel.map(|count| count.to_string()).unwrap_or_default(), "1"))
        }
    }
}
