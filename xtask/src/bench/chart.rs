//! The pictures of `docs/performance.md`: horizontal bars in SVG, drawn by hand, legible on light and
//! dark pages.

use std::fmt::Write;

use super::report::number;
use super::samples::Samples;

/// The files.
pub(super) const NAMES: [&str; 3] = ["reads.svg", "storm.svg", "growth.svg"];

const WIDTH: f64 = 720.0;
const LABELS: f64 = 260.0;
const NUMBERS: f64 = 90.0;
const ROW: f64 = 26.0;
const TITLE: f64 = 34.0;

/// One bar: its label, the sample it shows, and whether it is ours.
type Row = (&'static str, &'static str, bool);

const READS: &[Row] = &[
    ("floor, SQLite", "rate/sqlite/floor", false),
    ("by key, SQLite", "rate/sqlite/by-key", true),
    ("by session, SQLite", "rate/sqlite/by-session", true),
    ("floor, PostgreSQL", "rate/postgres/floor", false),
    ("by key, PostgreSQL", "rate/postgres/by-key", true),
];

const STORM: &[Row] = &[
    ("p99, quiet", "paced/quiet/p99-us", false),
    ("p99, 8 clients sign in", "paced/8/p99-us", true),
    ("p99, 64 clients sign in", "paced/64/p99-us", true),
];

const GROWTH: &[Row] = &[
    ("read, SQLite, small", "rate/sqlite/read-small", false),
    ("read, SQLite, large", "rate/sqlite/read-large", true),
    ("read, PostgreSQL, small", "rate/postgres/read-small", false),
    ("read, PostgreSQL, large", "rate/postgres/read-large", true),
    ("new key, SQLite, small", "rate/sqlite/create-small", false),
    ("new key, SQLite, large", "rate/sqlite/create-large", true),
    ("new key, PostgreSQL, small", "rate/postgres/create-small", false),
    ("new key, PostgreSQL, large", "rate/postgres/create-large", true),
];

/// All pictures with their files' names.
pub(super) fn all(samples: &Samples) -> [(&'static str, String); 3] {
    let [reads, storm, growth] = NAMES;
    [
        (reads, draw("Account reads a second", READS, samples)),
        (storm, draw("A paced read beside sign-ins, microseconds", STORM, samples)),
        (growth, draw("Requests a second as the database grows", GROWTH, samples)),
    ]
}

/// Rows without a sample are left out.
fn draw(title: &str, rows: &[Row], samples: &Samples) -> String {
    let found: Vec<(&str, f64, bool)> =
        rows.iter().filter_map(|(label, name, ours)| Some((*label, samples.median(name)?, *ours))).collect();
    let most = found.iter().map(|(_, value, _)| *value).fold(1.0, f64::max);
    let height = TITLE + ROW * found.len() as f64 + 8.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"system-ui, sans-serif\" font-size=\"14\">\n\
         <style>text {{ fill: #1f2328 }} @media (prefers-color-scheme: dark) {{ text {{ fill: #e6edf3 }} }}</style>\n\
         <title>{title}</title>\n<text x=\"8\" y=\"22\" font-weight=\"600\">{title}</text>\n"
    );
    for (index, (label, value, ours)) in found.iter().enumerate() {
        let top = TITLE + ROW * index as f64;
        let length = (WIDTH - LABELS - NUMBERS) * value / most;
        let (text, colour) = (top + 16.0, if *ours { "#2f81f7" } else { "#8b949e" });
        // Writing to a string cannot fail.
        let _ = writeln!(
            svg,
            "<text x=\"{:.0}\" y=\"{text:.0}\" text-anchor=\"end\">{label}</text>\
             <rect x=\"{LABELS:.0}\" y=\"{:.0}\" width=\"{length:.1}\" height=\"18\" rx=\"2\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{text:.0}\">{}</text>",
            LABELS - 8.0,
            top + 2.0,
            LABELS + length + 6.0,
            number(*value)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_value_and_what_was_not_measured_has_none() {
        let mut samples = Samples::default();
        samples.add("rate/sqlite/floor", 50_000.0);
        samples.add("rate/sqlite/by-key", 25_000.0);
        let [(name, svg), ..] = all(&samples);
        assert_eq!(name, "reads.svg");
        assert_eq!(svg.matches("<rect").count(), 2);
        assert!(svg.contains("width=\"370.0\"") && svg.contains("width=\"185.0\""), "{svg}");
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    }
}
