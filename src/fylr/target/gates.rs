//! What a fylr of some version can do: which parameters it knows and under which names. The table says from which
//! release on; of an unknown version the newest is assumed.

use crate::fylr::instance::Instance;
use crate::fylr::version::Version;

/// Something that came with a release, and what a restore does without it.
struct Gate {
    from: Version,
    lacks: &'static str,
}

const fn gate(major: u32, minor: u32, patch: u32, lacks: &'static str) -> Gate {
    Gate { from: Version::new(major, minor, patch), lacks }
}

const LISTS: Gate = gate(6, 8, 0, "collections go one by one");
const SKIP_HEAD: Gate = gate(6, 10, 2, "the target asks for each remote file before it takes it");
const EVENT_LISTS: Gate = gate(
    6,
    11,
    0,
    "events go one by one, rows of nested tables get new UUIDs, and times of records are those of the restore",
);
const SKIP_BIDIRECTIONAL: Gate = gate(6, 12, 0, "the other sides of bidirectional links are written by the target");
const SKIP_REVERSE: Gate =
    gate(6, 17, 0, "children that are edited through their parents may be lost; events belong to the login");
const BULK: Gate = gate(6, 18, 0, "files cannot be announced in bulk");
const USER_TIMES: Gate = gate(6, 21, 0, "users get the time of the restore");
const NEW_NAMES: Gate = gate(6, 27, 0, "parameters have their old names, and every record leaves an event");
const COLLECTION_SKIP_INDEX: Gate = gate(6, 29, 0, "collections are indexed while they are filled");
const PIN_CODES: Gate = gate(6, 32, 0, "pin codes of collections that are not there are refused");
const GATES: [&Gate; 10] = [
    &LISTS,
    &SKIP_HEAD,
    &EVENT_LISTS,
    &SKIP_BIDIRECTIONAL,
    &SKIP_REVERSE,
    &BULK,
    &USER_TIMES,
    &NEW_NAMES,
    &COLLECTION_SKIP_INDEX,
    &PIN_CODES,
];
/// Releases that go wrong when several requests with links to come are under way.
const ONE_WORKER: [Version; 2] = [Version::new(6, 30, 0), Version::new(6, 31, 0)];
/// Releases that send files by another way than they are told.
const FILE_API: [Version; 2] = [Version::new(6, 34, 0), Version::new(6, 34, 2)];
/// Releases that cannot change root's password, for its type is `system`.
const ROOT_PASSWORD: [Version; 2] = [Version::new(6, 34, 0), Version::new(6, 34, 4)];
/// Before this release records with high ids could collide with promised ones.
const SEQUENCE: Version = Version::new(6, 32, 0);
/// From this release on remote files on private addresses are refused unless the server allows them.
const BLOCKED_HOSTS: Version = Version::new(6, 33, 0);

/// What a target can do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an ability of its own")]
pub struct Abilities {
    pub version: Option<Version>,
    pub(crate) collection_lists: bool,
    pub(crate) dry_runs: bool,
    pub(crate) event_lists: bool,
    pub(crate) row_uuids: bool,
    pub(crate) bulk: bool,
    pub(crate) user_times: bool,
    pub(crate) event_users: bool,
    has_new_names: bool,
    pub(crate) collection_skip_index: bool,
    pub(crate) blocks_private_hosts: bool,
    /// Only one payload of records at a time.
    pub one_worker: bool,
}

impl Abilities {
    #[must_use]
    pub fn of(instance: &Instance) -> Self {
        let has = |gate: &Gate| instance.is_fylr(gate.from);
        Self {
            version: instance.version,
            collection_lists: has(&LISTS),
            dry_runs: has(&LISTS),
            event_lists: has(&EVENT_LISTS),
            row_uuids: has(&EVENT_LISTS),
            bulk: has(&BULK),
            user_times: has(&USER_TIMES),
            event_users: has(&SKIP_REVERSE),
            has_new_names: has(&NEW_NAMES),
            collection_skip_index: has(&COLLECTION_SKIP_INDEX),
            blocks_private_hosts: instance.is_fylr(BLOCKED_HOSTS),
            one_worker: is_between(instance.version, ONE_WORKER),
        }
    }

    /// What this version does without or does differently, for people.
    #[must_use]
    pub fn limits(&self) -> Vec<String> {
        let Some(version) = self.version else {
            return vec!["its version is unknown, so the newest one is assumed".to_owned()];
        };
        let lacking = GATES.iter().filter(|gate| version < gate.from);
        let mut limits: Vec<String> = lacking.map(|gate| format!("before {} {}", gate.from, gate.lacks)).collect();
        let mut add = |applies: bool, text: &str| limits.extend(applies.then(|| format!("{version}: {text}")));
        add(self.one_worker, "payloads go one at a time, as links to come are lost otherwise");
        add(is_between(Some(version), FILE_API), "the server may send files by another way than it is told");
        add(is_between(Some(version), ROOT_PASSWORD), "root's password cannot be changed by a restore");
        add(version < SEQUENCE, "records with high ids can collide with records that are promised");
        limits
    }

    /// The name of a switch of `POST /db` as this version knows it.
    pub(crate) fn switch(&self, new: &'static str, old: &'static str) -> &'static str {
        if self.has_new_names { new } else { old }
    }
}

fn is_between(version: Option<Version>, [from, before]: [Version; 2]) -> bool {
    version.is_some_and(|version| version >= from && version < before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fylr::instance::InstanceKind;

    fn abilities(version: Option<Version>) -> Abilities {
        Abilities::of(&Instance {
            kind: InstanceKind::Fylr,
            name: None,
            id: "x".to_owned(),
            version_text: None,
            version,
            external_url: None,
            external_eas_url: None,
            is_read_only: false,
        })
    }

    #[test]
    fn releases_differ_where_the_vendor_says_so() {
        for (version, one_worker, bulk, switch) in [
            (Version::new(6, 7, 0), false, false, "skipConstraints"),
            (Version::new(6, 18, 0), false, true, "skipConstraints"),
            (Version::new(6, 26, 9), false, true, "skipConstraints"),
            (Version::new(6, 27, 0), false, true, "skip_constraints"),
            (Version::new(6, 30, 0), true, true, "skip_constraints"),
            (Version::new(6, 30, 9), true, true, "skip_constraints"),
            (Version::new(6, 31, 0), false, true, "skip_constraints"),
        ] {
            let found = abilities(Some(version));
            assert_eq!((found.one_worker, found.bulk), (one_worker, bulk), "{version}");
            assert_eq!(found.switch("skip_constraints", "skipConstraints"), switch, "{version}");
        }
        assert!(abilities(None).bulk);
        assert!(!abilities(Some(Version::new(6, 7, 9))).collection_lists);
        assert_eq!(abilities(Some(Version::new(6, 35, 0))).limits(), Vec::<String>::new());
        let limits = abilities(Some(Version::new(6, 34, 1))).limits();
        assert!(limits.iter().any(|limit| limit.contains("another way")), "{limits:?}");
        assert_eq!(abilities(Some(Version::new(6, 34, 2))).limits().len(), 1);
        assert!(abilities(Some(Version::new(6, 30, 1))).limits()[0].contains("6.32.0"));
    }
}
