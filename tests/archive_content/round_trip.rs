//! Whatever documents can be thought up come back, from the snapshot they went into and from later ones.

use fonds::archive::snapshot::Added;
use fonds::model::entry::Role;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

use crate::generator::{change, document, successor};
use crate::support::rounds::rounds;
use crate::{Document, Store};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(rounds(40) as u32))]
    #[test]
    fn any_document_comes_back_from_every_snapshot(
        documents in vec((document(), any::<bool>(), change()), 1..8)
    ) {
        let role = |is_payload: bool| if is_payload { Role::Payload } else { Role::File };
        let monday: Vec<Document> =
            documents.iter().map(|(bytes, is_payload, _)| Document { role: role(*is_payload), bytes: bytes.clone() }).collect();
        // On Tuesday some have changed, and they come in another order.
        let mut tuesday: Vec<Document> = documents
            .iter()
            .map(|(bytes, is_payload, change)| Document { role: role(*is_payload), bytes: successor(bytes, change) })
            .collect();
        tuesday.rotate_left(1);

        let mut store = Store::new();
        store.write(&monday)?;
        store.write(&tuesday)?;
        let again = store.write(&tuesday)?;
        prop_assert_eq!(again.added, Added::default());
        store.verify();
    }
}
