//! What the benchmark asks of a backup tool.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::options::Options;
use super::{borg, bupstash, fonds, patch_chain, process, restic, rustic, tar};

/// One snapshot of the series.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Counted from 1.
    pub number: usize,
    pub dir: PathBuf,
}

/// A tool that keeps snapshots in a place of its own and gives them back.
pub trait Tool {
    fn name(&self) -> &'static str;

    /// Makes an empty store below an empty directory; not measured.
    fn create(&self, home: &Path) -> Result<()>;

    /// Adds a snapshot to those stored before.
    fn store(&self, home: &Path, snapshot: &Snapshot) -> Command;

    /// Gives a snapshot back below an empty directory.
    fn restore(&self, home: &Path, snapshot: &Snapshot, target: &Path) -> Command;

    /// The file or directory whose size counts.
    fn stored(&self, home: &Path) -> PathBuf;
}

/// `fonds` first, then the rivals that are wanted and installed.
pub fn all(options: &Options) -> impl Iterator<Item = Box<dyn Tool>> + use<'_> {
    let rivals: [(&str, Box<dyn Tool>); 6] = [
        ("tar", Box::new(tar::Tar)),
        ("restic", Box::new(restic::Restic)),
        ("rustic", Box::new(rustic::Rustic)),
        ("borg", Box::new(borg::Borg)),
        ("bupstash", Box::new(bupstash::Bupstash)),
        ("zstd", Box::new(patch_chain::PatchChain)),
    ];
    let present = rivals.into_iter().filter_map(|(program, rival)| {
        let takes_part = options.wants(rival.name()) && process::is_installed(program);
        takes_part.then_some(rival)
    });
    let fonds: Box<dyn Tool> = Box::new(fonds::Fonds);
    std::iter::once(fonds).chain(present)
}
