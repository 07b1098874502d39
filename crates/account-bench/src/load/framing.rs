//! Where one answer ends and the next begins (RFC 9112 section 6). It knows `Content-Length` alone:
//! neither the server nor the floor sends answers of unknown length.

/// What is looked at of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) says_when_to_come_back: bool,
    /// The server closes the connection after it.
    pub(super) closes: bool,
    /// Bytes of head and body together.
    pub(super) length: usize,
}

/// The answer does not speak HTTP/1.1 as it is expected here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// The answer at the start of `bytes`; nothing if its head is not there yet.
pub(super) fn head(bytes: &[u8]) -> Result<Option<Head>, Unreadable> {
    let Some(end) = end_of_head(bytes) else { return Ok(None) };
    let lines = bytes.get(..end).unwrap_or_default();
    let status = lines.get(9..12).and_then(number).and_then(|status| u16::try_from(status).ok());
    let status = status.filter(|_| lines.starts_with(b"HTTP/1.1 ")).ok_or(Unreadable)?;
    let mut head = Head { status, says_when_to_come_back: false, closes: false, length: end + 4 };
    let mut body = None;
    for line in lines.split(|byte| *byte == b'\n').skip(1) {
        // The length of a name tells nearly all of them apart.
        match line.iter().position(|byte| *byte == b':') {
            Some(14) if named(line, b"content-length") => body = number(value(line, 14)),
            Some(11) if named(line, b"retry-after") => head.says_when_to_come_back = true,
            Some(10) if named(line, b"connection") => {
                head.closes = value(line, 10).eq_ignore_ascii_case(b"close");
            }
            _ => {}
        }
    }
    let body = match body {
        None if matches!(status, 204 | 304) => 0,
        other => other.ok_or(Unreadable)?,
    };
    head.length = head.length.checked_add(body).ok_or(Unreadable)?;
    Ok(Some(head))
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n")
}

fn named(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

fn value(line: &[u8], colon: usize) -> &[u8] {
    line.get(colon + 1..).unwrap_or_default().trim_ascii()
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ncontent-length: 5\r\n\r\nhelloHTTP/1.1";
        let found = head(answer).unwrap().unwrap();
        assert_eq!((found.status, found.closes, found.length), (200, false, answer.len() - 8));
        for cut in 0..answer.len() - 13 {
            assert_eq!(head(&answer[..cut]), Ok(None), "{cut}");
        }
    }

    #[test]
    fn a_refusal_that_says_when_to_come_back_is_told_from_one_that_does_not() {
        let silent = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
        let spoken = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
        assert!(!head(silent).unwrap().unwrap().says_when_to_come_back);
        assert!(head(spoken).unwrap().unwrap().says_when_to_come_back);
    }

    #[test]
    fn an_answer_without_content_needs_no_length_and_every_other_does() {
        assert_eq!(head(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap().length, 27);
        assert_eq!(head(b"HTTP/1.1 200 OK\r\n\r\n"), Err(Unreadable));
        assert_eq!(head(b"SSH-2.0-OpenSSH\r\n\r\n"), Err(Unreadable));
        assert!(head(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap().unwrap().closes);
    }
}
