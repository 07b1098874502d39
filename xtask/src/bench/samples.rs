//! What was measured, by name: a value for each repetition. Ratios are taken within a repetition,
//! and only then is their median.

use std::collections::BTreeMap;

/// Values in the order they were measured.
#[derive(Debug, Default)]
pub(super) struct Samples(BTreeMap<String, Vec<f64>>);

impl Samples {
    pub(super) fn add(&mut self, name: &str, value: f64) {
        self.0.entry(name.to_owned()).or_default().push(value);
    }

    /// Adds how many times `of` is `to`.
    pub(super) fn add_ratio(&mut self, name: &str, of: f64, to: f64) {
        // Against nothing measured no ratio holds, whichever way the bar lies.
        self.add(name, if to > 0.0 { of / to } else { f64::NAN });
    }

    pub(super) fn median(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(|values| median(values))
    }

    /// The smallest and the largest.
    pub(super) fn range(&self, name: &str) -> Option<(f64, f64)> {
        let values = self.0.get(name).filter(|values| !values.is_empty())?;
        let all = values.iter().copied();
        Some((all.clone().reduce(f64::min)?, all.reduce(f64::max)?))
    }

    pub(super) fn count(&self, name: &str) -> usize {
        self.0.get(name).map_or(0, Vec::len)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &[f64])> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(*upper);
    }
    sorted.get(sorted.len() / 2 - 1).map(|lower| f64::midpoint(*lower, *upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle_or_between_the_two_middles() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_ratio_to_nothing_holds_nowhere() {
        let mut samples = Samples::default();
        samples.add_ratio("a", 1.0, 0.0);
        let value = samples.median("a").unwrap();
        assert!(value.is_nan(), "compared with anything, it is false");
    }
}
