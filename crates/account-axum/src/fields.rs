//! A view of a request's fields that tells absent, wrongly typed and given apart, so that a handler
//! can report `required`, `string` and `array` as the contract does (1.1, 1.3).
//!
//! Names that nobody asks for are never looked at (SEC-52). Rules about content are the core's.

use std::collections::BTreeMap;

use account_core::field::Fault;

use crate::json::Json;

/// The fields of one request body.
///
/// ```
/// use account_axum::fields::{Field, Fields};
/// use account_axum::json::Json;
/// let fields = Fields::from(Json::parse(br#"{"name": "  Laptop ", "password": " p "}"#).unwrap());
/// assert_eq!(fields.string("name"), Field::Given("Laptop"));
/// assert_eq!(fields.password("password"), Field::Given(" p "));
/// assert_eq!(fields.string("fingerprint"), Field::Absent);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, Json>);

/// What a client gave for one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<T> {
    /// Not there, `null`, or empty: all the same (contract 1.1).
    Absent,
    /// Of another type than the field has.
    WrongType,
    /// A value of the right type, never empty.
    Given(T),
}

impl From<Json> for Fields {
    /// Anything but an object has no fields, so the rules of the fields answer (contract 16).
    fn from(body: Json) -> Self {
        match body {
            Json::Object(fields) => Self(fields),
            _ => Self::default(),
        }
    }
}

impl Fields {
    /// A string without the white space around it.
    pub fn string(&self, name: &str) -> Field<&str> {
        self.0.get(name).map_or(Field::Absent, trimmed)
    }

    /// A password: as it was typed, outer spaces and all (contract 1.1, F-27).
    pub fn password(&self, name: &str) -> Field<&str> {
        match self.0.get(name) {
            None | Some(Json::Null) => Field::Absent,
            Some(Json::String(text)) if text.is_empty() => Field::Absent,
            Some(Json::String(text)) => Field::Given(text.as_str()),
            Some(_) => Field::WrongType,
        }
    }

    /// An array, as what each of its elements is to [`string`](Self::string). An object is none.
    pub fn strings(&self, name: &str) -> Field<Vec<Field<&str>>> {
        match self.0.get(name) {
            None | Some(Json::Null) => Field::Absent,
            Some(Json::String(text)) if text.trim().is_empty() => Field::Absent,
            Some(Json::Array(elements)) => Field::Given(elements.iter().map(trimmed).collect()),
            Some(_) => Field::WrongType,
        }
    }

    /// A one-time code: a number, or a string that is one. A whole number is filled with zeros on the
    /// left to `digits`; another has none of a code's digits, so nothing is left of it (contract 8.3).
    pub fn code(&self, name: &str, digits: usize) -> Field<String> {
        match self.0.get(name) {
            Some(Json::Natural(number)) => Field::Given(format!("{number:0digits$}")),
            Some(Json::OtherNumber) => Field::Given(String::new()),
            _ => match self.string(name) {
                Field::Given(text) if !is_numeric(text) => Field::WrongType,
                text => text.map(str::to_owned),
            },
        }
    }
}

