//! Every field reaches the options of the job, and nothing secret is kept or shown.

use std::path::Path;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::fylr::{self, Certificates, Credentials, RetryPolicy, Server};
use crate::jobs::{Backup, restore::Restore};
use crate::web::forms::{BackupForm, Complaints, Fields, Place, RestoreForm, draw_backup, draw_restore};
use crate::web::words::Language;
use crate::web::{NoProfile, ProfileName, Profiles};

/// A `fonds.toml` with two instances.
struct TwoProfiles;

impl Profiles for TwoProfiles {
    fn all(&self) -> Result<Vec<ProfileName>, NoProfile> {
        let profile = |name: &str| ProfileName {
            name: name.to_owned(),
            server: format!("https://{name}.example/api/v1"),
            login: Some("root".to_owned()),
        };
        Ok(vec![profile("museum"), profile("clone")])
    }

    fn connection(&self, name: &str, password: Option<SecretString>) -> Result<fylr::Options, NoProfile> {
        Ok(fylr::Options {
            server: Server::parse(&format!("https://{name}.example"), None)
                .map_err(|error| NoProfile(error.to_string()))?,
            credentials: Credentials {
                login: "of-profile".to_owned(),
                password: password.unwrap_or_else(|| SecretString::from("pw-of-profile")),
                client_id: String::new(),
                client_secret: None,
            },
            certificates: Certificates::Verified,
            timeout: Duration::ZERO,
            retry: RetryPolicy { count_max: 1, sleep_between: Duration::ZERO },
            workers: 1,
            is_logged: false,
        })
    }
}

fn place(allows_any_server: bool) -> Place<'static> {
    let language = Language::English;
    Place { archive: Path::new("/somewhere/x.redb"), profiles: &TwoProfiles, allows_any_server, language }
}

/// All of a connection that a form can change.
fn of_connection(connection: &fylr::Options) -> String {
    let fylr::Options { server, credentials, certificates, timeout, workers, .. } = connection;
    format!(
        "server={server};login={};password={};client_id={};client_secret={:?};certificates={certificates:?};\
         timeout={timeout:?};workers={workers};",
        credentials.login,
        credentials.password.expose_secret(),
        credentials.client_id,
        credentials.client_secret.as_ref().map(|secret| secret.expose_secret().to_owned()),
    )
}

fn of_backup(job: &Backup) -> String {
    format!("{}name={:?};start={:?};{:?}", of_connection(&job.connection), job.name, job.start, job.read)
}

fn of_restore(job: &Restore) -> String {
    let targets =
        job.targets.iter().map(|target| format!("target={};{}", target.name, of_connection(&target.connection)));
    let token = job.write.file_token.as_ref().map(|token| token.expose_secret().to_owned());
    format!(
        "{}from={:?};start={:?};base_config={:?};datamodel={:?};only_aside={};token={token:?};{:?}",
        targets.collect::<String>(),
        job.from,
        job.start,
        job.base_config,
        job.datamodel,
        job.only_aside,
        job.write,
    )
}

fn backup(body: &str) -> Result<Backup, Complaints> {
    let (form, complaints) = BackupForm::read(Fields::of_form(body.as_bytes()), Language::English);
    complaints.or(())?;
    form.job(&place(true))
}

fn restore(body: &str) -> Result<Restore, Complaints> {
    let (form, complaints) = RestoreForm::read(Fields::of_form(body.as_bytes()), Language::English);
    complaints.or(())?;
    form.job(&place(true))
}

const BACKUP: &str = "server=https://a.example&login=root&password=pw";
const RESTORE: &str = "snapshot=3&server=https://a.example&login=root&password=pw";

