//! How structures become bytes: bincode 2 in its standard configuration, behind a limit. bincode itself would claim
//! whatever length damaged bytes name, and accepts bytes left over; neither happens here.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::{BorrowDecode, Decode, Encode};

/// No structure of an archive comes near this; what claims more is damaged.
const DECODED_MAX: usize = 64 << 20;

const CONFIGURATION: Configuration<LittleEndian, Varint, Limit<DECODED_MAX>> =
    bincode::config::standard().with_limit::<DECODED_MAX>();

/// Bytes that are not the structure they stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed structure")]
pub struct Malformed;

/// Appends the bytes of `value`.
pub fn append<T: Encode>(value: &T, out: &mut Vec<u8>) {
    bincode::encode_into_std_write(value, out, bincode::config::standard()).expect("writing to memory does not fail");
}

/// The bytes of `value`.
pub fn encode<T: Encode>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    append(value, &mut out);
    out
}

/// Reads one structure and nothing else.
///
/// # Errors
/// When the bytes are not that structure, claim too much, or are more than it.
pub fn decode<T: Decode<()>>(bytes: &[u8]) -> Result<T, Malformed> {
    match take(bytes)? {
        (value, []) => Ok(value),
        _ => Err(Malformed),
    }
}

/// Reads one structure that borrows from the bytes, and nothing else.
///
/// # Errors
/// When the bytes are not that structure, claim too much, or are more than it.
pub fn decode_borrowed<'b, T: BorrowDecode<'b, ()>>(bytes: &'b [u8]) -> Result<T, Malformed> {
    let (value, length) = bincode::borrow_decode_from_slice(bytes, CONFIGURATION).map_err(|_| Malformed)?;
    if length == bytes.len() { Ok(value) } else { Err(Malformed) }
}

/// Reads one structure and returns what follows it.
///
/// # Errors
/// When the bytes do not begin with that structure or claim too much.
pub fn take<T: Decode<()>>(bytes: &[u8]) -> Result<(T, &[u8]), Malformed> {
    let (value, length) = bincode::decode_from_slice(bytes, CONFIGURATION).map_err(|_| Malformed)?;
    Ok((value, bytes.get(length..).ok_or(Malformed)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_beyond_the_limit_and_bytes_left_over_are_refused() {
        let mut huge = vec![253];
        huge.extend(u64::MAX.to_le_bytes());
        assert_eq!(decode::<Vec<u8>>(&huge), Err(Malformed));
        assert_eq!(decode::<u8>(&[1, 2]), Err(Malformed));
        assert_eq!(decode::<Vec<u8>>(&encode(&vec![1_u8, 2])), Ok(vec![1, 2]));
    }
}
