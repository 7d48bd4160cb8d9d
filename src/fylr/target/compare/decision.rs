//! What becomes of the members of records, each found with one look: the rules, and what the form knows beside them.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use crate::fylr::output_only::OF_RECORDS;
use crate::fylr::target::compare::form::NOT_OF_IMPORTER;
use crate::fylr::target::compare::rules::{RULES, Treatment};
use crate::model::payload::PayloadKind;

/// What becomes of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// It says what it says.
    Plain,
    /// It makes no difference.
    Skip,
    /// It makes no difference at rows of records.
    SkipInRows,
    /// A point in time.
    Time,
    /// It is taken apart.
    Apart,
    /// The same, and the next record often has the same.
    Often,
    /// Because of it the object must be taken apart.
    Telling,
    /// Only who takes the whole record apart knows.
    Odd,
}

/// All decisions.
pub(super) struct Decisions(HashMap<&'static str, Decision, RandomState>);

/// Of records as backups hold them, and of those of a JSON importer.
static OF_BACKUPS: LazyLock<[Decisions; 2]> = LazyLock::new(|| [false, true].map(Decisions::of_backups));
/// The same for records as instances give them, in themselves, in their blocks and in their rows.
static OF_ANSWERS: LazyLock<[Decisions; 2]> = LazyLock::new(|| [false, true].map(Decisions::of_answers));

impl Decisions {
    pub fn in_backups(is_importer: bool) -> &'static Self {
        &OF_BACKUPS[usize::from(is_importer)]
    }

    pub fn in_answers(is_importer: bool) -> &'static Self {
        &OF_ANSWERS[usize::from(is_importer)]
    }

    pub fn of(&self, name: &str) -> Decision {
        match self.0.get(name) {
            Some(decision) => *decision,
            None if name.starts_with("_reverse_nested") => Decision::Skip,
            None => Decision::Plain,
        }
    }

    fn of_backups(is_importer: bool) -> Self {
        let mut decisions: HashMap<&'static str, Decision, RandomState> = HashMap::default();
        if is_importer {
            decisions.extend(NOT_OF_IMPORTER.map(|name| (name, Decision::Skip)));
        }
        for (name, decision) in [
            ("_objecttype", Decision::Telling),
            ("versions", Decision::Telling),
            ("lookup:_global_object_id", Decision::Telling),
            ("lookup:_id", Decision::Apart),
            ("lookup:_id_parent", Decision::Apart),
            ("_uuid", Decision::SkipInRows),
            ("_owner", Decision::Often),
            ("_create_user", Decision::Often),
            ("_acl", Decision::Often),
            ("_tags", Decision::Often),
            ("_pool", Decision::Often),
            // The form has other names for them.
            ("_webfrontend_props", Decision::Odd),
            ("_user", Decision::Odd),
        ] {
            decisions.entry(name).or_insert(decision);
        }
        for rule in RULES.iter().filter(|rule| rule.is_of(PayloadKind::Records.name())) {
            let decision = match rule.treatment {
                Treatment::Drop => Decision::Skip,
                Treatment::Time => Decision::Time,
                Treatment::Count | Treatment::Set => Decision::Apart,
                Treatment::Fill => Decision::Plain,
            };
            decisions.entry(rule.key).or_insert(decision);
        }
        Self(decisions)
    }

    fn of_answers(is_importer: bool) -> Self {
        let Self(mut decisions) = Self::of_backups(is_importer);
        decisions.extend(OF_RECORDS.map(|name| (name, Decision::Skip)));
        Self(decisions)
    }
}