/// What one more field changes.
fn changes<T>(
    base: &str,
    more: &str,
    read: impl Fn(&str) -> Result<T, Complaints>,
    seen: impl Fn(&T) -> String,
) -> String {
    let before = seen(&read(base).unwrap());
    let after = read(&format!("{base}&{more}")).unwrap_or_else(|wrong| panic!("{more}: {}", wrong.line()));
    let after = seen(&after);
    assert_ne!(before, after, "{more} changes nothing");
    after
}

#[test]
fn every_field_of_a_backup_reaches_the_job() {
    for (field, seen) in [
        ("name=m%C3%BCse", ""),
        ("name=museum", "name=Some(\"museum\")"),
        ("chunk-size=25", "chunk_size: 25"),
        ("all-versions=true", "all_versions: true"),
        ("include-deleted=on", "include_deleted: true"),
        ("include-events=true", "events: All"),
        ("include-files=original", "files: Originals"),
        ("include-files=with-versions", "files: WithVersions"),
        ("insecure=true", "certificates=Accepted"),
        ("max-parallel=3", "workers: 3"),
        ("start=purge", "start=Purge"),
        ("start=continue", "start=Continue"),
        ("oauth2=true&client-id=web", "client_id=web"),
        ("oauth2=true&client-secret=s3", "client_secret=Some(\"s3\")"),
    ] {
        if seen.is_empty() {
            assert!(backup(&format!("{BACKUP}&{field}")).is_err(), "{field}");
            continue;
        }
        let job = changes(BACKUP, field, backup, of_backup);
        assert!(job.contains(seen), "{field}: {job}");
    }
    let job = of_backup(&backup(BACKUP).unwrap());
    for seen in [
        "server=https://a.example/api/v1;login=root;password=pw",
        "client_id=;client_secret=None",
        "timeout=600s",
        "name=None;start=New",
        "all_versions: false",
        "events: None",
        "is_compressed: true",
        "chunk_size: 100",
        "folder: \"/somewhere\"",
    ] {
        assert!(job.contains(seen), "{seen}: {job}");
    }
    let job = of_backup(&backup("instance=museum&password=other").unwrap());
    assert!(job.contains("login=of-profile;password=other") && job.contains("name=Some(\"museum\")"), "{job}");
}

#[test]
fn every_field_of_a_restore_reaches_the_job() {
    for (field, seen) in [
        ("file-api=put", "file_api: Put"),
        ("file-api=rput_bulk_leave", "file_api: RputBulkLeave"),
        ("file-version=preview", "file_version: \"preview\""),
        ("upload-versions=true", "upload_versions: true"),
        (
            "rename-class=video&rename-source=1920p&rename-target=1080p",
            "class: \"video\", version: \"1920p\", to: Some(\"1080p\")",
        ),
        ("rename-versions=image.small:", "class: \"image\", version: \"small\", to: None"),
        ("file-api-access-token=t0k", "token=Some(\"t0k\")"),
        ("chunk-size=500", "chunk_size: Some(500)"),
        ("include-password=true", "include_password: true"),
        ("include-events=true", "events: All"),
        ("include-deleted-linked=true", "include_deleted_linked: true"),
        ("insecure=true", "certificates=Accepted"),
        ("max-parallel=3", "workers: 3"),
        ("oauth2=true&client-id=web&client-secret=s", "client_id=web;client_secret=Some(\"s\")"),
        ("start=purge", "start=Purge;base_config=FromBackup;datamodel=FromBackup"),
        ("start=continue", "start=Continue;base_config=FromBackup"),
        ("start=no-purge", "start=New;base_config=None;datamodel=None"),
        ("start=retry-failed", "only_aside=true"),
        ("target=museum&target=clone", "target=clone;server=https://clone.example/api/v1;login=of-profile"),
        (
            "server=https://b.example&login=l2&password=p2",
            "target=b.example;server=https://b.example/api/v1;login=l2;password=p2",
        ),
    ] {
        let job = changes(RESTORE, field, restore, of_restore);
        assert!(job.contains(seen), "{field}: {job}");
    }
    let job = of_restore(&restore(RESTORE).unwrap());
    for seen in [
        "target=a.example;server=https://a.example/api/v1;login=root;password=pw",
        "timeout=900s;workers=5",
        "from=Snapshot(Number(SnapshotNumber(3)))",
        "start=New",
        "only_aside=false",
        "uploads: 4",
        "ignore_file_errors: true",
        "skip_constraints: true",
        "events: None",
        "chunk_size: None",
    ] {
        assert!(job.contains(seen), "{seen}: {job}");
    }
}

