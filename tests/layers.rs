//! The order of the layers: dependencies go down only, the library neither prints nor reads the environment nor exits,
//! and every file says what it is.

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer, and those below it that it may use.
const LAYERS: [(&str, &[&str]); 9] = [
    ("sorter", &[]),
    ("model", &[]),
    ("archive", &["model", "sorter"]),
    ("layout", &["model", "sorter"]),
    ("rehearsal", &["model"]),
    ("fylr", &["model"]),
    ("jobs", &["archive", "layout", "fylr", "rehearsal", "model"]),
    ("web", &["jobs", "archive", "layout", "fylr", "rehearsal", "model"]),
    ("cli", &["web", "jobs", "archive", "layout", "fylr", "rehearsal", "model"]),
];
/// What only the program does; paths and macros.
const OF_THE_PROGRAM: [&str; 14] = [
    "print!",
    "println!",
    "eprint!",
    "eprintln!",
    "dbg!",
    "std::env",
    "env::",
    "std::process::exit",
    "process::exit",
    "std::process::abort",
    "clap",
    "indicatif",
    "anstream",
    "signal_hook",
];
/// What the words do without: files, clocks, the network, the archive's database.
const NOT_OF_THE_MODEL: [&str; 7] = ["std::fs", "std::net", "std::time", "std::thread", "redb", "jiff", "cap_std"];

#[test]
fn dependencies_go_down_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root);
    assert!(files.len() > 50, "{} files are not all", files.len());
    let wrong = files.iter().flat_map(|file| {
        let source = fs::read_to_string(file).expect("a source file");
        let file = file.strip_prefix(&root).expect("a path below");
        judge(file, &source).into_iter().map(move |what| format!("{}: {what}", file.display()))
    });
    let wrong = wrong.collect::<Vec<_>>();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = ["src", "tests", "benches"].map(|folder| sources(&root.join(folder))).concat();
    let is_silent = |file: &&PathBuf| !fs::read_to_string(file).expect("a source file").starts_with("//! ");
    let silent = files.iter().filter(is_silent).collect::<Vec<_>>();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn a_file_that_breaks_the_rules_is_found_out() {
    let bad = r#"
        //! crate::jobs in a comment, and println!("x")
        use crate::{layout::{Error, writer}, model::entry::Role};
        use super::super::jobs;
        use std::{fmt, env};
        /* crate::cli */
        fn print() -> &'static str {
            let quote = '"'; // eprintln!
            println!("crate::layout::{quote}");
            fonds::cli::run();
            std::process::exit(std::process::id());
            r"std::env"
        }
    "#;
    let found = judge(Path::new("archive/reader.rs"), bad);
    let expected = [
        "uses layout",
        "uses layout",
        "uses jobs",
        "uses std::env",
        "uses println!",
        "uses cli",
        "uses std::process::exit",
    ];
    assert_eq!(found, expected);
    assert_eq!(judge(Path::new("cli/import.rs"), bad), Vec::<String>::new());
    assert_eq!(
        judge(Path::new("model/path.rs"), "use std::{fs, io}; use crate::archive::Error;"),
        ["uses std::fs", "uses archive"]
    );
    assert_eq!(judge(Path::new("archive/writer/cut.rs"), "use super::super::super::layout;"), ["uses layout"]);
    assert_eq!(judge(Path::new("archive/writer/cut.rs"), "use super::super::layout;"), Vec::<String>::new());
}

/// All Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a name").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What a file, whose path is below `src/`, uses and must not.
fn judge(file: &Path, source: &str) -> Vec<String> {
    let modules = modules(file);
    let Some((layer, below)) = LAYERS.iter().find(|(layer, _)| modules.first().is_some_and(|first| first == layer))
    else {
        // The roots of the library and of the program name every layer.
        return Vec::new();
    };
    let mut wrong = Vec::new();
    for path in paths(source) {
        let above = absolute(&path, &modules).and_then(|path| path.first().cloned());
        if let Some(above) = above
            && above != *layer
            && LAYERS.iter().any(|(layer, _)| *layer == above)
            && !below.contains(&above.as_str())
        {
            wrong.push(format!("uses {above}"));
        }
        let path = path.join("::");
        let is = |forbidden: &&&str| {
            path == **forbidden || path.starts_with(&format!("{}::", forbidden.trim_end_matches("::")))
        };
        let of_the_program = OF_THE_PROGRAM.iter().find(is).filter(|_| *layer != "cli");
        let not_of_the_model = NOT_OF_THE_MODEL.iter().find(is).filter(|_| *layer == "model");
        wrong.extend(of_the_program.or(not_of_the_model).map(|what| format!("uses {what}")));
    }
    wrong
}

