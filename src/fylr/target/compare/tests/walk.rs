//! What the walk says of a record is what stands for its form: never the same where the forms differ, never something
//! else where they are the same.

use proptest::prelude::*;

use super::trees::{NAMES, Tree, change, name, tree};
use super::*;
use crate::fylr::version::Version;

/// Like a record, mostly.
fn record() -> impl Strategy<Value = Tree> {
    let members = || prop::collection::vec((name(&NAMES), tree(&NAMES)), 0..8);
    (members(), members(), any::<bool>(), 0..5_u8).prop_map(|(mut outer, block, in_front, kind)| {
        let own = vec![
            ("_system_object_id".to_owned(), Tree::Scalar(if kind == 0 { "\"5\"" } else { "5" }.to_owned())),
            ("_objecttype".to_owned(), Tree::Scalar("\"o\"".to_owned())),
            ("o".to_owned(), Tree::Object(block)),
        ];
        // Without doubt most of the time.
        outer.retain(|(name, _)| kind == 1 || !own.iter().any(|(own, _)| own == name));
        let at = if in_front { 0 } else { outer.len() };
        outer.splice(at..at, own);
        Tree::Object(outer)
    })
}

pub(super) fn comparing() -> impl Strategy<Value = (Comparing, Side)> {
    let facts = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let releases = vec![None, Some(Version::new(6, 9, 0)), Some(Version::new(6, 11, 0)), Some(Version::new(6, 34, 2))];
    (facts, prop::sample::select(releases)).prop_map(|((files, renditions, importer, is_target), target)| {
        let renditions = renditions.then(Renames::default);
        let comparing =
            Comparing { without_files: files, renditions, is_importer: importer, target, ..Comparing::default() };
        (comparing, if is_target { Side::Target } else { Side::Backup })
    })
}

fn essence(comparing: &Comparing, side: Side, text: &str) -> Option<Essence> {
    comparing.essence(side, (&PayloadKind::Records, Some("o")), text, &|_, version| version, &|id| id < 100)
}

pub(super) fn is_known(id: u64) -> bool {
    id < 100
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_walk_says_what_stands_for_the_form((comparing, side) in comparing(), record in record()) {
        let text = record.to_string();
        let sights = comparing.sights(side, "o", &is_known);
        let form = essence(&comparing, side, &text);
        let thorough = sights.thoroughly(&text);
        prop_assert_eq!(thorough.map(|found| found.says), form.as_ref().map(Essence::says), "{}", text);
        let mut sights = comparing.sights(side, "o", &is_known);
        // Twice: what was kept the first time is used the second time.
        for _ in 0..2 {
            if let Ok(quick) = sights.quickly(&text) {
                prop_assert_eq!(Some(quick), thorough, "{}", text);
            }
        }
    }

    #[test]
    fn two_records_say_the_same_to_the_walk_where_they_do_to_the_form(
        (comparing, side) in comparing(),
        record in record(),
        changes in prop::collection::vec((0..60_usize, change()), 1..3),
    ) {
        let mut other = record.clone();
        for (at, change) in changes {
            other.change(&mut at.clone(), &change);
        }
        let texts = [record.to_string(), other.to_string()];
        let forms = texts.each_ref().map(|text| essence(&comparing, side, text));
        let [Some(one), Some(two)] = forms else { return Ok(()) };
        prop_assert_eq!(one.text == two.text, one.says().full == two.says().full);
        let says = texts.each_ref().map(|text| comparing.sights(side, "o", &is_known).of(text).map(|found| found.says));
        prop_assert_eq!(one.text == two.text, says[0].map(|says| says.full) == says[1].map(|says| says.full));
        let bare = |essence: &Essence| essence.bare.clone().unwrap_or_else(|| essence.text.clone());
        prop_assert_eq!(bare(&one) == bare(&two), says[0].map(|says| says.bare) == says[1].map(|says| says.bare));
    }
}

/// Most records must not need the form.
#[test]
fn plain_records_are_walked_through() {
    let comparing = Comparing::default();
    let text = r#"{"_objecttype":"o","_mask":"_all_fields","_system_object_id":5,"_uuid":"u","_created":"2024-05-28T08:00:00Z","_last_modified":"2024-05-28T08:00:00.5Z",
        "_tags":[{"lookup:_id":{"reference":"b"}}],"_create_user":{"_basetype":"user","user":{"lookup:_id":{"reference":"x"}}},
        "o":{"_version":3,"lookup:_id":{"_system_object_id":5},"t":"\u00fc","n":9007199254740993,"leer":null,"_pool":{"pool":{"lookup:_id":{"reference":"m"}}},
        "ort":{"_objecttype":"p","_mask":"x","p":{"lookup:_id":{"_system_object_id":7,"_allow_defer":true}}},
        "f":[{"_id":1,"preferred":true,"versions":{"original":{"hash":"x"}}}],"_nested:o__r":[{"_uuid":"1","x":1}]}}"#;
    let mut sights = comparing.sights(Side::Backup, "o", &is_known);
    let quick = sights.quickly(text).expect("nothing is odd about it");
    assert_eq!(Some(quick), sights.thoroughly(text));
    assert_eq!((quick.id, quick.version), (5, Some(3)));
    assert_ne!(quick.says.full, quick.says.bare, "it has a file");
}
