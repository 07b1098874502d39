//! Two nodes on one PostgreSQL: what one node was seen to need is put into a queueing network, the network
//! says what two nodes will do, and then two real ones do it. This is the check of the simulation that
//! `docs/scale.md` rests on; all processes share this machine's cores, and so they do in the network.

use std::path::Path;

use super::load::{self, Length, Load, Report};
use super::machine;
use super::place::Place;
use super::requests;
use super::samples::Samples;
use super::subject::Subject;
use crate::failure::Outcome;
use crate::queueing::{Arrival, Clients, Network, Resource, Step};

/// Clients of each node.
const READERS: usize = 16;
const SIGNING_IN: usize = 4;
/// What a scheduler lets a hash run before another has its turn.
const SLICE: f64 = 0.003;
/// Each node hashes one password at a time, so that nodes, and not this machine's cores, are what is scarce.
const ONE_AT_A_TIME: [(&str, &str); 1] = [("ACCOUNT_HASHING_THREADS", "1")];
/// Simulated seconds, for a prediction that does not depend on its dice.
const SIMULATED: f64 = 30.0;
const SEED: u64 = 1;

/// What a request costs, in seconds of a core.
#[derive(Debug, Clone, Copy)]
struct Cost {
    client: f64,
    node: f64,
    /// The database, and what the system does for all of them.
    rest: f64,
}

impl Place<'_> {
    /// One sample: one node, the prediction, two nodes. The order of the two turns around.
    ///
    /// # Errors
    /// When a node does not do as it should.
    pub(super) fn nodes(&self, backwards: bool, samples: &mut Samples) -> Outcome<()> {
        let reads = requests::by_key(&self.database.usable);
        self.compare("reads", READERS, &reads, backwards, reading, samples)?;
        let sign_ins = requests::sign_ins(&self.database.usable);
        self.compare("sign-ins", SIGNING_IN, &sign_ins, backwards, signing_in, samples)
    }

    fn compare(
        &self,
        what: &str,
        clients: usize,
        requests: &[String],
        backwards: bool,
        way: fn(&mut Network, Resource, Cost) -> Vec<Step>,
        samples: &mut Samples,
    ) -> Outcome<()> {
        let path = requests::write(self.folder, what, requests)?;
        let one = || self.cost(what, clients, &path);
        let two = || self.together(what, clients, &path);
        let ((cost, alone), measured) = if backwards {
            let measured = two()?;
            (one()?, measured)
        } else {
            (one()?, two()?)
        };
        let predicted = predicted(cost, clients, way);
        samples.add(&format!("nodes/{what}/one"), alone);
        samples.add(&format!("nodes/{what}/two-predicted"), predicted);
        samples.add(&format!("nodes/{what}/two-measured"), measured);
        samples.add_ratio(&format!("nodes/{what}/measured-to-predicted"), measured, predicted);
        for (part, seconds) in [("client", cost.client), ("node", cost.node), ("rest", cost.rest)] {
            samples.add(&format!("cost/{what}/{part}-us"), seconds * 1e6);
        }
        Ok(())
    }

    /// What a request costs, and how many a second one node answers.
    fn cost(&self, what: &str, clients: usize, requests: &Path) -> Outcome<(Cost, f64)> {
        let node = self.node()?;
        let before = spent(&node)?;
        let report = self.load(&node, clients, requests).run(&self.programs.bench)?.all_succeeded(what)?;
        let after = spent(&node)?;
        let answers = report.success_rate * self.seconds * (1.0 + load::WARM_UP);
        let client = (after.clients - before.clients) / answers;
        let own = (after.node - before.node) / answers;
        let rest = ((after.machine - before.machine) / answers - client - own).max(0.0);
        Ok((Cost { client, node: own, rest }, report.success_rate))
    }

    /// How many requests a second two nodes answer.
    fn together(&self, what: &str, clients: usize, requests: &Path) -> Outcome<f64> {
        let nodes = [self.node()?, self.node()?];
        let started: Vec<_> = nodes
            .iter()
            .map(|node| self.load(node, clients, requests).start(&self.programs.bench))
            .collect::<Outcome<_>>()?;
        let reports: Vec<Report> = started
            .into_iter()
            .map(|load| load::finish(load)?.all_succeeded(what))
            .collect::<Outcome<_>>()?;
        Ok(reports.iter().map(|report| report.success_rate).sum())
    }

    fn node(&self) -> Outcome<Subject> {
        let mut node = Subject::server_with(self.programs, self.database, self.folder, &ONE_AT_A_TIME)?;
        let by_key = requests::by_key(&self.database.usable);
        if let Some(request) = by_key.first() {
            node.answers(request)?;
        }
        Ok(node)
    }

    fn load(&self, node: &Subject, clients: usize, requests: &Path) -> Load {
        Load {
            address: node.address,
            requests: requests.to_owned(),
            connections: clients,
            length: Length::Seconds(self.seconds),
            pace: None,
        }
    }
}

/// Processor time so far, in seconds.
struct Spent {
    machine: f64,
    /// Load generators that have ended.
    clients: f64,
    node: f64,
}

fn spent(node: &Subject) -> Outcome<Spent> {
    Ok(Spent {
        machine: machine::busy_time()?,
        clients: machine::processor_time_of_children()?,
        node: node.processor_time()?,
    })
}

/// Answers a second of two nodes, each with so many clients.
fn predicted(cost: Cost, clients: usize, way: fn(&mut Network, Resource, Cost) -> Vec<Step>) -> f64 {
    let mut network = Network::default();
    let cores = network.resource(machine::cores());
    for _ in 0..2 {
        let way = way(&mut network, cores, cost);
        network.clients(Clients { arrival: Arrival::Answered(clients), way });
    }
    network.run(SIMULATED, SEED).0.iter().map(|answered| answered.rate).sum()
}

fn reading(_: &mut Network, cores: Resource, cost: Cost) -> Vec<Step> {
    vec![Step::Use(cores, cost.client), Step::Use(cores, cost.node), Step::Use(cores, cost.rest)]
}

/// Nearly all that a node does for a sign-in is the hash, for which it has one thread.
fn signing_in(network: &mut Network, cores: Resource, cost: Cost) -> Vec<Step> {
    let hasher = network.resource(1);
    vec![
        Step::Use(cores, cost.client),
        Step::Take(hasher),
        Step::Slices { of: cores, seconds: cost.node, slice: SLICE },
        Step::Give(hasher),
        Step::Use(cores, cost.rest),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_nodes_that_hash_one_at_a_time_do_twice_as_much_where_cores_are_left() {
        let cost = Cost { client: 1e-4, node: 0.05, rest: 1e-4 };
        let rate = predicted(cost, 4, signing_in);
        if machine::cores() >= 2 {
            assert!((36.0..=40.5).contains(&rate), "{rate}");
        }
    }

    #[test]
    fn where_all_share_the_cores_the_sum_of_the_costs_is_the_limit() {
        let cost = Cost { client: 1e-4, node: 2e-4, rest: 1e-4 };
        let most = machine::cores() as f64 / 4e-4;
        let rate = predicted(cost, 16, reading);
        assert!(rate <= most * 1.02 && rate >= most * 0.9, "{rate} of {most}");
    }
}
