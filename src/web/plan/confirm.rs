//! What must be typed before a restore begins: the host of every target, so that nothing goes to the wrong instance.

use crate::jobs::restore::{Plan, TargetPlan};

/// The name of the field, once for each target, in their order.
pub(super) const FIELD: &str = "host";

/// Which targets were not confirmed, by their place.
pub(super) fn unconfirmed(plan: &Plan, typed: &[String]) -> Vec<usize> {
    let is_confirmed =
        |(at, target): (usize, &TargetPlan)| typed.get(at).is_some_and(|host| host.trim() == target.host);
    (0..plan.targets.len()).filter(|at| !is_confirmed((*at, &plan.targets[*at]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fylr::target::{Contents, FileApi, FileCounts};

    #[test]
    fn every_host_must_be_typed_in_its_place() {
        let target = |host: &str| TargetPlan {
            name: host.to_owned(),
            server: format!("https://{host}/api/v1"),
            host: host.to_owned(),
            instance: String::new(),
            version: String::new(),
            is_purged: true,
            goes_on: false,
            contents: Contents::default(),
            missing_plugins: Vec::new(),
            notes: Vec::new(),
            refusals: Vec::new(),
        };
        let plan = Plan {
            backup: String::new(),
            source: String::new(),
            counts: std::collections::BTreeMap::new(),
            files: FileCounts::default(),
            file_api: FileApi::None,
            notes: Vec::new(),
            refusals: Vec::new(),
            targets: vec![target("a.example"), target("b.example")],
        };
        let missing =
            |typed: &[&str]| unconfirmed(&plan, &typed.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(missing(&["a.example", " b.example "]), [0_usize; 0]);
        assert_eq!(missing(&["a.example"]), [1]);
        assert_eq!(missing(&["b.example", "a.example"]), [0, 1]);
        assert_eq!(missing(&["A.example", "https://b.example"]), [0, 1]);
        assert_eq!(missing(&[]), [0, 1]);
    }
}