/// As the rule `numeric` has it: signs, fractions and exponents are numbers too.
fn is_numeric(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn trimmed(value: &Json) -> Field<&str> {
    match value {
        Json::Null => Field::Absent,
        Json::String(text) => match text.trim() {
            "" => Field::Absent,
            text => Field::Given(text),
        },
        _ => Field::WrongType,
    }
}

impl<T> Field<T> {
    /// The value if one was given; absent and wrongly typed are one. For fields without rules of
    /// their own, such as the current password.
    pub fn given(self) -> Option<T> {
        match self {
            Self::Given(value) => Some(value),
            Self::Absent | Self::WrongType => None,
        }
    }

    /// The value, or the fault: `required`, or `wrong_type`.
    ///
    /// # Errors
    /// The one fault, in the form that [`FieldErrors::take`](account_core::field::FieldErrors::take) reads.
    pub fn required(self, wrong_type: Fault) -> Result<T, Vec<Fault>> {
        match self {
            Self::Given(value) => Ok(value),
            Self::Absent => Err(vec![Fault::Required]),
            Self::WrongType => Err(vec![wrong_type]),
        }
    }

    /// The value, nothing, or the fault `wrong_type`.
    ///
    /// # Errors
    /// The one fault.
    pub fn optional(self, wrong_type: Fault) -> Result<Option<T>, Vec<Fault>> {
        match self {
            Self::Given(value) => Ok(Some(value)),
            Self::Absent => Ok(None),
            Self::WrongType => Err(vec![wrong_type]),
        }
    }

    /// The same with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Field<U> {
        match self {
            Self::Given(value) => Field::Given(change(value)),
            Self::Absent => Field::Absent,
            Self::WrongType => Field::WrongType,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Fields {
        Json::parse(text.as_bytes()).unwrap().into()
    }

    #[test]
    fn absent_null_empty_and_blank_are_all_absent() {
        let fields = fields(r#"{"a":null,"b":"","c":" \t\u00a0\u2003"}"#);
        for name in ["a", "b", "c", "d"] {
            assert_eq!(fields.string(name), Field::Absent, "{name}");
            assert_eq!(fields.strings(name), Field::Absent, "{name}");
        }
    }

    #[test]
    fn a_string_loses_the_unicode_white_space_around_it() {
        let fields = fields(r#"{"a":"\u3000 x y \u00a0\n"}"#);
        assert_eq!(fields.string("a"), Field::Given("x y"));
    }

    #[test]
    fn f_27_a_password_keeps_its_outer_spaces() {
        let fields = fields(r#"{"password":" a ","current_password":"        ","none":""}"#);
        assert_eq!(fields.password("password"), Field::Given(" a "));
        assert_eq!(fields.password("current_password"), Field::Given("        "));
        assert_eq!(fields.password("none"), Field::Absent);
    }

    #[test]
    fn f_38_what_is_no_string_is_told_apart_and_breaks_nothing() {
        let fields = fields(r#"{"a":["x"],"b":1,"c":true,"d":{}}"#);
        for name in ["a", "b", "c", "d"] {
            assert_eq!(fields.string(name), Field::WrongType, "{name}");
            assert_eq!(fields.password(name), Field::WrongType, "{name}");
        }
    }

    #[test]
    fn the_elements_of_an_array_are_told_apart_one_by_one() {
        let fields = fields(r#"{"ips":[" 127.0.0.1 ","",null,127,{},["x"]],"map":{"a":"b"},"word":"x"}"#);
        assert_eq!(
            fields.strings("ips"),
            Field::Given(vec![
                Field::Given("127.0.0.1"),
                Field::Absent,
                Field::Absent,
                Field::WrongType,
                Field::WrongType,
                Field::WrongType
            ])
        );
        assert_eq!(fields.strings("map"), Field::WrongType);
        assert_eq!(fields.strings("word"), Field::WrongType);
    }

    #[test]
    fn a_code_keeps_its_leading_zeros() {
        let fields =
            fields(r#"{"text":"012345","number":12345,"wrong":[1],"word":"12x456","fraction":12.5}"#);
        assert_eq!(fields.code("text", 6), Field::Given("012345".into()));
        assert_eq!(fields.code("number", 6), Field::Given("012345".into()));
        assert_eq!(fields.code("wrong", 6), Field::WrongType);
        assert_eq!(fields.code("word", 6), Field::WrongType);
        assert_eq!(fields.code("fraction", 6), Field::Given(String::new()));
        assert_eq!(fields.code("none", 6), Field::Absent);
    }

    #[test]
    fn a_body_that_is_no_object_has_no_fields() {
        for text in ["null", "0", "12", "[1,2]", "\"x\"", "true"] {
            assert_eq!(fields(text), Fields::default(), "{text}");
        }
    }
}
