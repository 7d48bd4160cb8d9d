//! The command line that a form amounts to. Secrets stand in variables that whoever runs it sets.

use std::path::Path;

/// A word of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Plain(String),
    /// The name of a variable of the shell.
    Variable(&'static str),
}

/// A command line, word by word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine(Vec<Word>);

impl CommandLine {
    /// Begins as all do: the program, and which archive.
    #[must_use]
    pub fn new(archive: &Path, verb: &str) -> Self {
        Self(["fonds", "--archive", &archive.to_string_lossy(), verb].map(|word| Word::Plain(word.to_owned())).into())
    }

    pub fn word(&mut self, word: impl Into<String>) {
        self.0.push(Word::Plain(word.into()));
    }

    /// A flag with a value, if there is one. A value that begins with a dash is joined to its flag.
    pub fn value(&mut self, flag: &str, value: impl Into<String>) {
        let value = value.into();
        match value.as_str() {
            "" => {}
            dashed if dashed.starts_with('-') => self.word(format!("{flag}={value}")),
            _ => {
                self.word(flag);
                self.word(value);
            }
        }
    }

    /// The file with the instances, where it is not the usual one.
    pub fn config(&mut self, path: Option<&Path>) {
        self.value("--config", path.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default());
    }

    pub fn flag(&mut self, flag: &str, is_on: bool) {
        if is_on {
            self.word(flag);
        }
    }

    /// A flag whose value is a secret.
    pub fn secret(&mut self, flag: &str, variable: &'static str, is_there: bool) {
        if is_there {
            self.word(flag);
            self.0.push(Word::Variable(variable));
        }
    }

    /// The words as the program would get them; a variable is `$NAME`.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let word = |word: &Word| match word {
            Word::Plain(text) => text.clone(),
            Word::Variable(name) => format!("${name}"),
        };
        self.0.iter().map(word).collect()
    }

    /// As it is typed into a shell.
    #[must_use]
    pub fn shell(&self) -> String {
        let word = |word: &Word| match word {
            Word::Plain(text) => quoted(text),
            Word::Variable(name) => format!("\"${name}\""),
        };
        self.0.iter().map(word).collect::<Vec<_>>().join(" ")
    }
}

/// Between single quotes where the shell would see more than letters (POSIX.1-2024, Shell Command Language, 2.2.2).
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_sees_the_words_as_they_are_meant() {
        let mut line = CommandLine::new(Path::new("/a b/x.redb"), "restore");
        line.value("--login", "it's $HOME `x`");
        line.value("--include-events", "-");
        line.value("--name", "");
        line.secret("--client-secret", "CLIENT_SECRET", true);
        line.flag("--purge", true);
        line.flag("--insecure", false);
        assert_eq!(
            line.shell(),
            "fonds --archive '/a b/x.redb' restore --login 'it'\\''s $HOME `x`' --include-events=- \
             --client-secret \"$CLIENT_SECRET\" --purge"
        );
        assert_eq!(line.words()[5], "it's $HOME `x`");
    }
}
