//! What becomes of the members of records, each found with one look: the rules, and what the form knows beside them.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use crate::fylr::output_only::OF_RECORDS;
use crate::fylr::target::compare::Comparing;
use crate::fylr::target::compare::form::NOT_OF_IMPORTER;
use crate::fylr::target::compare::rules::{RULES, Rule, Treatment};
use crate::fylr::version::Version;
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

/// The decisions for targets of one age: of records as backups hold them, in themselves, in their blocks and in their
/// rows; and of the same as instances give them. Each pair is for backups and for those of a JSON importer.
struct Age {
    in_backups: [Decisions; 2],
    in_answers: [Decisions; 2],
}

/// The releases before which targets do something otherwise with records, the oldest first.
static RELEASES: LazyLock<Vec<Version>> = LazyLock::new(|| {
    let mut releases: Vec<Version> = rules().filter_map(|rule| rule.before).collect();
    releases.sort();
    releases.dedup();
    releases
});

/// By how many of these releases a target has.
static AGES: LazyLock<Vec<Age>> = LazyLock::new(|| {
    let age = |releases: usize| Age {
        in_backups: [false, true].map(|is_importer| Decisions::of_backups(is_importer, releases)),
        in_answers: [false, true].map(|is_importer| Decisions::of_answers(is_importer, releases)),
    };
    (0..=RELEASES.len()).map(age).collect()
});

fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().filter(|rule| rule.is_of(PayloadKind::Records.name()))
}

impl Age {
    /// Of an unknown target the newest release is assumed.
    fn of(target: Option<Version>) -> &'static Self {
        let has = |release: &&Version| target.is_none_or(|target| target >= **release);
        &AGES[RELEASES.iter().take_while(has).count()]
    }
}

impl Decisions {
    pub fn in_backups(comparing: &Comparing) -> &'static Self {
        &Age::of(comparing.target).in_backups[usize::from(comparing.is_importer)]
    }

    pub fn in_answers(comparing: &Comparing) -> &'static Self {
        &Age::of(comparing.target).in_answers[usize::from(comparing.is_importer)]
    }

    pub fn of(&self, name: &str) -> Decision {
        match self.0.get(name) {
            Some(decision) => *decision,
            None if name.starts_with("_reverse_nested") => Decision::Skip,
            None => Decision::Plain,
        }
    }

    fn of_backups(is_importer: bool, releases: usize) -> Self {
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
        let holds = |rule: &&Rule| rule.before.is_none_or(|before| RELEASES[releases..].contains(&before));
        for rule in rules().filter(holds) {
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

    fn of_answers(is_importer: bool, releases: usize) -> Self {
        let Self(mut decisions) = Self::of_backups(is_importer, releases);
        decisions.extend(OF_RECORDS.map(|name| (name, Decision::Skip)));
        Self(decisions)
    }
}
