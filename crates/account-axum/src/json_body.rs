//! A request's body, read as JSON under the contract's limits (1.1, 16, SEC-57, SEC-59).
//!
//! What a body says is looked at after authentication. An empty body is an empty object; anything else must call itself
//! JSON, hold at most 64 KiB however it is framed, and be well-formed. Nothing is decompressed, and
//! neither form bodies, query fields nor method overrides are honoured.

use axum::body::{Body, HttpBody};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, EXPECT};
use http_body_util::BodyExt;
use zeroize::Zeroizing;

use crate::error_body::ApiError;
use crate::fields::Fields;
use crate::json::Json;

/// The most bytes of a body that are read (SEC-59).
pub const MAX_BODY: usize = 64 * 1024;

/// A body that is announced with no more bytes is waited for before anything else is done.
const SMALL_BODY: usize = 4 * 1024;

/// How much of a body that is too large is thrown away before the answer, so that a client still
/// sending can read it. Beyond this the connection closes.
const MAX_DISCARDED: u64 = 32 * 1024 * 1024;

/// Why a body was not read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It ended early or its framing broke.
    #[error("the body could not be received")]
    Broken,
    /// More than the limit.
    #[error("the body is too large")]
    TooLarge,
    /// Not JSON by its `Content-Type`.
    #[error("the body is not JSON by its content type")]
    NotJson,
    /// JSON by its `Content-Type` alone.
    #[error(transparent)]
    Malformed(#[from] crate::json::MalformedJson),
}

impl BodyError {
    /// Whether nothing is known of what was asked: such a request is answered before it is counted
    /// (contract 16).
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::Broken | Self::Malformed(_))
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Broken => Self::malformed_json("it could not be received in full"),
            BodyError::TooLarge => Self::too_large(),
            BodyError::NotJson => Self::unsupported_media_type(),
            BodyError::Malformed(reason) => Self::malformed_json(reason),
        }
    }
}

/// A body, as far as it is known before anybody asks what it says.
pub(crate) enum Awaited {
    Whole(Zeroizing<Vec<u8>>),
    Failed(BodyError),
    /// Nothing of it has been asked for.
    Coming(Body),
}

impl Awaited {
    /// Waits for a small body, so that from authentication to the decision a request waits for nobody: where it has
    /// to, others commit meanwhile, and a store reads again what it had read. One that waits for leave to be sent is
    /// left alone, since it is not given to somebody unknown.
    pub(crate) async fn of(headers: &HeaderMap, body: Body) -> Self {
        let announced = body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
        let small = announced.is_some_and(|length| length <= SMALL_BODY);
        if !small || body.is_end_stream() || awaits_leave(headers) {
            return Self::Coming(body);
        }
        read(body, SMALL_BODY).await.map_or_else(Self::Failed, Self::Whole)
    }

    /// What it says; of one that is still to come, at most `limit` bytes.
    pub(crate) async fn fields(self, headers: &HeaderMap, limit: usize) -> Result<Fields, BodyError> {
        match self {
            Self::Whole(bytes) => parse(headers, &bytes),
            Self::Failed(error) => Err(error),
            Self::Coming(body) => read_fields(headers, body, limit).await,
        }
    }

    /// For a request that is refused without it.
    pub(crate) async fn pass_over(self, headers: &HeaderMap) {
        if let Self::Coming(body) = self {
            pass_over(headers, body).await;
        }
    }
}

/// Reads the fields of a request, at most `limit` bytes ([`MAX_BODY`] everywhere but at sign-in).
///
/// # Errors
/// [`BodyError`].
pub async fn read_fields(headers: &HeaderMap, body: Body, limit: usize) -> Result<Fields, BodyError> {
    if body.is_end_stream() {
        return Ok(Fields::default());
    }
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        pass_over(headers, body).await;
        return Err(BodyError::TooLarge);
    }
    parse(headers, &read(body, limit).await?)
}

fn parse(headers: &HeaderMap, bytes: &[u8]) -> Result<Fields, BodyError> {
    if bytes.is_empty() {
        return Ok(Fields::default());
    }
    if !is_json(headers) {
        return Err(BodyError::NotJson);
    }
    Ok(Json::parse(bytes)?.into())
}

