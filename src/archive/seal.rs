//! The check of ours that every stored value carries. redb verifies nothing when it reads and recomputes its page
//! checksums over damaged pages when it writes, so this check is the only detector. It covers table, key and value: a
//! value under the wrong key is found too. All sealing is done here, so that an AEAD can take its place.

/// Bytes that a seal adds to a value.
pub const SEAL_BYTES: usize = 16;

const CONTEXT: &str = "fonds 2026-11 seal of a stored value";

/// The value is not the one that was stored under this key of this table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its check does not match")]
pub struct Broken;

/// Appends the seal for `key` of `table` to the value.
pub fn seal(table: &str, key: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    let check = check(table, key, &value);
    value.extend_from_slice(&check);
    value
}

/// The value without its seal.
///
/// # Errors
/// When the seal does not match table, key and value.
pub fn open<'a>(table: &str, key: &[u8], sealed: &'a [u8]) -> Result<&'a [u8], Broken> {
    let (value, seal) = sealed.split_last_chunk::<SEAL_BYTES>().ok_or(Broken)?;
    if check(table, key, value) == *seal { Ok(value) } else { Err(Broken) }
}

fn check(table: &str, key: &[u8], value: &[u8]) -> [u8; SEAL_BYTES] {
    let mut hasher = hasher();
    for part in [table.as_bytes(), key] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.update(value);
    let mut check = [0; SEAL_BYTES];
    hasher.finalize_xof().fill(&mut check);
    check
}

/// A hasher in [`CONTEXT`]; deriving the context's key costs a hash, so it is done once.
fn hasher() -> blake3::Hasher {
    static HASHER: std::sync::LazyLock<blake3::Hasher> =
        std::sync::LazyLock::new(|| blake3::Hasher::new_derive_key(CONTEXT));
    HASHER.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_or_moved_value_is_found() {
        let sealed = seal("packs", b"1", b"value".to_vec());
        assert_eq!(open("packs", b"1", &sealed), Ok(&b"value"[..]));
        assert_eq!(open("packs", b"2", &sealed), Err(Broken));
        assert_eq!(open("pack", b"s1", &sealed), Err(Broken));
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open("packs", b"1", &flipped), Err(Broken), "bit {bit}");
        }
        assert_eq!(open("packs", b"1", b"short"), Err(Broken));
    }
}