#[test]
fn a_restore_goes_to_all_targets_with_the_password_of_each() {
    let targets = "snapshot=x&server=https://a.example&server=&server=https://b.example&login=la&login=&login=lb\
        &password=pa&password=&password=pb&target=museum";
    let job = of_restore(&restore(targets).unwrap());
    for seen in ["login=la;password=pa", "login=lb;password=pb", "target=museum;"] {
        assert!(job.contains(seen), "{seen}: {job}");
    }
}

#[test]
fn what_is_wrong_is_told_field_by_field() {
    let wrong = |body: &str| {
        restore(body).err().map(|wrong| wrong.0.iter().map(|one| one.field.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(wrong("snapshot=3"), Some(vec!["server".to_owned()]));
    assert_eq!(wrong("snapshot=3&server=https://a.example"), Some(vec!["login".to_owned(), "password".to_owned()]));
    for (field, name) in [
        ("chunk-size=0", "chunk-size"),
        ("chunk-size=1001", "chunk-size"),
        ("chunk-size=ten", "chunk-size"),
        ("file-api=ftp", "file-api"),
        ("start=wipe", "start"),
        ("include-password=perhaps", "include-password"),
        ("rename-versions=nonsense", "rename-versions"),
        ("rename-class=a&rename-source=original&rename-target=b", "rename-versions"),
        ("filepai=put", "filepai"),
        ("snapshot=4", "snapshot"),
        ("server=https://a.example&login=x&password=y", "server"),
        ("target=unknown", "target"),
    ] {
        let wrong = wrong(&format!("{RESTORE}&{field}")).unwrap_or_default();
        assert!(wrong.contains(&name.to_owned()), "{field}: {wrong:?}");
    }
    assert!(backup("instance=museum&server=https://a.example").is_err());
    assert!(backup("server=ftp://a&login=x&password=y").is_err());
}

#[test]
fn only_servers_of_the_profiles_are_allowed_unless_any_is() {
    let (form, _) = BackupForm::read(Fields::of_form(BACKUP.as_bytes()), Language::English);
    assert!(form.job(&place(false)).is_err_and(|wrong| wrong.of("server").is_some()));
    assert!(form.job(&place(true)).is_ok());
    for (server, is_allowed) in [
        ("https://museum.example", true),
        ("https://MUSEUM.example:443/api/v1/", true),
        ("http://museum.example", false),
        ("https://museum.example.evil.example", false),
        ("https://museum.example@evil.example", false),
        ("https://museum.example:444", false),
    ] {
        let body = format!("server={server}&login=root&password=pw");
        let (form, _) = BackupForm::read(Fields::of_form(body.as_bytes()), Language::English);
        assert_eq!(form.job(&place(false)).is_ok(), is_allowed, "{server}");
    }
}

#[test]
fn json_says_the_same_as_a_form_and_leaves_out_what_is_usual() {
    let json = br#"{"snapshot":3,"server":"https://a.example","login":"root","password":"pw","chunk-size":500,"include-password":true}"#;
    let (form, complaints) = RestoreForm::read(Fields::of_json(json).unwrap(), Language::English);
    assert!(complaints.is_empty());
    let same = restore(&format!("{RESTORE}&chunk-size=500&include-password=true")).unwrap();
    assert_eq!(of_restore(&form.job(&place(true)).unwrap()), of_restore(&same));
    let json = br#"{"server":"https://a.example","login":"root","password":"pw"}"#;
    let (form, _) = BackupForm::read(Fields::of_json(json).unwrap(), Language::English);
    assert!(form.all_versions);
}

#[test]
fn what_is_kept_makes_the_same_form_again_but_for_secrets() {
    let body = format!(
        "{RESTORE}&server=https://u:s3cret@b.example&login=l&password=s3cret&oauth2=1&client-id=c&client-secret=s3cret\
         &file-api-access-token=s3cret&rename-versions=image.small:,video.1920p:1080p&chunk-size=10&start=no-purge&target=museum\
         &file-api=rput&include-deleted-linked=1&max-parallel=0&insecure=1&file-version=preview"
    );
    let (form, complaints) = RestoreForm::read(Fields::of_form(body.as_bytes()), Language::English);
    assert!(complaints.is_empty(), "{}", complaints.line());
    let kept = form.request().to_string();
    assert!(!kept.contains("s3cret") && !kept.contains("pw"), "{kept}");
    let (again, complaints) = RestoreForm::read(Fields::of_json(kept.as_bytes()).unwrap(), Language::English);
    assert!(complaints.is_empty(), "{}", complaints.line());
    assert_eq!(again.request(), form.request());
    assert_eq!(again.renames, form.renames);
    let body = format!("{BACKUP}&name=x&start=continue&include-files=original&chunk-size=25&max-parallel=2");
    let (form, _) = BackupForm::read(Fields::of_form(body.as_bytes()), Language::English);
    let (again, complaints) =
        BackupForm::read(Fields::of_json(form.request().to_string().as_bytes()).unwrap(), Language::English);
    assert!(complaints.is_empty(), "{}", complaints.line());
    assert_eq!(again.request(), form.request());
}

#[test]
fn no_secret_is_drawn_or_stands_in_a_command_line() {
    let body = "snapshot=3&server=https://u:s3cret@a.example&login=root&password=s3cret&client-secret=s3cret&oauth2=1\
        &file-api-access-token=s3cret&chunk-size=x";
    let (form, complaints) = RestoreForm::read(Fields::of_form(body.as_bytes()), Language::German);
    let drawn = draw_restore(&form, &[], &complaints, &place(true), "once").into_string();
    assert!(!drawn.contains("s3cret") && drawn.contains("https://a.example"), "{drawn}");
    let lines = form.commands(&place(true));
    assert!(lines.iter().all(|line| !line.shell().contains("s3cret")), "{lines:?}");
    let body = "server=https://u:s3cret@a.example&login=root&password=s3cret&client-secret=s3cret&oauth2=1";
    let (form, complaints) = BackupForm::read(Fields::of_form(body.as_bytes()), Language::German);
    let drawn = draw_backup(&form, &complaints, &place(true), "once").into_string();
    assert!(!drawn.contains("s3cret") && !form.command(&place(true)).shell().contains("s3cret"));
    assert!(!format!("{form:?}").contains("s3cret"));
}

#[test]
fn what_was_typed_stands_in_the_form_again_and_cannot_leave_its_field() {
    let body =
        "name=%22%3E%3Cscript%3E&server=https://museum.example&login=J%C3%BCrgen+%3Cb%3E&chunk-size=25&start=continue";
    let (form, complaints) = BackupForm::read(Fields::of_form(body.as_bytes()), Language::German);
    let drawn = draw_backup(&form, &complaints, &place(false), "once").into_string();
    assert!(!drawn.contains("<script>") && !drawn.contains("<b>"), "{drawn}");
    assert!(drawn.contains("value=\"Jürgen &lt;b&gt;\""), "{drawn}");
    assert!(drawn.contains("<option value=\"25\" selected>"), "{drawn}");
    assert!(
        drawn.contains("id=\"backup-start-continue\" name=\"start\" type=\"radio\" value=\"continue\" checked"),
        "{drawn}"
    );
}
