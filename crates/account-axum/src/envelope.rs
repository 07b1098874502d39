//! The shapes of successful answers (contract 1.2): item, list, list with pages, bare data, and
//! the empty 204.
//!
//! Every shape is a borrowed `Serialize` struct that is written straight into the body; no JSON
//! tree is built. What the attributes of an object are is not decided here.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::error_body::ApiError;
use crate::response_headers::{stamp_empty, stamp_json};

/// `{"object": …, "attributes": {…}}`, with an optional `meta` beside it.
///
/// ```
/// use account_axum::envelope::Item;
/// let item = Item::new("recovery_tokens", [("remaining", 3)].into_iter().collect::<std::collections::BTreeMap<_, _>>());
/// assert_eq!(
///     serde_json::to_string(&item).unwrap(),
///     r#"{"object":"recovery_tokens","attributes":{"remaining":3}}"#
/// );
/// ```
#[derive(Debug, Serialize)]
pub struct Item<A, M = NoMeta> {
    object: &'static str,
    attributes: A,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<M>,
}

/// The `meta` of an item that has none.
#[derive(Debug, Serialize)]
pub enum NoMeta {}

impl<A> Item<A> {
    /// An item of the kind `object`.
    pub fn new(object: &'static str, attributes: A) -> Self {
        Self { object, attributes, meta: None }
    }

    /// The same item with `meta` beside its attributes.
    pub fn with_meta<M>(self, meta: M) -> Item<A, M> {
        Item { object: self.object, attributes: self.attributes, meta: Some(meta) }
    }
}

/// `{"object": "list", "data": […]}`, with pages if it is a part of a longer list.
#[derive(Debug, Serialize)]
pub struct List<A> {
    object: &'static str,
    data: Vec<Item<A>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<ListMeta>,
}

#[derive(Debug, Serialize)]
struct ListMeta {
    pagination: Pagination,
}

impl<A> List<A> {
    /// A whole list of items of the kind `object`.
    pub fn new(object: &'static str, attributes: impl IntoIterator<Item = A>) -> Self {
        let data = attributes.into_iter().map(|attributes| Item::new(object, attributes)).collect();
        Self { object: "list", data, meta: None }
    }

    /// The same list as one page of a longer one.
    #[must_use]
    pub fn paginated(mut self, pagination: Pagination) -> Self {
        self.meta = Some(ListMeta { pagination });
        self
    }

    /// How many items it holds.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }
}

/// Where in a longer list a page stands (contract 1.2). Made by
/// [`ListQuery::pagination`](crate::list_query::ListQuery::pagination).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pagination {
    /// Entries in the whole list.
    pub total: u64,
    /// Entries on this page.
    pub count: u64,
    /// Most entries on a page.
    pub per_page: u64,
    /// This page, from 1.
    pub current_page: u64,
    /// Pages in all, at least 1.
    pub total_pages: u64,
    /// The neighbours.
    pub links: PageLinks,
}

/// Addresses of the neighbouring pages; they keep the request's query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PageLinks {
    /// The page before, unless this is the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// The page after, unless this is the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `{"data": {…}}`.
#[derive(Debug, Serialize)]
pub struct Data<A> {
    data: A,
}

impl<A> Data<A> {
    /// Bare data, for the answers that are no object.
    pub fn new(data: A) -> Self {
        Self { data }
    }
}

/// 200 with `body` as JSON. Creations answer 200 too (contract 2).
pub fn ok(body: &impl Serialize) -> Response {
    match json_bytes(body) {
        Ok(bytes) => json_response(StatusCode::OK, bytes),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            axum::response::IntoResponse::into_response(ApiError::internal())
        }
    }
}

/// 204: done, nothing to say.
pub fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    stamp_empty(response.headers_mut());
    response
}

pub(crate) fn json_bytes(body: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = Vec::with_capacity(256);
    serde_json::to_writer(&mut bytes, body)?;
    Ok(bytes)
}

pub(crate) fn json_response(status: StatusCode, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    stamp_json(response.headers_mut());
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    #[derive(Debug, Serialize)]
    struct Named {
        name: &'static str,
    }

    fn text(value: &impl Serialize) -> String {
        serde_json::to_string(value).unwrap()
    }

    #[test]
    fn an_item_shows_meta_only_when_it_has_some() {
        assert_eq!(text(&Item::new("x", Named { name: "a" })), r#"{"object":"x","attributes":{"name":"a"}}"#);
        assert_eq!(
            text(&Item::new("x", Named { name: "a" }).with_meta(Named { name: "m" })),
            r#"{"object":"x","attributes":{"name":"a"},"meta":{"name":"m"}}"#
        );
    }

    #[test]
    fn an_empty_list_has_an_empty_array() {
        assert_eq!(text(&List::<Named>::new("x", [])), r#"{"object":"list","data":[]}"#);
    }

    #[test]
    fn links_are_an_empty_object_when_there_is_one_page() {
        let pagination = Pagination {
            total: 1,
            count: 1,
            per_page: 25,
            current_page: 1,
            total_pages: 1,
            links: PageLinks::default(),
        };
        assert_eq!(
            text(&List::new("x", [Named { name: "a" }]).paginated(pagination)),
            concat!(
                r#"{"object":"list","data":[{"object":"x","attributes":{"name":"a"}}],"meta":{"pagination":"#,
                r#"{"total":1,"count":1,"per_page":25,"current_page":1,"total_pages":1,"links":{}}}}"#
            )
        );
    }

    #[test]
    fn bare_data_has_no_object() {
        assert_eq!(text(&Data::new(Named { name: "a" })), r#"{"data":{"name":"a"}}"#);
    }

    #[test]
    fn sec_62_answers_are_json_that_nothing_stores_or_sniffs() {
        let response = ok(&Data::new(Named { name: "a" }));
        let header = |name: &str| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/json");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("x-content-type-options"), "nosniff");
    }

    #[test]
    fn nothing_to_say_has_no_content_type() {
        let response = no_content();
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert!(!response.headers().contains_key("content-type"));
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
}
