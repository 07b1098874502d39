//! The text armour of a public key (RFC 7468 section 13), and no other.

use data_encoding::BASE64;

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";
/// Characters of a line.
const LINE: usize = 64;

/// Whether the text claims to be armoured.
pub(super) fn is_armoured(text: &str) -> bool {
    text.starts_with(BEGIN)
}

/// The bytes inside exactly one armour, around which nothing else stands.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut lines = text.lines();
    if lines.next() != Some(BEGIN) || lines.next_back() != Some(END) {
        return None;
    }
    let body: String = lines.collect();
    BASE64.decode(body.as_bytes()).ok()
}

/// The armour with CRLF line ends and none at its end, as the panel prints it.
pub(super) fn encode(bytes: &[u8]) -> String {
    let body = BASE64.encode(bytes);
    let mut text = String::from(BEGIN);
    for (index, letter) in body.chars().enumerate() {
        if index.is_multiple_of(LINE) {
            text.push_str("\r\n");
        }
        text.push(letter);
    }
    text.push_str("\r\n");
    text.push_str(END);
    text
}
