//! What was given, and by whom: the command line over the environment over the file. Values are still
//! text here; an unknown name is refused here, a bad value where it is parsed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use zeroize::Zeroizing;

use super::known::{self, OUR_PREFIX, TEST_PREFIX};
use crate::failure::Failure;

/// One value as it was given, with the name that the person used for it.
struct Value {
    text: Zeroizing<String>,
    called: String,
}

/// All values given, the strongest source of each.
#[derive(Default)]
pub(crate) struct Given {
    values: BTreeMap<&'static str, Value>,
}

impl Given {
    /// Takes the TOML file's values, the weakest.
    ///
    /// # Errors
    /// One line that names an unknown key, or says where the file is not TOML.
    pub(crate) fn file(&mut self, path: &Path, content: &str) -> Result<(), Failure> {
        let table = content.parse::<toml::Table>().map_err(|error| {
            let line = error.span().and_then(|span| content.get(..span.start)).map(|before| {
                format!(" at line {}", before.bytes().filter(|byte| *byte == b'\n').count() + 1)
            });
            Failure::refused(format!(
                "{}: not TOML{}: {}",
                path.display(),
                line.unwrap_or_default(),
                error.message()
            ))
        })?;
        for (key, value) in &table {
            let called = format!("`{key}` in {}", path.display());
            let setting = known::by_file_key(key)
                .ok_or_else(|| Failure::refused(format!("{called}: there is no such setting")))?;
            let text = text_of(value).ok_or_else(|| {
                Failure::refused(format!(
                    "{called}: must be text, a whole number, true, false or a list of texts"
                ))
            })?;
            self.values.insert(setting.key, Value { text: Zeroizing::new(text), called });
        }
        Ok(())
    }

    /// Takes the environment's values, stronger than the file's. An empty variable counts as not set.
    ///
    /// # Errors
    /// One line that names an unknown `ACCOUNT_` variable, or one that is not Unicode.
    pub(crate) fn environment(
        &mut self,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<(), Failure> {
        for (name, value) in variables {
            let Some(name) = name.to_str() else { continue };
            let Some(setting) = known::by_variable(name) else {
                if name.starts_with(OUR_PREFIX) && !name.starts_with(TEST_PREFIX) {
                    return Err(Failure::refused(format!("{name}: there is no such setting")));
                }
                continue;
            };
            let text = value
                .into_string()
                .map_err(|_| Failure::refused(format!("{name}: the value is not Unicode text")))?;
            if !text.is_empty() {
                self.values
                    .insert(setting.key, Value { text: Zeroizing::new(text), called: name.to_owned() });
            }
        }
        Ok(())
    }

    /// Takes all that `stronger` has.
    pub(crate) fn over(&mut self, stronger: Self) {
        self.values.extend(stronger.values);
    }

    /// Takes one option of the command line, the strongest.
    pub(crate) fn option(&mut self, key: &'static str, option: &str, text: Option<&str>) {
        if let Some(text) = text {
            let value = Value { text: Zeroizing::new(text.to_owned()), called: option.to_owned() };
            self.values.insert(key, value);
        }
    }

    /// The value of `key` as text.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(|value| value.text.as_str())
    }

    /// What the person called this setting: an option, a variable, or a key of the file.
    pub(crate) fn called<'a>(&'a self, key: &'a str) -> &'a str {
        self.values.get(key).map_or(key, |value| value.called.as_str())
    }

    /// Parses the value of `key`, if it was given.
    ///
    /// # Errors
    /// One line: the name that the person used, and what is wrong with the value.
    pub(crate) fn parsed<T>(
        &self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Failure> {
        let Some(value) = self.values.get(key) else { return Ok(None) };
        parse(value.text.trim())
            .map(Some)
            .map_err(|problem| Failure::refused(format!("{}: {problem}", value.called)))
    }
}

fn text_of(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(yes) => Some(yes.to_string()),
        toml::Value::Array(items) => {
            let items: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
            items.map(|items| items.join(","))
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Result<Given, Failure> {
        let mut given = Given::default();
        given.environment(pairs.iter().map(|(name, value)| (name.into(), value.into())))?;
        Ok(given)
    }

    #[test]
    fn the_command_line_is_over_the_environment_is_over_the_file() {
        let mut given = Given::default();
        given.file(Path::new("a.toml"), "listen = \"1\"\ndatabase = \"1\"\napi_limit = 1").unwrap();
        given
            .environment(
                [("ACCOUNT_LISTEN".into(), "2".into()), ("ACCOUNT_DATABASE_URL".into(), "2".into())]
                    .into_iter(),
            )
            .unwrap();
        given.option("listen", "--listen", Some("3"));
        given.option("database", "--database", None);
        assert_eq!(["listen", "database", "api_limit"].map(|key| given.text(key).unwrap()), ["3", "2", "1"]);
        assert_eq!(given.called("listen"), "--listen");
        assert_eq!(given.called("database"), "ACCOUNT_DATABASE_URL");
        assert_eq!(given.called("api_limit"), "`api_limit` in a.toml");
    }

    #[test]
    fn an_unknown_variable_is_refused_by_name_unless_it_belongs_to_tests() {
        let refusal = environment(&[("ACCOUNT_LISTN", "x")]).err().unwrap();
        assert_eq!(refusal.to_string(), "ACCOUNT_LISTN: there is no such setting");
        assert!(environment(&[("ACCOUNT_TEST_ANYTHING", "x"), ("HOME", "/root"), ("ACCOUNTS", "")]).is_ok());
    }

    #[test]
    fn an_empty_variable_is_as_if_it_were_not_set() {
        assert_eq!(environment(&[("ACCOUNT_LISTEN", "")]).unwrap().text("listen"), None);
    }

    #[test]
    fn an_unknown_key_of_the_file_is_refused_by_name() {
        let mut given = Given::default();
        let refusal = given.file(Path::new("a.toml"), "listn = \"x\"").unwrap_err();
        assert_eq!(refusal.to_string(), "`listn` in a.toml: there is no such setting");
    }

    #[test]
    fn key_material_does_not_belong_into_the_file() {
        let refusal = Given::default().file(Path::new("a.toml"), "keyring_keys = \"x\"").unwrap_err();
        assert!(refusal.to_string().contains("keyring_keys"), "{refusal}");
    }

    #[test]
    fn a_file_that_is_not_toml_says_where() {
        let refusal = Given::default().file(Path::new("a.toml"), "api_limit = 1\nlisten = [").unwrap_err();
        assert!(refusal.to_string().starts_with("a.toml: not TOML at line 2"), "{refusal}");
        assert!(!refusal.to_string().contains('\n'));
    }

    #[test]
    fn a_list_of_the_file_reads_like_the_comma_separated_text() {
        let mut given = Given::default();
        given.file(Path::new("a.toml"), "trusted_proxies = [\"10.0.0.0/8\", \"::1\"]").unwrap();
        assert_eq!(given.text("trusted_proxies"), Some("10.0.0.0/8,::1"));
    }
}
