//! Results on stdout: lines of text, or one JSON object that grows member by member, so that a list of millions of
//! entries is never held. Each kind of output ignores what is meant for the other.

use std::fmt;
use std::io::{self, BufWriter, Write};

use serde_json::Value;

use crate::cli::exit::Exit;

/// Where results go.
pub struct Output {
    out: Box<dyn Write>,
    form: Form,
}

enum Form {
    Text,
    Json {
        is_empty: bool,
        /// The list that is being written, and whether it is empty.
        list: Option<(&'static str, bool)>,
    },
}

impl Output {
    pub fn text() -> Self {
        Self { out: stdout(), form: Form::Text }
    }

    pub fn json() -> Self {
        Self { out: stdout(), form: Form::Json { is_empty: true, list: None } }
    }

    /// Text that nobody reads.
    pub fn nowhere() -> Self {
        Self { out: Box::new(io::sink()), form: Form::Text }
    }

    pub fn is_json(&self) -> bool {
        matches!(self.form, Form::Json { .. })
    }

    /// Bytes that are the same in every form. They are all there will be: no JSON follows.
    pub fn give(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.form = Form::Text;
        self.out.write_all(bytes)
    }

    /// What was given so far is to be seen.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Text.
    pub fn print(&mut self, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        match self.form {
            Form::Text => print(&mut *self.out),
            Form::Json { .. } => Ok(()),
        }
    }

    /// A line of text.
    pub fn line(&mut self, line: fmt::Arguments<'_>) -> io::Result<()> {
        self.print(|out| writeln!(out, "{line}"))
    }

    /// A member of the JSON object.
    pub fn member(&mut self, key: &'static str, value: &Value) -> io::Result<()> {
        self.end_list()?;
        if self.begin_member(key)? {
            serde_json::to_writer(&mut self.out, value)?;
        }
        Ok(())
    }

    /// A member of the JSON object that is a list; its items follow.
    pub fn list(&mut self, key: &'static str) -> io::Result<()> {
        self.end_list()?;
        if self.begin_member(key)? {
            self.out.write_all(b"[")?;
        }
        if let Form::Json { list, .. } = &mut self.form {
            *list = Some((key, true));
        }
        Ok(())
    }

    /// An item of the list that was begun last.
    pub fn item(&mut self, item: impl FnOnce() -> Value) -> io::Result<()> {
        if let Form::Json { list: Some((_, is_empty)), .. } = &mut self.form {
            if !std::mem::replace(is_empty, false) {
                self.out.write_all(b",")?;
            }
            serde_json::to_writer(&mut self.out, &item())?;
        }
        Ok(())
    }

    /// Ends the results of a command that has failed.
    pub fn fail(&mut self, error: &str, hint: &str, exit: Exit) -> io::Result<()> {
        self.member("error", &error.into())?;
        self.member("hint", &hint.into())?;
        self.finish(exit)
    }

    /// Ends the results.
    pub fn finish(&mut self, exit: Exit) -> io::Result<()> {
        self.member("exit", &exit.0.into())?;
        if self.is_json() {
            self.out.write_all(b"}\n")?;
        }
        self.out.flush()
    }

    fn begin_member(&mut self, key: &str) -> io::Result<bool> {
        let Form::Json { is_empty, .. } = &mut self.form else { return Ok(false) };
        let before = if std::mem::replace(is_empty, false) { '{' } else { ',' };
        write!(self.out, "{before}\"{key}\":")?;
        Ok(true)
    }

    fn end_list(&mut self) -> io::Result<()> {
        match &mut self.form {
            Form::Json { list: list @ Some(_), .. } => {
                *list = None;
                self.out.write_all(b"]")
            }
            _ => Ok(()),
        }
    }
}

fn stdout() -> Box<dyn Write> {
    Box::new(BufWriter::new(io::stdout()))
}
