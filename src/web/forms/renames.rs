//! The table of versions that get other names.

use crate::fylr::target::Renames;

/// A row as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RenameRow {
    pub class: String,
    pub source: String,
    /// Empty: the version is left out.
    pub target: String,
}

impl RenameRow {
    /// What `--rename-versions` takes. Rows without class or source count for nothing.
    ///
    /// # Errors
    /// Why it is no list of rules.
    pub fn list(rows: &[Self]) -> Result<String, String> {
        let mut rules = Vec::new();
        for row in rows.iter().filter(|row| !row.class.is_empty() && !row.source.is_empty()) {
            let rule = format!("{}.{}:{}", row.class, row.source, row.target);
            // These part rules and what is in them: in a name they would make other rules.
            if row.class.contains(['.', ':', ',']) || row.source.contains([':', ',']) || row.target.contains([':', ','])
            {
                return Err(rule);
            }
            rules.push(rule);
        }
        let list = rules.join(",");
        list.parse::<Renames>().map_err(|error| error.to_string())?;
        Ok(list)
    }

    /// The rows of a list that [`RenameRow::list`] has made.
    #[must_use]
    pub fn rows(list: &str) -> Vec<Self> {
        let row = |rule: &str| {
            let (from, target) = rule.split_once(':')?;
            let (class, source) = from.split_once('.')?;
            let (class, source, target) = (class.trim().to_owned(), source.to_owned(), target.to_owned());
            Some(Self { class, source, target })
        };
        list.split(',').filter_map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(class: &str, source: &str, target: &str) -> RenameRow {
        RenameRow { class: class.to_owned(), source: source.to_owned(), target: target.to_owned() }
    }

    #[test]
    fn rows_are_rules_and_rules_are_rows() {
        let rows = [row("video", "1920p", "1080p"), row("", "x", "y"), row("image", "small", ""), row("z", "", "q")];
        let list = RenameRow::list(&rows).unwrap();
        assert_eq!(list, "video.1920p:1080p,image.small:");
        assert_eq!(RenameRow::rows(&list), [rows[0].clone(), rows[2].clone()]);
        assert_eq!(RenameRow::list(&[]).unwrap(), "");
    }

    #[test]
    fn a_name_makes_no_second_rule() {
        for bad in
            [row("a", "b:c,video.x", "y"), row("a.b", "c", "d"), row("a", "b", "c,d.e:f"), row("a", "original", "b")]
        {
            assert!(RenameRow::list(std::slice::from_ref(&bad)).is_err(), "{bad:?}");
        }
    }
}
