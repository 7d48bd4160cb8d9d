//! How a backup is written: flags that `fonds restore` and `fonds rehearse` share.

use std::path::PathBuf;

use clap::Args;
use fonds::fylr::source::Events;
use fonds::fylr::target::{FileApi, ORIGINAL, Renames, UPLOADS, UPLOADS_MAX, WriteOptions};
use fonds::jobs::restore::{Document, Restore as Job, RestoreFrom, RestoreStart, Target};
use secrecy::SecretString;

use crate::cli::stderr::{self, Label};

/// How a backup is written.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Writing {
    /// Another base config than that of the backup; - for none
    #[arg(long, value_name = "FILE")]
    base_config: Option<PathBuf>,
    /// Another data model than that of the backup; - for none
    #[arg(long, value_name = "FILE")]
    datamodel: Option<PathBuf>,
    #[arg(long, value_name = "HOW", default_value = "")]
    #[arg(help = "How files get there: put, rput, rput_leave, rput_bulk, rput_bulk_leave; otherwise they stay behind")]
    file_api: FileApi,
    /// The version of each file that becomes the original
    #[arg(long, value_name = "VERSION", default_value = ORIGINAL)]
    file_version: String,
    /// Take the renditions over instead of having them produced
    #[arg(long, alias = "link-versions")]
    upload_versions: bool,
    /// Put this access token of the source into the URLs of files, in the place of their signature
    #[arg(long, value_name = "TOKEN", alias = "file-api-append-to-url-query", hide_short_help = true)]
    file_api_access_token: Option<SecretString>,
    /// Files on their way at a time; 0 for as many as usual
    #[arg(long, value_name = "COUNT", default_value_t = UPLOADS, alias = "upload-parallel")]
    max_parallel_upload_files: usize,
    /// Records whose files cannot be had go in without them
    #[arg(long)]
    upload_ignore_files_with_errors: bool,
    /// New names for versions of files, in files and in rights: video.1920p:1080p,image.small:
    #[arg(long, value_name = "LIST", default_value = "")]
    rename_versions: Renames,
    /// Password hashes, too
    #[arg(long)]
    include_password: bool,
    /// Accept what breaks unique keys and other constraints of the data model
    #[arg(long)]
    skip_constraints: bool,
    /// Keep links to records that are deleted
    #[arg(long)]
    include_deleted_linked: bool,
    /// Do not have the target index everything at the end
    #[arg(long)]
    skip_reindex: bool,
    /// Only events of these types, with commas between them; - for none
    #[arg(long, value_name = "TYPES", default_value = "", allow_hyphen_values = true)]
    include_events: String,
    /// Records of a request, 1 to 1000; otherwise payloads go as they are
    #[arg(long, value_name = "COUNT", alias = "chunk", value_parser = clap::value_parser!(u64).range(1..=1000))]
    chunk_size: Option<u64>,
    /// Leave payloads out whose kind nobody knows
    #[arg(long)]
    skip_unknown: bool,
    /// Read every record and every packed file before anything is written; what is broken ends it
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    old: Old,
}

/// What once had a meaning.
#[derive(Debug, Args)]
struct Old {
    #[arg(long, value_name = "COUNT", hide = true)]
    limit: Option<u64>,
    #[arg(long, value_name = "TYPES", hide = true)]
    base: Option<String>,
    #[arg(long, value_name = "USERS", hide = true)]
    user: Option<String>,
    #[arg(long, hide = true)]
    check_progress: bool,
}

impl Old {
    /// Says of what was given that it means nothing.
    fn warn(&self) {
        let given = [
            ("limit", self.limit.is_some()),
            ("base", self.base.is_some()),
            ("user", self.user.is_some()),
            ("check-progress", self.check_progress),
        ];
        for (name, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
            stderr::say(Label::Warning, &format!("--{name} means nothing any more: everything is restored"));
        }
    }
}

impl Writing {
    pub fn uploads(&self) -> usize {
        match self.max_parallel_upload_files {
            0 => UPLOADS,
            count => count.min(UPLOADS_MAX),
        }
    }

    /// A restore with these flags.
    pub fn job(&self, from: RestoreFrom, targets: Vec<Target>, workers: usize) -> Job {
        self.old.warn();
        let write = WriteOptions {
            file_api: self.file_api,
            file_version: self.file_version.clone(),
            upload_versions: self.upload_versions,
            file_token: self.file_api_access_token.clone(),
            uploads: self.uploads(),
            ignore_file_errors: self.upload_ignore_files_with_errors,
            renames: self.rename_versions.clone(),
            include_password: self.include_password,
            skip_constraints: self.skip_constraints,
            include_deleted_linked: self.include_deleted_linked,
            skip_reindex: self.skip_reindex,
            events: events(&self.include_events),
            chunk_size: self.chunk_size.map(|size| size as usize),
            workers,
            is_dry_run: false,
        };
        Job {
            from,
            targets,
            start: RestoreStart::New,
            write,
            base_config: document(self.base_config.as_ref()),
            datamodel: document(self.datamodel.as_ref()),
            only_aside: false,
            is_forced: false,
            skips_unknown: self.skip_unknown,
            checks_first: self.verify,
        }
    }
}

fn document(path: Option<&PathBuf>) -> Document {
    match path {
        None => Document::FromBackup,
        Some(path) if path.as_os_str() == "-" => Document::None,
        Some(path) => Document::File(path.clone()),
    }
}

fn events(types: &str) -> Events {
    match types {
        "" => Events::All,
        "-" => Events::None,
        types => Events::Of(types.split(',').map(|name| name.trim().to_owned()).collect()),
    }
}
