//! JSON read strictly: what two parsers could understand differently is refused (SEC-57).
//!
//! Refused are duplicate names, depth over 32, lone surrogates, NUL, and all that is not JSON.
//! Strings are wiped on drop, for some of them are passwords. What a field means is not decided
//! here.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

/// The deepest nesting that is read (SEC-57).
pub const MAX_DEPTH: usize = 32;

/// A JSON value without duplicate names, NUL or lone surrogates.
#[derive(Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number from zero up.
    Natural(u64),
    /// Any other number. No field of the contract takes one.
    OtherNumber,
    /// A string, wiped on drop.
    String(Zeroizing<String>),
    /// An array.
    Array(Vec<Json>),
    /// An object; each name once.
    Object(BTreeMap<String, Json>),
}

impl fmt::Debug for Json {
    /// The kind alone: a string may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Natural(_) | Self::OtherNumber => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        })
    }
}

/// Why a text is no JSON for this edge. The text itself is not repeated.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct MalformedJson(serde_json::Error);

impl Json {
    /// Reads one JSON value that fills all of `text`.
    ///
    /// ```
    /// use account_axum::json::Json;
    /// assert!(Json::parse(br#"{"a": [1, null]}"#).is_ok());
    /// assert!(Json::parse(br#"{"a": 1, "a": 2}"#).is_err());
    /// ```
    ///
    /// # Errors
    /// [`MalformedJson`] with the place and the reason.
    pub fn parse(text: &[u8]) -> Result<Self, MalformedJson> {
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let value =
            Strict { levels_left: MAX_DEPTH }.deserialize(&mut deserializer).map_err(MalformedJson)?;
        deserializer.end().map_err(MalformedJson)?;
        Ok(value)
    }
}

#[derive(Clone, Copy)]
struct Strict {
    levels_left: usize,
}

impl Strict {
    fn one_level_down<E: Error>(self) -> Result<Self, E> {
        match self.levels_left.checked_sub(1) {
            Some(levels_left) => Ok(Self { levels_left }),
            None => Err(E::custom("nested too deeply")),
        }
    }
}

fn without_nul<E: Error>(text: &str) -> Result<&str, E> {
    if text.contains('\0') { Err(E::custom("the character NUL")) } else { Ok(text) }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Natural(value))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Json, E> {
        Ok(Json::OtherNumber)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Json, E> {
        Ok(Json::OtherNumber)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::String(Zeroizing::new(without_nul(text)?.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let below = self.one_level_down()?;
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(below)? {
            values.push(value);
        }
        Ok(Json::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let below = self.one_level_down()?;
        let mut fields = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            without_nul::<A::Error>(&name)?;
            if fields.insert(name, map.next_value_seed(below)?).is_some() {
                return Err(A::Error::custom("a name that stands twice"));
            }
        }
        Ok(Json::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nested(levels: usize) -> String {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn sec_57_what_two_parsers_could_read_differently_is_refused() {
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"x":{"a":1,"a":1}}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\udc00"}"#,
            r#"{"a":"\ud800\ud800"}"#,
            "{\"a\":\"\\u0000\"}",
            "{\"a\\u0000\":1}",
            "{\"a\":\"\u{1}\"}",
            "{\"a\":",
            "{'a':1}",
            "{\"a\":1}x",
            "{\"a\":1}{}",
            "\u{feff}{}",
            "{\"a\":1,}",
            "[1,]",
            "// c\n{}",
            "NaN",
            "01",
            "1e999",
            "",
            " ",
        ] {
            assert!(Json::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Json::parse(b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn sec_57_nesting_ends_at_thirty_two() {
        assert!(Json::parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(Json::parse(nested(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(Json::parse(nested(30_000).as_bytes()).is_err());
    }

    #[test]
    fn ordinary_json_is_read_as_it_stands() {
        let value = Json::parse(r#" {"é":"😀","n":12,"m":-1,"l":[true,null]} "#.as_bytes()).unwrap();
        let Json::Object(fields) = value else { panic!("not an object") };
        assert_eq!(fields["é"], Json::String(Zeroizing::new("😀".into())));
        assert_eq!(fields["n"], Json::Natural(12));
        assert_eq!(fields["m"], Json::OtherNumber);
        assert_eq!(fields["l"], Json::Array(vec![Json::Bool(true), Json::Null]));
    }

    #[test]
    fn neither_debug_nor_a_reason_repeats_the_text() {
        let value = Json::parse(br#""hunter2-secret""#).unwrap();
        assert!(!format!("{value:?}").contains("hunter2"));
        let refused = Json::parse(br#"{"hunter2":1,"hunter2":2}"#).unwrap_err();
        assert!(!refused.to_string().contains("hunter2"));
    }

    proptest! {
        #[test]
        fn sec_57_no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Json::parse(&bytes);
        }

        #[test]
        fn every_string_without_nul_survives(text in "[^\0]{0,40}") {
            let written = serde_json::to_vec(&text).unwrap();
            prop_assert_eq!(Json::parse(&written).unwrap(), Json::String(Zeroizing::new(text)));
        }
    }
}