/// `archive/writer/mod.rs` is `["archive", "writer"]`.
fn modules(file: &Path) -> Vec<String> {
    let mut modules =
        file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect::<Vec<_>>();
    modules.pop_if(|last| matches!(last.as_str(), "mod" | "lib" | "main"));
    modules
}

/// A path from the root of the crate, if it is one.
fn absolute(path: &[String], modules: &[String]) -> Option<Vec<String>> {
    let supers = path.iter().take_while(|part| *part == "super").count();
    match path.first()?.as_str() {
        "crate" | "fonds" => Some(path[1..].to_vec()),
        "super" => Some([&modules[..modules.len().saturating_sub(supers)], &path[supers..]].concat()),
        _ => None,
    }
}

/// Every path in a source, those in braces one by one; macros end in `!`.
fn paths(source: &str) -> Vec<Vec<String>> {
    let tokens = tokens(source);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        at = if is_word(&tokens[at]) { path(&tokens, at, &[], &mut found) } else { at + 1 };
    }
    found
}

/// Reads the path that begins at a word; returns where it ends.
fn path(tokens: &[String], mut at: usize, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    loop {
        path.push(tokens[at].clone());
        at += 1;
        let next = |offset: usize| tokens.get(at + offset).map_or("", String::as_str);
        match (next(0), next(1)) {
            ("::", "{") => return group(tokens, at + 2, &path, found),
            ("::", word) if is_word(word) => at += 1,
            ("!", _) => {
                if let Some(last) = path.last_mut() {
                    last.push('!');
                }
                found.push(path);
                return at + 1;
            }
            _ => {
                found.push(path);
                return at;
            }
        }
    }
}

/// Reads the paths in braces, up to and with the closing one.
fn group(tokens: &[String], mut at: usize, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
    while at < tokens.len() && tokens[at] != "}" {
        at = if is_word(&tokens[at]) { path(tokens, at, before, found) } else { at + 1 };
    }
    at + 1
}

fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Words, `::`, and single characters; comments, texts and characters are left out.
fn tokens(source: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => text_length(rest),
            'r' | 'b' if raw_text_length(rest).is_some() => raw_text_length(rest).unwrap_or(1),
            '\'' => character_length(rest),
            _ if first.is_alphanumeric() || first == '_' => {
                let length = rest.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(rest.len());
                tokens.push(rest[..length].to_owned());
                length
            }
            _ => {
                let token = if rest.starts_with("::") { "::" } else { &rest[..first.len_utf8()] };
                tokens.extend((!first.is_whitespace()).then(|| token.to_owned()));
                token.len()
            }
        };
        rest = &rest[length..];
    }
    tokens
}

fn text_length(rest: &str) -> usize {
    let mut is_escaped = false;
    let end = rest.char_indices().skip(1).find(|(_, next)| {
        let ends = *next == '"' && !is_escaped;
        is_escaped = *next == '\\' && !is_escaped;
        ends
    });
    end.map_or(rest.len(), |(at, _)| at + 1)
}

/// The length of `r"…"`, `r#"…"#` and their byte forms.
fn raw_text_length(rest: &str) -> Option<usize> {
    let begin = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = begin.len() - begin.trim_start_matches('#').len();
    let inside = begin[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(rest.len() - inside.len() + inside.find(&end)? + end.len())
}

/// The length of a character; of a lifetime that of its quote.
fn character_length(rest: &str) -> usize {
    let mut characters = rest.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), Some(_)) => characters.find(|(_, next)| *next == '\'').map_or(1, |(at, _)| at + 1),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}