/// Whether the one `Content-Type` contains `/json` or `+json`. Its parameters do not count: a page
/// of another site may send `text/plain;/json` without asking first.
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Ok(value) = value.to_str() else { return false };
    let essence = value.split(';').next().unwrap_or_default().to_ascii_lowercase();
    essence.contains("/json") || essence.contains("+json")
}

/// The body in one buffer that is wiped on drop: it may hold passwords.
async fn read(mut body: Body, limit: usize) -> Result<Zeroizing<Vec<u8>>, BodyError> {
    let announced = body.size_hint().lower();
    // Reserved at once: a buffer that grows would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(announced).unwrap_or(limit)));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyError::Broken)?;
        let Some(data) = frame.data_ref() else { continue };
        let filled = bytes.len().saturating_add(data.len());
        if filled > limit {
            discard(body, u64::try_from(filled).unwrap_or(u64::MAX)).await;
            return Err(BodyError::TooLarge);
        }
        if filled > bytes.capacity() {
            bytes = regrown(&bytes, limit);
        }
        bytes.extend_from_slice(data);
    }
    Ok(bytes)
}

fn regrown(bytes: &[u8], limit: usize) -> Zeroizing<Vec<u8>> {
    let mut larger = Zeroizing::new(Vec::with_capacity(limit));
    larger.extend_from_slice(bytes);
    larger
}

/// Takes the body of a request that is refused without it, so that a client still sending can read why. One
/// that waits for leave to send is told at once.
pub(crate) async fn pass_over(headers: &HeaderMap, body: Body) {
    if !body.is_end_stream() && !awaits_leave(headers) {
        discard(body, 0).await;
    }
}

