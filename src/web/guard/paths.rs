//! Paths that mean one thing only: nothing in them is hidden from who compares them.

/// Whether no part of a path, once decoded, is a step up, empty, or holds a separator or a control sign.
pub(super) fn is_clean(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    let parts: Vec<&str> = rest.split('/').collect();
    let last = parts.len() - 1;
    parts.iter().enumerate().all(|(at, part)| match decoded(part) {
        None => false,
        Some(part) if part.is_empty() => at == last,
        Some(part) => part != "." && part != ".." && !part.contains(is_hidden),
    })
}

fn is_hidden(sign: char) -> bool {
    matches!(sign, '/' | '\\') || sign.is_control()
}

/// Style, script and icon: the same for everybody.
pub(super) fn is_asset(path: &str) -> bool {
    path.starts_with("/inspect/migration/assets/")
}

/// A part of a path without `%`; `None` if it is not well formed, or no UTF-8.
fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        bytes.push((digit(rest.next())? * 16 + digit(rest.next())?) as u8);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_could_mean_another_one_are_told_from_others() {
        for clean in ["/", "/inspect/migration/", "/inspect/migration/Museum%20S%C3%BCd/", "/a/b..c/.d"] {
            assert!(is_clean(clean), "{clean}");
        }
        for hidden in [
            "",
            "a",
            "//",
            "/a//b",
            "/a/../b",
            "/a/%2e%2E/b",
            "/a/./b",
            "/a%2fb",
            "/a%5cb",
            "/a\\b",
            "/%00",
            "/%",
            "/%f",
            "/%ff",
            "/%gg",
        ] {
            assert!(!is_clean(hidden), "{hidden}");
        }
    }
}
