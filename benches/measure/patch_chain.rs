//! A chain of zstd patches over the tars of the snapshots: the floor of the size, not a tool to
//! live with, since it needs every link and two whole snapshots in memory.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::disk;
use super::tool::{Snapshot, Tool};

/// Makes the tar of a snapshot and stores its difference to the one before.
const STORE: &str = r#"set -e
tar --sort=name --create --file "$home/$n.tar" --directory "$dir" .
if [ "$n" = 1 ]; then set --; else set -- "--patch-from=$home/$((n - 1)).tar"; fi
zstd -q -3 -T2 --long=31 "$@" "$home/$n.tar" -o "$links/$n.zst"
rm -f "$home/$((n - 1)).tar""#;

/// Walks the chain from its start and unpacks the last tar.
const RESTORE: &str = r#"set -e
zstd -q -d --long=31 "$links/1.zst" -o "$target/1.tar"
i=1
while [ "$i" != "$n" ]; do
  i=$((i + 1))
  zstd -q -d --long=31 --memory=2048MB "--patch-from=$target/$((i - 1)).tar" "$links/$i.zst" -o "$target/$i.tar"
  rm "$target/$((i - 1)).tar"
done
tar --extract --file "$target/$n.tar" --directory "$target""#;

pub struct PatchChain;

impl Tool for PatchChain {
    fn name(&self) -> &'static str {
        "patch-chain"
    }

    fn create(&self, home: &Path) -> Result<()> {
        Ok(disk::empty_dir(&self.stored(home))?)
    }

    fn store(&self, home: &Path, snapshot: &Snapshot) -> Command {
        let mut command = shell(STORE, home, snapshot);
        command.env("dir", &snapshot.dir);
        command
    }

    fn restore(&self, home: &Path, snapshot: &Snapshot, target: &Path) -> Command {
        let mut command = shell(RESTORE, home, snapshot);
        command.env("target", target);
        command
    }

    fn stored(&self, home: &Path) -> PathBuf {
        home.join("links")
    }
}

fn shell(script: &str, home: &Path, snapshot: &Snapshot) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]).env("home", home).env("links", PatchChain.stored(home));
    command.env("n", snapshot.number.to_string());
    command
}