/// Whether the client sends its body only when it is told to go on (RFC 9110 section 10.1.1). Reading a byte
/// of it tells it so.
fn awaits_leave(headers: &HeaderMap) -> bool {
    headers.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

async fn discard(mut body: Body, already: u64) {
    if body.size_hint().lower() > MAX_DISCARDED {
        return;
    }
    let mut seen = already;
    while seen <= MAX_DISCARDED
        && let Some(Ok(frame)) = body.frame().await
    {
        let length = frame.data_ref().map_or(0, |data| data.len());
        seen = seen.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Field;
    use axum::http::HeaderValue;
    use futures_util::stream;

    fn typed(content_type: &str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap())])
    }

    fn chunked(size: usize, count: usize) -> Body {
        let chunk = vec![b' '; size];
        Body::from_stream(stream::iter((0..count).map(move |_| Ok::<_, std::io::Error>(chunk.clone()))))
    }

    async fn status(headers: &HeaderMap, body: impl Into<Body>) -> u16 {
        match read_fields(headers, body.into(), MAX_BODY).await {
            Ok(_) => 200,
            Err(error) => ApiError::from(error).status().as_u16(),
        }
    }

    #[tokio::test]
    async fn any_json_type_counts_in_any_case_and_no_other() {
        for good in [
            "application/json",
            "APPLICATION/JSON",
            "application/json; charset=utf-8",
            "application/vnd.api+json",
            "application/vnd.pterodactyl.v1+json",
            "text/json",
        ] {
            assert_eq!(status(&typed(good), "{}").await, 200, "{good}");
        }
        for bad in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/xml",
            "text/plain; x=/json",
            "text/plain;+json",
            "",
        ] {
            assert_eq!(status(&typed(bad), "{}").await, 415, "{bad}");
        }
        assert_eq!(status(&HeaderMap::new(), "{}").await, 415);
        let mut twice = typed("application/json");
        twice.append(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        assert_eq!(status(&twice, "{}").await, 415);
    }

    #[tokio::test]
    async fn an_empty_body_is_an_empty_object_whatever_its_type() {
        assert_eq!(status(&HeaderMap::new(), "").await, 200);
        assert_eq!(status(&typed("application/x-www-form-urlencoded"), "").await, 200);
        assert_eq!(status(&typed("application/json"), chunked(0, 1)).await, 200);
    }

    #[tokio::test]
    async fn sec_59_a_body_ends_at_the_limit_however_it_is_framed() {
        let padded = |length: usize| format!("{{}}{}", " ".repeat(length - 2));
        assert_eq!(status(&typed("application/json"), padded(MAX_BODY)).await, 200);
        assert_eq!(status(&typed("application/json"), padded(MAX_BODY + 1)).await, 413);
        assert_eq!(status(&typed("application/json"), chunked(1024, 65)).await, 413);
        assert_eq!(status(&typed("application/json"), chunked(1 << 20, 40)).await, 413);
        assert_eq!(status(&HeaderMap::new(), chunked(1024, 65)).await, 413);
    }

    /// A body of so many bytes that nobody may ask for.
    struct Unasked(u64);

    impl HttpBody for Unasked {
        type Data = axum::body::Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
            panic!("the client was told to send");
        }

        fn size_hint(&self) -> http_body::SizeHint {
            http_body::SizeHint::with_exact(self.0)
        }
    }

    #[tokio::test]
    async fn sec_59_a_client_that_waits_for_leave_to_send_too_much_does_not_get_it() {
        let mut headers = typed("application/json");
        headers.insert(EXPECT, HeaderValue::from_static("100-continue"));
        assert_eq!(status(&headers, Body::new(Unasked(1 << 20))).await, 413);
        pass_over(&headers, Body::new(Unasked(1 << 20))).await;
    }

    #[tokio::test]
    async fn sec_59_only_a_small_body_that_comes_by_itself_is_waited_for() {
        let json = typed("application/json");
        let mut patient = json.clone();
        patient.insert(EXPECT, HeaderValue::from_static("100-continue"));
        for (headers, length) in [(&json, SMALL_BODY + 1), (&patient, 100)] {
            let awaited = Awaited::of(headers, Body::new(Unasked(length as u64))).await;
            assert!(matches!(awaited, Awaited::Coming(_)), "{length}");
        }
        let awaited = Awaited::of(&json, Body::from("{\"name\":\"laptop\"}")).await;
        assert!(matches!(awaited, Awaited::Whole(_)));
        let fields = awaited.fields(&json, MAX_BODY).await.unwrap();
        assert_eq!(fields.string("name"), Field::Given("laptop"));
    }

    /// Each byte in a piece of its own, and so in a buffer of its own.
    struct Trickle(Vec<u8>, usize);

    impl HttpBody for Trickle {
        type Data = axum::body::Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
            let at = self.1;
            self.1 += 1;
            let piece = self.0.get(at..=at).map(|piece| Ok(http_body::Frame::data(piece.to_vec().into())));
            std::task::Poll::Ready(piece)
        }

        fn size_hint(&self) -> http_body::SizeHint {
            http_body::SizeHint::with_exact((self.0.len() - self.1.min(self.0.len())) as u64)
        }
    }

    #[tokio::test]
    async fn sec_59_a_small_body_lies_in_one_buffer_however_many_pieces_it_comes_in() {
        let body = Body::new(Trickle(vec![b' '; SMALL_BODY], 0));
        let Awaited::Whole(bytes) = Awaited::of(&typed("application/json"), body).await else {
            panic!("it was not waited for");
        };
        assert_eq!((bytes.len(), bytes.capacity()), (SMALL_BODY, SMALL_BODY));
    }

    #[tokio::test]
    async fn fields_arrive_over_many_chunks() {
        let pieces = [r#"{"na"#, r#"me":"lap"#, r#"top"}"#].map(Ok::<_, std::io::Error>);
        let body = Body::from_stream(stream::iter(pieces));
        let fields = read_fields(&typed("application/json"), body, MAX_BODY).await.unwrap();
        assert_eq!(fields.string("name"), Field::Given("laptop"));
    }

    #[tokio::test]
    async fn malformed_json_and_a_broken_transfer_are_400() {
        for text in ["{\"email\":", "{'a':1}", "{\"a\":\"\u{1}\"}", "{\"a\":1,\"a\":1}"] {
            assert_eq!(status(&typed("application/json"), text).await, 400, "{text}");
        }
        let broken = stream::iter([Ok("{"), Err(std::io::Error::other("gone"))]);
        assert_eq!(status(&typed("application/json"), Body::from_stream(broken)).await, 400);
    }
}
