//! `cargo xtask scale`: what many nodes on large machines would do, simulated from what `cargo xtask bench`
//! saw a request cost on this one. A way of thinking, not a measurement: what is assumed is printed beside
//! what was measured, and `docs/scale.md` says what follows.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::Value;

use crate::failure::{Failure, Outcome};
use crate::queueing::{Arrival, Clients, Network, Resource, Step};
use crate::release;

/// Assumed: cores of a node, and of the database's machine.
const NODE_CORES: usize = 8;
const DATABASE_CORES: usize = 32;
/// Assumed: there and back between a node and the database, in one data centre.
const WIRE: f64 = 0.000_25;
/// Assumed: how busy a machine may be planned to be.
const PLANNED: f64 = 0.6;
/// Busier than this, and a simulation of part of a second no longer tells a long line from an endless one.
const NEVER_IDLE: f64 = 0.99;
/// Nodes that are tried on one database.
const NODES: [usize; 6] = [1, 2, 4, 8, 16, 32];
/// Parts of the aim that are asked for.
const ASKED: [f64; 4] = [0.5, 1.0, 4.0 / 3.0, 1.5];
/// Simulated requests: enough for a p99.
const REQUESTS: f64 = 300_000.0;
const SEED: u64 = 1;
/// The aim that the last table is about.
const AIM: f64 = 1_000_000.0;

/// What a request was seen to cost, in seconds of a core.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cost {
    node: f64,
    database: f64,
}

/// Reads what was measured, simulates, prints.
///
/// # Errors
/// When nothing was measured.
pub(crate) fn run(arguments: &[String]) -> Outcome<ExitCode> {
    let path = match arguments {
        [] => release::target().join("bench/results.json"),
        [option, file] if option == "--measured" => PathBuf::from(file),
        _ => return Err(Failure::new("scale takes no option but --measured FILE")),
    };
    let text = fs::read_to_string(&path).map_err(|_| {
        Failure::new(format!("no {}; `cargo xtask bench --only nodes` measures", path.display()))
    })?;
    let measured: Value =
        serde_json::from_str(&text).map_err(|_| Failure::new(format!("{} is no JSON", path.display())))?;
    let read = cost(&measured, "reads")?;
    let sign_in = cost(&measured, "sign-ins")?;
    let text = format!("{}\n{}\n{}", assumptions(read, sign_in), one_database(read), aim(read));
    std::io::stdout().write_all(text.as_bytes()).map_err(Failure::from_io("cannot print"))?;
    Ok(ExitCode::SUCCESS)
}

/// The medians of what `bench` wrote.
fn cost(measured: &Value, what: &str) -> Outcome<Cost> {
    let median = |part: &str| {
        let name = format!("cost/{what}/{part}-us");
        let samples = measured.get("samples").and_then(|samples| samples.get(&name))?.as_array()?;
        let seconds = middle(samples.iter().filter_map(Value::as_f64)) / 1e6;
        seconds.is_finite().then_some(seconds)
    };
    match (median("node"), median("rest")) {
        (Some(node), Some(database)) => Ok(Cost { node, database }),
        _ => Err(Failure::new(format!(
            "no cost of {what} was measured; `cargo xtask bench --only nodes` does"
        ))),
    }
}

fn assumptions(read: Cost, sign_in: Cost) -> String {
    format!(
        "measured, of one core: a read {:.0} µs on the node and {:.0} µs in the database and the system; \
         a sign-in {:.1} ms on the node and {:.0} µs there\n\
         assumed: {NODE_CORES} cores a node, {DATABASE_CORES} a database, {:.2} ms between them, \
         planned to be {:.0} % busy\n",
        read.node * 1e6,
        read.database * 1e6,
        sign_in.node * 1e3,
        sign_in.database * 1e6,
        WIRE * 1e3,
        PLANNED * 100.0
    )
}

/// More and more nodes on one database, each asked for as much as is planned: what breaks first?
fn one_database(read: Cost) -> String {
    let mut text =
        String::from("| nodes | reads asked for | answered | nodes busy | database busy | p50 | p99 |\n");
    text.push_str("|---|---|---|---|---|---|---|\n");
    for nodes in NODES {
        let rate = nodes as f64 * NODE_CORES as f64 * PLANNED / read.node;
        row(&mut text, &nodes.to_string(), rate, &simulated(read, nodes, 1, rate));
    }
    text
}

