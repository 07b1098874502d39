//! Strings and numbers of the SSH protocol (RFC 4251 section 5), read strictly and written.

/// What is left to be read.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next string: its length in four bytes, then that many bytes.
    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (string, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(string)
    }

    /// The next number, as big-endian bytes without leading zeros. Zero, negative numbers and longer
    /// forms than needed are refused: a key has one wire form only.
    pub(super) fn positive(&mut self) -> Option<&'a [u8]> {
        magnitude(self.string()?)
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A positive number in the shortest two's complement, without the zero that stands for its sign.
/// ASN.1 writes its integers the same way.
pub(super) fn magnitude(twos_complement: &[u8]) -> Option<&[u8]> {
    match twos_complement {
        [0, rest @ ..] if matches!(rest, [0x80..=0xff, ..]) => Some(rest),
        whole @ [1..=0x7f, ..] => Some(whole),
        _ => None,
    }
}

/// The inverse of [`magnitude`].
pub(super) fn twos_complement(magnitude: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if matches!(magnitude, [0x80..=0xff, ..]) { &[0] } else { &[] };
    [sign, magnitude].concat()
}

/// Strings one after the other.
pub(super) fn strings(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        out.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}
