//! Other ways to write flags that people are used to: `--verify=true`, as `fylr backup` takes it, and names of old, which
//! are told to be old.

use std::ffi::OsString;

use clap::{ArgAction, Command, CommandFactory as _};

use crate::cli::arguments::Arguments;
use crate::cli::stderr::{self, Label};

/// Old names of flags that several verbs have, and what they are called now.
const OLD: [(&str, &str); 4] = [
    ("clientId", "client-id"),
    ("clientSecret", "client-secret"),
    ("clientTokenUrl", "client-token-url"),
    ("timeout", "timeout-min"),
];
/// The verbs that have them.
const OF: [&str; 3] = ["backup", "restore", "verify"];

/// The arguments as everybody writes them today.
pub fn adopted(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let all = Arguments::command();
    let arguments: Vec<OsString> = arguments.collect();
    let verb = arguments.iter().filter_map(|argument| argument.to_str()).find_map(|name| all.find_subcommand(name));
    let has_old_names = verb.is_some_and(|verb| OF.contains(&verb.get_name()));
    let switches: Vec<&str> = [Some(&all), verb].into_iter().flatten().flat_map(switches).collect();
    let mut adopted = Vec::with_capacity(arguments.len());
    let mut is_over = false;
    for argument in arguments {
        is_over |= argument == "--";
        let flag = argument.to_str().filter(|_| !is_over).and_then(|text| text.strip_prefix("--"));
        let Some(flag) = flag else {
            adopted.push(argument);
            continue;
        };
        let (name, value) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
        let old = OLD.iter().find(|(old, _)| *old == name && has_old_names);
        match (old, value) {
            (Some((old, new)), _) => {
                stderr::say(Label::Warning, &format!("--{old} is called --{new} now"));
                adopted.push(format!("--{new}{}", &flag[name.len()..]).into());
            }
            (None, Some("true")) if switches.contains(&name) => adopted.push(format!("--{name}").into()),
            (None, Some("false")) if switches.contains(&name) => {}
            _ => adopted.push(argument),
        }
    }
    adopted
}

/// The flags that are there or not, without a value.
fn switches(command: &Command) -> impl Iterator<Item = &str> {
    let switches = command.get_arguments().filter(|argument| matches!(argument.get_action(), ArgAction::SetTrue));
    switches.filter_map(clap::Arg::get_long)
}
