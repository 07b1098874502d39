//! The query of a paginated list (contract 7): page, size, sort, filter, include; and the page
//! numbers and links of the answer.
//!
//! What is no number is the default, as section 16 observed; unknown filters and sorts are refused.
//! Links keep the query and are relative to the server unless it has a configured public address:
//! the `Host` header is never reflected (SEC-60).

use std::borrow::Cow;
use std::num::IntErrorKind;

use axum::http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::envelope::{PageLinks, Pagination};
use crate::error_body::ApiError;

/// Entries on a page unless asked otherwise.
pub const DEFAULT_PER_PAGE: u64 = 25;
/// The most entries on a page.
pub const MAX_PER_PAGE: u64 = 100;

/// What stands unchanged in a link's query: the unreserved characters of RFC 3986.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A parsed query.
///
/// ```
/// use account_axum::list_query::ListQuery;
/// let query = ListQuery::parse("page=2&per_page=500&filter[event]=api-key,ssh").unwrap();
/// assert_eq!((query.page, query.per_page), (2, 100));
/// assert_eq!(query.events, ["api-key", "ssh"]);
/// assert!(query.newest_first);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// The page, from 1.
    pub page: u64,
    /// Entries on a page, 1 to 100.
    pub per_page: u64,
    /// Newest first, which is the default.
    pub newest_first: bool,
    /// Only events whose name contains one of these, case aside. Empty: all.
    pub events: Vec<String>,
    /// Whether the actor is to be included.
    pub include_actor: bool,
    /// All but `page`, encoded, for the links.
    kept: String,
}

impl ListQuery {
    /// Reads the part of a URI after the question mark.
    ///
    /// # Errors
    /// 400 `InvalidSortQuery` or `InvalidFilterQuery`, naming what is bad and what is allowed.
    pub fn parse(query: &str) -> Result<Self, ApiError> {
        let mut list = Self {
            page: 1,
            per_page: DEFAULT_PER_PAGE,
            newest_first: true,
            events: Vec::new(),
            include_actor: false,
            kept: String::new(),
        };
        let mut bad_filters = Vec::new();
        for (name, value) in query.split('&').filter(|pair| !pair.is_empty()).map(pair) {
            match name.as_ref() {
                "page" => list.page = natural(&value).unwrap_or(1),
                "per_page" => list.per_page = natural(&value).unwrap_or(DEFAULT_PER_PAGE).min(MAX_PER_PAGE),
                "sort" => list.newest_first = newest_first(&value)?,
                "include" => list.include_actor = value.split(',').any(|relation| relation == "actor"),
                "filter[event]" => list.events = alternatives(&value),
                _ => bad_filters.extend(filter_name(&name).map(str::to_owned)),
            }
            if name != "page" {
                list.keep(&name, &value);
            }
        }
        if bad_filters.is_empty() { Ok(list) } else { Err(invalid_filter(&bad_filters)) }
    }

    /// How many entries stand before this page.
    pub fn offset(&self) -> u64 {
        self.page.saturating_sub(1).saturating_mul(self.per_page)
    }

    /// The pagination of an answer that shows `count` of `total` entries. `address` is the path
    /// of the list, after the public address of the server if one is configured.
    pub fn pagination(&self, total: u64, count: u64, address: &str) -> Pagination {
        let total_pages = total.div_ceil(self.per_page.max(1)).max(1);
        Pagination {
            total,
            count,
            per_page: self.per_page,
            current_page: self.page,
            total_pages,
            links: PageLinks {
                previous: self
                    .page
                    .checked_sub(1)
                    .filter(|page| *page > 0)
                    .map(|page| self.link(address, page)),
                next: (self.page < total_pages).then(|| self.link(address, self.page.saturating_add(1))),
            },
        }
    }

    fn link(&self, address: &str, page: u64) -> String {
        format!("{address}?{kept}page={page}", kept = self.kept)
    }

    fn keep(&mut self, name: &str, value: &str) {
        self.kept.extend(utf8_percent_encode(name, IN_QUERY));
        self.kept.push('=');
        self.kept.extend(utf8_percent_encode(value, IN_QUERY));
        self.kept.push('&');
    }
}

fn pair(text: &str) -> (Cow<'_, str>, Cow<'_, str>) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (decoded(name), decoded(value))
}

fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

/// A whole number from 1 up, the largest there is for one that is larger still; anything else is none.
fn natural(text: &str) -> Option<u64> {
    match text.parse::<u64>() {
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => Some(u64::MAX),
        number => number.ok().filter(|number| *number > 0),
    }
}

fn newest_first(sort: &str) -> Result<bool, ApiError> {
    match sort {
        "" | "-timestamp" => Ok(true),
        "timestamp" => Ok(false),
        _ => {
            let names: Vec<&str> = sort
                .split(',')
                .map(|name| name.strip_prefix('-').unwrap_or(name))
                .filter(|name| *name != "timestamp")
                .collect();
            Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "InvalidSortQuery",
                format!(
                    "Requested sort(s) `{}` is not allowed. Allowed sort(s) are `timestamp`.",
                    names.join(", ")
                ),
            ))
        }
    }
}

