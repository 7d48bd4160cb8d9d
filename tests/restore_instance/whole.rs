//! A whole backup goes in.

use crate::support::restores::{directory, museum, one, restore, target};
use std::path::Path;

#[test]
fn the_museum_goes_in_whole() {
    let dir = tempfile::tempdir().unwrap();
    let target = target();
    let restored = one(restore(directory(), &[&target]), &dir.path().join("a.redb"));
    eprintln!("{:?}", restored.aside);
    std::fs::write("/tmp/dump-restored.json", target.dump()).unwrap();
    let (source, _) = fonds::jobs::instance(
        Default::default(),
        Some(&fonds::jobs::LoadSource::Layout(museum())),
        Path::new("none"),
        &(std::sync::Arc::new(fonds::model::event::Silent) as _),
    )
    .unwrap();
    std::fs::write("/tmp/dump-loaded.json", source.dump()).unwrap();
}