/// As many nodes and partitions as the aim needs, asked for less and for more than is planned.
fn aim(read: Cost) -> String {
    let machines = |cost: f64, cores: usize| (AIM * cost / (cores as f64 * PLANNED)).ceil() as usize;
    let (nodes, databases) = (machines(read.node, NODE_CORES), machines(read.database, DATABASE_CORES));
    let mut text = format!(
        "{AIM:.0} reads a second: {nodes} nodes, {databases} databases that each hold a part of the accounts\n\n"
    );
    text.push_str("| of the aim | reads asked for | answered | nodes busy | databases busy | p50 | p99 |\n");
    text.push_str("|---|---|---|---|---|---|---|\n");
    for asked in ASKED {
        let rate = AIM * asked;
        let name = format!("{:.0} %", asked * 100.0);
        row(&mut text, &name, rate, &simulated(read, nodes, databases, rate));
    }
    text
}

/// What a simulation said.
#[derive(Debug, Clone, Copy)]
struct Seen {
    rate: f64,
    nodes_busy: f64,
    databases_busy: f64,
    p50: f64,
    p99: f64,
}

fn row(text: &mut String, name: &str, asked: f64, seen: &Seen) {
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "| {name} | {asked:.0} | {:.0} | {:.0} % | {:.0} % | {} | {} |",
        seen.rate,
        seen.nodes_busy * 100.0,
        seen.databases_busy * 100.0,
        waited(seen, seen.p50),
        waited(seen, seen.p99)
    );
}

/// A line in front of what is never idle grows without end, and the time in it says how long was simulated.
fn waited(seen: &Seen, time: f64) -> String {
    if seen.nodes_busy.max(seen.databases_busy) > NEVER_IDLE {
        return "grows".into();
    }
    format!("{:.2} ms", time * 1e3)
}

/// Reads at random over all nodes and partitions. A partition is asked by every node, as accounts are spread
/// over both alike.
fn simulated(read: Cost, nodes: usize, databases: usize, rate: f64) -> Seen {
    let mut network = Network::default();
    let all_nodes: Vec<Resource> = (0..nodes).map(|_| network.resource(NODE_CORES)).collect();
    let all_databases: Vec<Resource> = (0..databases).map(|_| network.resource(DATABASE_CORES)).collect();
    let share = rate / (nodes * databases) as f64;
    for node in &all_nodes {
        for database in &all_databases {
            // What a node does lies before and after its question.
            let half = Step::Use(*node, read.node / 2.0);
            let way = vec![
                half,
                Step::Wait(WIRE / 2.0),
                Step::Use(*database, read.database),
                Step::Wait(WIRE / 2.0),
                half,
            ];
            network.clients(Clients { arrival: Arrival::Random(share), way });
        }
    }
    let (answered, busy) = network.run(REQUESTS / rate, SEED);
    let mean = |busy: &[f64]| busy.iter().sum::<f64>() / busy.len().max(1) as f64;
    let (of_nodes, of_databases) = busy.split_at(nodes.min(busy.len()));
    Seen {
        rate: answered.iter().map(|one| one.rate).sum(),
        nodes_busy: mean(of_nodes),
        databases_busy: mean(of_databases),
        p50: middle(answered.iter().map(|one| one.p50)),
        p99: middle(answered.iter().map(|one| one.p99)),
    }
}

fn middle(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const READ: Cost = Cost { node: 40e-6, database: 40e-6 };

    #[test]
    fn costs_are_the_medians_of_what_was_measured() {
        let measured = json!({ "samples": {
            "cost/reads/node-us": [30.0, 90.0, 40.0],
            "cost/reads/rest-us": [50.0],
        }});
        assert_eq!(cost(&measured, "reads").unwrap(), Cost { node: 40e-6, database: 50e-6 });
        assert!(cost(&measured, "sign-ins").unwrap_err().to_string().contains("sign-ins"));
    }

    #[test]
    fn nodes_are_added_until_the_database_is_full() {
        let rate = |nodes: usize| nodes as f64 * NODE_CORES as f64 * PLANNED / READ.node;
        let few = simulated(READ, 2, 1, rate(2));
        assert!(
            (few.rate / rate(2) - 1.0).abs() < 0.05 && (few.nodes_busy - PLANNED).abs() < 0.05,
            "{few:?}"
        );
        let many = simulated(READ, 16, 1, rate(16));
        let most = DATABASE_CORES as f64 / READ.database;
        assert!(many.rate < most * 1.05 && many.databases_busy > 0.95, "{many:?}");
        assert_eq!(waited(&many, many.p99), "grows");
        assert!(waited(&few, few.p99).ends_with(" ms"));
    }

    #[test]
    fn the_machines_for_the_aim_are_enough_for_it() {
        let text = aim(READ);
        assert!(text.contains("9 nodes, 3 databases"), "{text}");
    }
}