fn alternatives(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|event| !event.is_empty()).map(str::to_owned).collect()
}

fn filter_name(name: &str) -> Option<&str> {
    let (filter, _) = name.strip_prefix("filter[")?.split_once(']')?;
    (filter != "event").then_some(filter)
}

fn invalid_filter(names: &[String]) -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "InvalidFilterQuery",
        format!("Requested filter(s) `{}` are not allowed. Allowed filter(s) are `event`.", names.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PATH: &str = "/api/client/account/activity";

    fn sizes(query: &str) -> (u64, u64) {
        let list = ListQuery::parse(query).unwrap();
        (list.page, list.per_page)
    }

    #[test]
    fn what_is_no_page_or_size_is_the_default_and_a_large_size_is_cut() {
        assert_eq!(sizes(""), (1, 25));
        assert_eq!(sizes("page=3&per_page=7"), (3, 7));
        for odd in ["0", "-1", "abc", "", "1.5"] {
            assert_eq!(sizes(&format!("page={odd}&per_page={odd}")), (1, 25), "{odd}");
        }
        assert_eq!(sizes("page[]=2&per_page[]=2"), (1, 25));
        assert_eq!(sizes("per_page=100"), (1, 100));
        for large in ["101", "18446744073709551615", "99999999999999999999999"] {
            assert_eq!(sizes(&format!("per_page={large}")), (1, 100), "{large}");
        }
        assert_eq!(sizes("page=99999999999999999999999"), (u64::MAX, 25), "a page that is not there");
    }

    #[test]
    fn sort_is_by_time_in_either_direction() {
        assert!(ListQuery::parse("sort=-timestamp").unwrap().newest_first);
        assert!(!ListQuery::parse("sort=timestamp").unwrap().newest_first);
        assert!(ListQuery::parse("sort=-id").is_err());
        assert!(ListQuery::parse("sort=timestamp,-id").is_err());
    }

    #[test]
    fn only_the_event_can_be_filtered() {
        let events = |query: &str| ListQuery::parse(query).unwrap().events;
        assert_eq!(events("filter[event]=email"), ["email"]);
        assert_eq!(events("filter%5Bevent%5D=USER%3AAPI,ssh"), ["USER:API", "ssh"]);
        assert_eq!(events("filter[event]=%25"), ["%"]);
        assert!(events("filter[event]=").is_empty());
        assert!(ListQuery::parse("filter[foo]=1").is_err());
        assert!(ListQuery::parse("filter[ip]=1&filter[event]=x").is_err());
        assert!(ListQuery::parse("filter=x&foo=bar&fields[activity_logs]=id").is_ok());
    }

    #[test]
    fn links_lead_to_the_neighbours_and_keep_the_query() {
        let list = ListQuery::parse("sort=-timestamp&page=2&per_page=6&filter[event]=api-key").unwrap();
        let kept = "sort=-timestamp&per_page=6&filter%5Bevent%5D=api-key";
        assert_eq!(
            list.pagination(73, 6, PATH),
            Pagination {
                total: 73,
                count: 6,
                per_page: 6,
                current_page: 2,
                total_pages: 13,
                links: PageLinks {
                    previous: Some(format!("{PATH}?{kept}&page=1")),
                    next: Some(format!("{PATH}?{kept}&page=3")),
                },
            }
        );
    }

    #[test]
    fn an_empty_list_has_one_page_and_a_page_beyond_has_only_a_previous() {
        let empty = ListQuery::parse("").unwrap().pagination(0, 0, PATH);
        assert_eq!((empty.total_pages, empty.links), (1, PageLinks::default()));
        let beyond = ListQuery::parse("page=99").unwrap().pagination(9, 0, PATH);
        assert_eq!(beyond.links.previous.as_deref(), Some("/api/client/account/activity?page=98"));
        assert_eq!(beyond.links.next, None);
    }

    proptest! {
        #[test]
        fn no_query_panics_and_sizes_stay_in_bounds(query in "[ -~]{0,80}") {
            if let Ok(list) = ListQuery::parse(&query) {
                prop_assert!(list.page >= 1 && (1..=MAX_PER_PAGE).contains(&list.per_page));
                let pagination = list.pagination(u64::MAX, 0, PATH);
                prop_assert!(pagination.links.next.is_none_or(|link| link.is_ascii()));
                let _ = list.offset();
            }
        }

        #[test]
        fn a_link_leads_to_the_same_list(name in "[a-z]{1,5}", value in "\\PC{0,10}", page in 2u64..9) {
            let query = format!("{name}={}", utf8_percent_encode(&value, IN_QUERY));
            prop_assume!(name != "sort" && name != "page");
            let list = ListQuery::parse(&query).unwrap();
            let link = list.link(PATH, page);
            let again = ListQuery::parse(link.split_once('?').unwrap().1).unwrap();
            prop_assert_eq!(again, ListQuery { page, ..list });
        }
    }
}
