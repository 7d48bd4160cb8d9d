//! The order in which a target can take the parts of a backup.

use crate::fylr::target::round::Round;
use crate::model::payload::PayloadKind;

/// The order: kinds of payloads and rounds.
pub(super) const ORDER: [(PayloadKind, Round); 22] = [
    (PayloadKind::Plugins, Round::First),
    // Base config and data model come here.
    (PayloadKind::Tags, Round::First),
    (PayloadKind::Groups, Round::First),
    (PayloadKind::Users, Round::First),
    (PayloadKind::Mappings, Round::First),
    (PayloadKind::Pools, Round::First),
    (PayloadKind::ObjectPresets, Round::First),
    (PayloadKind::CollectionPresets, Round::First),
    (PayloadKind::Tags, Round::Rights),
    (PayloadKind::Groups, Round::Rights),
    (PayloadKind::Users, Round::Rights),
    (PayloadKind::Pools, Round::Rights),
    (PayloadKind::Objecttypes, Round::First),
    (PayloadKind::Records, Round::First),
    // What is deleted at the source is deleted here.
    (PayloadKind::Collections, Round::First),
    (PayloadKind::CollectionObjects, Round::First),
    (PayloadKind::Users, Round::PinCodes),
    (PayloadKind::Publications, Round::First),
    (PayloadKind::Messages, Round::First),
    (PayloadKind::Transitions, Round::First),
    (PayloadKind::Pools, Round::Transitions),
    (PayloadKind::Objecttypes, Round::Transitions),
];

/// The kinds whose files must be there before them.
pub(super) const WITH_FILES: [PayloadKind; 4] =
    [PayloadKind::Plugins, PayloadKind::Users, PayloadKind::Pools, PayloadKind::Objecttypes];

/// The place in [`ORDER`] at which base config and data model are written.
pub(super) const AFTER_PLUGINS: usize = 1;

/// Kinds of which a batch that was sent twice does no harm; of others it must be known for certain how far they are.
pub(super) fn repeats_well(kind: &PayloadKind) -> bool {
    !matches!(
        kind,
        PayloadKind::Events | PayloadKind::Publications | PayloadKind::Mappings | PayloadKind::CollectionObjects
    )
}
