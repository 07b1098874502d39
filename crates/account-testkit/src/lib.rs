//! Conformance, race and property tests for any store of account-core.
