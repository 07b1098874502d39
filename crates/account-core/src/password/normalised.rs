//! A password's one form: Unicode NFC, as RFC 8265 section 4.2 (OpaqueString) wants, whether it is
//! set or checked. Nothing is trimmed, folded or cut (SEC-02, SEC-04).

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// Text above this is not even normalised: NFC shrinks a text to a third at most, so nothing of
/// more than three times [`MAX_BYTES`](super::MAX_BYTES) can fit.
const MAX_RAW_BYTES: usize = 4 * super::MAX_BYTES;

/// `text` in NFC, or `None` if it is far too long to be worth it.
pub(super) fn normalised(text: &str) -> Option<Zeroizing<String>> {
    if text.len() > MAX_RAW_BYTES {
        return None;
    }
    // NFC grows UTF-8 threefold at most; a string that grows would leave unwiped copies behind.
    let mut nfc = Zeroizing::new(String::with_capacity(text.len().saturating_mul(3)));
    nfc.extend(text.nfc());
    Some(nfc)
}
