//! What the program says of itself, and how loudly it speaks.

use std::fs;

use crate::{Place, import_museum, museum, text};

#[test]
fn help_tells_the_exit_codes_and_every_command() {
    let place = Place::new();
    let help = place.succeed("--help");
    for part in ["FONDS_ARCHIVE", "--json", "Exit codes:", "  4    finished, but", "museum~1"] {
        assert!(help.contains(part), "{part}");
    }
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands = listed.filter_map(|line| line.split_whitespace().next()).collect::<Vec<_>>();
    assert_eq!(
        commands,
        [
            "backup",
            "import",
            "export",
            "list",
            "show",
            "cat",
            "check",
            "diff",
            "find",
            "history",
            "forget",
            "prune",
            "tag",
            "rename",
            "rehearse",
            "restore",
            "copy",
            "salvage",
            "stats",
            "verify",
            "runs",
            "instance",
            "serve",
            "demo",
            "completions",
            "man",
            "help"
        ]
    );
    for command in commands {
        assert!(place.succeed(&format!("help {command}")).contains("Usage: fonds"), "{command}");
    }
}

#[test]
fn the_manual_and_the_completions_are_printed() {
    let place = Place::new();
    assert!(place.succeed("man").contains("\n.TH fonds 1"));
    assert!(place.succeed("man export").contains("\\-\\-compression"));
    assert!(place.transcript("man nothing").ends_with("[exit 2]\n"));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(place.succeed(&format!("completions {shell}")).contains("import"), "{shell}");
    }
}

#[test]
fn a_quiet_import_says_nothing_but_warnings() {
    let place = Place::new();
    assert_eq!(place.transcript(&format!("-q import {}", museum().display())), "");
    place.backup("backup", &[("tags.json", Some("["))]);
    let transcript = place.transcript("import backup --quiet");
    assert!(transcript.starts_with("warning: tags.json: ") && transcript.lines().count() == 1, "{transcript}");
}

#[test]
fn without_a_terminal_there_are_neither_colours_nor_progress() {
    let place = Place::new();
    let output = place.run(&format!("import {}", museum().display()));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    assert!(!place.transcript("show nobody").contains('\u{1b}'));
}

#[test]
fn a_log_tells_the_same_with_times_and_is_appended_to() {
    let place = Place::new();
    place.backup("backup", &[("tags.json", Some("["))]);
    place.succeed("import backup --log fonds.log");
    place.run("show nobody --log fonds.log");
    let log = fs::read_to_string(place.path("fonds.log")).expect("the log");
    let parts =
        ["WARN tags.json: not JSON", "INFO backup: snapshot 1, 0 of 0 records", "ERROR there is no snapshot nobody"];
    let places = parts.map(|part| log.find(part));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{log}");
    assert!(
        place
            .transcript("list --log no/such/folder.log")
            .ends_with("--log names a file that can be written\n[exit 2]\n")
    );
}

#[test]
fn runs_tell_how_each_ended_with_its_log() {
    let place = Place::new();
    import_museum(&place);
    place.backup("backup", &[("tags.json", Some("["))]);
    place.succeed("import backup");
    place.run("import backup --strict");
    let runs = place.succeed("runs");
    let outcomes = [
        "import seedorf  done: snapshot 1\n",
        "import backup   done: snapshot 2\n",
        "import backup   failed: tags.json: ",
    ];
    assert!(outcomes.iter().all(|outcome| runs.contains(outcome)), "{runs}");
    let shown = place.succeed("runs show 2");
    assert!(shown.contains("  warning: tags.json: not JSON"), "{shown}");
    assert!(shown.contains("  snapshot 2: "), "{shown}");
}
