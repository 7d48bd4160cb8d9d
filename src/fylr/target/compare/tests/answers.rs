//! What is said of a record as the API gives it is what stands for the form of what it would be in a backup.

use proptest::prelude::*;

use super::trees::{Tree, name, tree};
use super::walk::{comparing, is_known};
use super::*;
use crate::fylr::InstanceKind;
use crate::fylr::source::{self, Seen, sample_context};

const NAMES: [&str; 46] = [
    "a",
    "titel",
    "ü",
    "x\\u0041",
    "fundort",
    "pendant",
    "bild",
    "person",
    "ort",
    "_nested:objekt__beteiligte",
    "_nested:x",
    "_objecttype",
    "_basetype",
    "_mask",
    "_uuid",
    "_owner",
    "_create_user",
    "_created",
    "_tags",
    "_acl",
    "_pool",
    "pool",
    "_last_modified",
    "_version",
    "_id",
    "_id",
    "_id_parent",
    "_parents",
    "_system_object_id",
    "_system_object_id",
    "_latest_version",
    "_latest_version_deleted_at",
    "_reverse_nested:p:q",
    "versions",
    "original",
    "url",
    "hash",
    "leave_on_remote",
    "user",
    "group",
    "who",
    "reference",
    "_standard",
    "_path",
    "timestamp",
    "lookup:_id",
];

/// Like a record of an answer, mostly.
fn record() -> impl Strategy<Value = Tree> {
    let members = || prop::collection::vec((name(&NAMES), tree(&NAMES)), 0..8);
    (members(), members(), any::<bool>(), 0..8_u8).prop_map(|(mut outer, block, in_front, kind)| {
        let own = vec![
            ("_system_object_id".to_owned(), Tree::Scalar("5".to_owned())),
            ("_objecttype".to_owned(), Tree::Scalar("\"objekt\"".to_owned())),
            ("objekt".to_owned(), Tree::Object(block)),
        ];
        // Without doubt most of the time.
        outer.retain(|(name, _)| kind == 1 || !own.iter().any(|(own, _)| own == name));
        let at = if in_front { 0 } else { outer.len() };
        outer.splice(at..at, own);
        Tree::Object(outer)
    })
}

/// The record as a backup would hold it, or why it could not.
fn turned(text: &str, context: &source::Context) -> Result<String, String> {
    let json = Json::parse(text).unwrap();
    let turned = source::record(json, "objekt", None, context).map_err(|why| why.to_string())?;
    Ok(String::from_utf8(turned.json.to_bytes(None)).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn an_answer_says_what_stands_for_the_form_of_what_it_becomes(
        (comparing, _) in comparing(),
        records in prop::collection::vec(record(), 1..4),
    ) {
        let context = sample_context(InstanceKind::Fylr);
        let texts: Vec<String> = records.iter().map(Tree::to_string).collect();
        // Twice: what was kept the first time is used the second time.
        let text = format!("[{}, {}]", texts.join(","), texts.join(" ,"));
        let seen = comparing.answer("objekt", &text, &context, &is_known).unwrap();
        prop_assert_eq!(seen.len(), 2 * texts.len());
        for (seen, own) in seen.iter().zip(texts.iter().chain(&texts)) {
            let glance = source::glance(&Json::parse(own).unwrap(), "objekt");
            let (found, glance) = match (seen, glance) {
                (Seen::Refused(why), Err(expected)) => {
                    prop_assert_eq!(why, &expected.to_string());
                    continue;
                }
                (Seen::Record(found), Ok(glance)) => (found, glance),
                (seen, glance) => return Err(TestCaseError::fail(format!("{own}: {seen:?} {glance:?}"))),
            };
            prop_assert_eq!(&text[found.place.clone()], own);
            let expected = (glance.system_id, glance.version, glance.is_latest, glance.is_deleted);
            prop_assert_eq!((found.id, found.version, found.is_latest, found.is_deleted), expected, "{}", own);
            let kind = (&PayloadKind::Records, Some("objekt"));
            let essence = |text: String| comparing.essence(Side::Target, kind, &text, &|_, version| version, &is_known);
            let says = turned(own, &context).map(|text| essence(text).map(|essence| essence.says().into()));
            // The name of an objecttype that must be escaped makes no JSON.
            let Some(says) = says.transpose() else { continue };
            prop_assert_eq!(&found.says, &says, "{}", own);
        }
    }
}

/// Most records must not need to be turned.
#[test]
fn plain_records_are_not_turned() {
    let text = r#"[{"_objecttype":"objekt","_mask":"_all_fields","_format":"long","_system_object_id":5,"_global_object_id":"5@a","_uuid":"u",
        "_owner":{"_basetype":"user","user":{"_id":3}},"_created":"2024-05-28T08:00:00Z","_latest_version":true,"_comment":null,"_tags":[{"_id":13}],
        "_acl":[],"_has_acl":false,"_standard":{"1":{"text":{"de-DE":"B"}}},
        "objekt":{"_id":1,"_version":2,"_pool":{"_basetype":"pool","pool":{"_id":9}},"titel":{"de-DE":"Krug"},"zahl":9007199254740993,
        "fundort":{"_objecttype":"ort","_mask":"x","_system_object_id":12,"ort":{"_id":3}},"bild":[{"_id":1,"versions":{"original":{"hash":"x"}}}],
        "_nested:objekt__beteiligte":[{"_id":1,"_uuid":"r","rolle":"x","person":{"_objecttype":"person","_system_object_id":13,"person":{"_id":4}}}]}}]"#;
    let (comparing, context) = (Comparing::default(), sample_context(InstanceKind::Fylr));
    assert!(comparing.says_quickly("objekt", text, &context, &is_known));
    let odd = text.replace("titel", "versions");
    assert!(!comparing.says_quickly("objekt", &odd, &context, &is_known));
}
