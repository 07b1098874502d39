//! What a new password must be. Plain data.

/// The rules for new passwords (SEC-01, SEC-05). The upper limits are not policy: 256 characters
/// and 1024 bytes.
///
/// ```
/// use account_core::password::PasswordPolicy;
/// let stricter = PasswordPolicy { min_characters: 15, ..PasswordPolicy::default() };
/// assert!(stricter.block_list);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The fewest characters. Counted as 8 if lower and as 64 if higher: eight is the floor of the
    /// contract, and 64 must always be allowed.
    pub min_characters: usize,
    /// Whether well-known passwords and the account's own names are refused.
    pub block_list: bool,
    /// The product's name, which is refused too. Empty for none.
    pub product_name: String,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_characters: 8, block_list: true, product_name: String::new() }
    }
}

impl PasswordPolicy {
    /// The fewest characters that are in force: 8 to 64.
    pub fn min_characters(&self) -> usize {
        self.min_characters.clamp(8, 64)
    }
}
