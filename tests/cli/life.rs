//! Tags, names, forgetting and pruning as they are typed.

use snapbox::{assert_data_eq, str};

use crate::{Place, import_museum};

/// A place with the museum imported three times.
fn three_times() -> Place {
    let place = Place::new();
    (0..3).for_each(|_| import_museum(&place));
    place
}

#[test]
fn tags_come_and_go_and_choose_snapshots() {
    let place = three_times();
    assert_eq!(place.transcript("tag 2 +production öl -x"), "seedorf: snapshot 2 has production, öl\n");
    assert_eq!(place.transcript("tag 2"), "production\nöl\n");
    assert_eq!(place.succeed("list --tag production --tag öl").lines().count(), 2);
    assert_eq!(place.succeed("list --tag production --tag x").lines().count(), 1);
    assert_eq!(place.transcript("tag seedorf~1 -öl -production"), "seedorf: snapshot 2 has no tags\n");
    assert_data_eq!(
        place.transcript("tag 9 +a"),
        str![[r#"
error: there is no snapshot 9
hint: "fonds list" lists them
[exit 2]

"#]]
    );
    assert!(place.transcript("tag 2 +a,b").ends_with("[exit 2]\n"));
}

#[test]
fn a_policy_is_planned_before_it_is_carried_out() {
    let place = three_times();
    place.succeed("tag 1 +production");
    let plan = place.succeed("forget --keep-last 1 --keep-tag production --dry-run");
    assert_data_eq!(
        &plan,
        str![[r"
no  name     created              tags        plan
 1  seedorf  [..]  production  keep: tag production
 2  seedorf  [..]              forget
 3  seedorf  [..]              keep: last
1 snapshot would be forgotten; nothing was changed

"]]
    );
    assert_eq!(place.succeed("list").lines().count(), 4);
    let done = place.succeed("forget --keep-last 1 --keep-tag production");
    assert_eq!(done.lines().count(), 5, "{done}");
    assert!(done.ends_with("1 snapshot forgotten; \"fonds prune\" gives the space back\n"), "{done}");
    assert_eq!(place.succeed("list").lines().count(), 3);
    assert!(place.succeed("forget --keep-last 1 --keep-tag production").ends_with("there is nothing to forget\n"));
}

#[test]
fn forgetting_what_is_named_and_pruning_goes_in_one() {
    let place = three_times();
    let done = place.succeed("forget 1 seedorf 3 --prune");
    assert!(done.contains("2 snapshots forgotten\n"), "{done}");
    assert_eq!(place.succeed("list").lines().count(), 2);
    assert_eq!(place.succeed("forget 2 --prune").lines().count(), 4);
    assert_eq!(place.transcript("prune"), "there is nothing to prune\n");
    assert!(place.succeed("check --read-data").starts_with("nothing wrong: 0 snapshots, 0 entries, 0 packs"));
    import_museum(&place);
    assert!(place.succeed("list").lines().last().is_some_and(|line| line.starts_with(" 4  seedorf")));
}

#[test]
fn a_prune_that_only_makes_the_file_shorter_says_so_before() {
    let place = three_times();
    assert_eq!(place.transcript("prune --dry-run"), "there is nothing to prune\n");
    // As a prune leaves it that is killed before it has made the file short.
    let archive = std::fs::OpenOptions::new().write(true).open(place.path("fonds.redb")).unwrap();
    let length = archive.metadata().unwrap().len();
    archive.set_len(length + (200 << 20)).unwrap();
    drop(archive);
    let plan = place.transcript("prune --dry-run");
    assert!(plan.contains("make the file shorter"), "{plan}");
    assert!(std::fs::metadata(place.path("fonds.redb")).unwrap().len() > 200 << 20, "nothing was done");
    let done = place.succeed("prune");
    assert!(done.contains("given back"), "{done}");
    assert!(std::fs::metadata(place.path("fonds.redb")).unwrap().len() < 64 << 20, "{done}");
    assert_eq!(place.transcript("prune --dry-run"), "there is nothing to prune\n");
}

#[test]
fn what_would_keep_nothing_or_means_nothing_is_refused() {
    let place = three_times();
    assert_data_eq!(
        place.transcript("forget --keep-tag production"),
        str![[r"
error: the policy keeps no snapshot of seedorf
hint: nothing was touched; to forget all of it, name the snapshots, or keep one with --keep-last 1
[exit 6]

"]]
    );
    for words in [
        "forget",
        "forget --keep-last 0",
        "forget 1 --keep-last 1",
        "forget --name seedorf",
        "forget --keep-within 3x",
        "forget --keep-last -1",
        "forget --keep-last 1 --name nobody",
        "forget 1 nobody",
        "prune --max-unused 101",
        "rename nobody museum",
        "rename seedorf 12",
    ] {
        let transcript = place.transcript(words);
        assert!(transcript.ends_with("[exit 2]\n"), "fonds {words}: {transcript}");
    }
    assert_eq!(place.succeed("list").lines().count(), 4);
}

#[test]
fn a_backup_gets_another_name_unless_that_is_taken() {
    let place = three_times();
    place.succeed(&format!("import {} --name other", crate::museum().display()));
    assert_data_eq!(
        place.transcript("rename seedorf other"),
        str![[r"
error: there is a backup other already
hint: nothing was touched; choose another name
[exit 6]

"]]
    );
    assert_eq!(place.transcript("rename seedorf museum"), "3 snapshots of seedorf now called museum\n");
    assert_eq!(place.succeed("list museum").lines().count(), 4);
    assert!(place.succeed("check").starts_with("nothing wrong"));
    assert!(place.succeed("show museum~2").contains("museum"));
}
