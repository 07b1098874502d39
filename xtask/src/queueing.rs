//! A queueing network, simulated event by event: clients send requests that pass resources (cores, a
//! database, a hashing thread) of which there are a few, and wait in line where all are taken. It knows
//! nothing of accounts; what a request costs where is measured or assumed by whoever asks. The same
//! question has the same answer: its dice are seeded.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

use crate::dice::Dice;

/// Names a resource of a [`Network`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Resource(usize);

/// Something that happens to a request on its way.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// One unit of a resource for so many seconds on average, exponentially spread; then it is free again.
    Use(Resource, f64),
    /// The same without spread, in turns of at most a slice each, as a scheduler gives out a core.
    Slices {
        of: Resource,
        seconds: f64,
        slice: f64,
    },
    /// Time that needs nothing: a wire.
    Wait(f64),
    /// One unit, kept until it is given back.
    Take(Resource),
    Give(Resource),
}

/// Who sends requests.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    pub(crate) arrival: Arrival,
    /// What each of their requests passes, in this order.
    pub(crate) way: Vec<Step>,
}

/// When the next request is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Arrival {
    /// So many clients, each of which sends as soon as it was answered.
    Answered(usize),
    /// So many a second, at random, whatever the answers do.
    Random(f64),
}

/// What came out of a simulation, by group of clients.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answered {
    /// Answers a second.
    pub(crate) rate: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// Resources and who asks for them.
#[derive(Debug, Default)]
pub(crate) struct Network {
    units: Vec<usize>,
    clients: Vec<Clients>,
}

/// Of the simulated time, this part at the beginning does not count: queues must fill first.
const WARM_UP: f64 = 0.2;

impl Network {
    /// A resource of so many units.
    pub(crate) fn resource(&mut self, units: usize) -> Resource {
        self.units.push(units.max(1));
        Resource(self.units.len() - 1)
    }

    pub(crate) fn clients(&mut self, clients: Clients) {
        self.clients.push(clients);
    }

    /// Runs for so many simulated seconds. The answers are in the order in which clients were added; the
    /// second list is how busy each resource was, from 0 to 1, in the order of the resources.
    pub(crate) fn run(&self, seconds: f64, seed: u64) -> (Vec<Answered>, Vec<f64>) {
        Run::new(self, seconds, seed).until_its_end()
    }
}

/// A request on its way.
#[derive(Debug, Clone, Copy)]
struct Request {
    group: usize,
    sent: f64,
    step: usize,
    /// What is left of a step that is done in slices.
    left: Option<f64>,
}

#[derive(Debug, Clone, Copy)]
enum What {
    /// A request of this group is sent, by nobody in particular.
    Sent(usize),
    /// The request goes on with its next step.
    Goes(Request),
    /// The request frees a resource and goes on.
    Frees(Request, Resource),
}

#[derive(Debug, Clone, Copy)]
struct Event {
    at: f64,
    /// Events of the same time happen in the order in which they were planned.
    number: u64,
    what: What,
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Event {}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap gives the greatest first; the earliest is wanted.
        other.at.total_cmp(&self.at).then(other.number.cmp(&self.number))
    }
}

#[derive(Debug)]
struct Line {
    free: usize,
    waiting: VecDeque<Request>,
    busy: f64,
}

struct Run<'a> {
    network: &'a Network,
    end: f64,
    now: f64,
    planned: u64,
    events: BinaryHeap<Event>,
    lines: Vec<Line>,
    times: Vec<Vec<f64>>,
    dice: Dice,
}

impl<'a> Run<'a> {
    fn new(network: &'a Network, seconds: f64, seed: u64) -> Self {
        let line = |units: &usize| Line { free: *units, waiting: VecDeque::new(), busy: 0.0 };
        Self {
            network,
            end: seconds,
            now: 0.0,
            planned: 0,
            events: BinaryHeap::new(),
            lines: network.units.iter().map(line).collect(),
            times: vec![Vec::new(); network.clients.len()],
            dice: Dice::new(seed),
        }
    }

    fn until_its_end(mut self) -> (Vec<Answered>, Vec<f64>) {
        for (group, clients) in self.network.clients.iter().enumerate() {
            match clients.arrival {
                Arrival::Answered(count) => (0..count).for_each(|_| self.plan(0.0, What::Sent(group))),
                Arrival::Random(rate) => {
                    let first = self.spread(1.0 / rate);
                    self.plan(first, What::Sent(group));
                }
            }
        }
        while let Some(event) = self.events.pop() {
            if event.at > self.end {
                break;
            }
            self.now = event.at;
            self.happens(event.what);
        }
        let counted = self.end * (1.0 - WARM_UP);
        let answered = self.times.iter_mut().map(|times| summed_up(times, counted)).collect();
        let busy = self.lines.iter().zip(&self.network.units);
        (answered, busy.map(|(line, units)| line.busy / (*units as f64 * self.end)).collect())
    }

    fn happens(&mut self, what: What) {
        match what {
            What::Sent(group) => {
                if let Some(Arrival::Random(rate)) = self.network.clients.get(group).map(|one| one.arrival) {
                    let next = self.spread(1.0 / rate);
                    self.plan(next, What::Sent(group));
                }
                self.go(Request { group, sent: self.now, step: 0, left: None });
            }
            What::Goes(request) => self.go(request),
            What::Frees(request, resource) => {
                self.free(resource);
                self.go(request);
            }
        }
    }

    /// The request's next step, or its end.
    fn go(&mut self, request: Request) {
        let way = self.network.clients.get(request.group).map_or(&[][..], |one| one.way.as_slice());
        let Some(step) = way.get(request.step).copied() else { return self.answered(request) };
        match step {
            Step::Wait(seconds) => self.plan(seconds, What::Goes(request.next())),
            Step::Give(resource) => {
                self.free(resource);
                self.go(request.next());
            }
            Step::Use(resource, _) | Step::Slices { of: resource, .. } | Step::Take(resource) => {
                let Some(line) = self.lines.get_mut(resource.0) else { return };
                if line.free > 0 {
                    line.free -= 1;
                    self.served(request, step);
                } else {
                    line.waiting.push_back(request);
                }
            }
        }
    }

    /// A request has a unit of what its step asks for.
    fn served(&mut self, request: Request, step: Step) {
        match step {
            Step::Use(resource, mean) => {
                let seconds = self.spread(mean);
                self.work(resource, seconds, request.next());
            }
            Step::Slices { of, seconds, slice } => {
                let left = request.left.unwrap_or(seconds);
                let rest = left - slice;
                let then = if rest > 0.0 { Request { left: Some(rest), ..request } } else { request.next() };
                self.work(of, left.min(slice), then);
            }
            Step::Take(_) => self.go(request.next()),
            Step::Wait(_) | Step::Give(_) => {}
        }
    }

    fn work(&mut self, resource: Resource, seconds: f64, then: Request) {
        if let Some(line) = self.lines.get_mut(resource.0) {
            line.busy += seconds;
        }
        self.plan(seconds, What::Frees(then, resource));
    }

    /// A unit is free: the first in line gets it.
    fn free(&mut self, resource: Resource) {
        let Some(line) = self.lines.get_mut(resource.0) else { return };
        let Some(first) = line.waiting.pop_front() else {
            line.free += 1;
            return;
        };
        let way = self.network.clients.get(first.group).and_then(|one| one.way.get(first.step));
        if let Some(step) = way.copied() {
            self.served(first, step);
        }
    }

    fn answered(&mut self, request: Request) {
        if self.now >= self.end * WARM_UP
            && let Some(times) = self.times.get_mut(request.group)
        {
            times.push(self.now - request.sent);
        }
        if let Some(Arrival::Answered(_)) = self.network.clients.get(request.group).map(|one| one.arrival) {
            self.plan(0.0, What::Sent(request.group));
        }
    }

    fn plan(&mut self, after: f64, what: What) {
        self.planned += 1;
        self.events.push(Event { at: self.now + after, number: self.planned, what });
    }

    /// Exponentially spread around a mean.
    fn spread(&mut self, mean: f64) -> f64 {
        let uniform = ((self.dice.throw() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        -mean * uniform.ln()
    }
}

impl Request {
    fn next(self) -> Self {
        Self { step: self.step + 1, left: None, ..self }
    }
}

fn summed_up(times: &mut [f64], counted: f64) -> Answered {
    times.sort_unstable_by(f64::total_cmp);
    let at = |part: f64| times.get((times.len() as f64 * part) as usize).copied().unwrap_or(f64::NAN);
    Answered { rate: times.len() as f64 / counted, p50: at(0.5), p99: at(0.99) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Open arrivals at one exponential server: Erlang's oldest result.
    #[test]
    fn a_single_line_waits_as_long_as_the_formula_says() {
        let mut network = Network::default();
        let server = network.resource(1);
        network.clients(Clients { arrival: Arrival::Random(70.0), way: vec![Step::Use(server, 0.01)] });
        let (answered, busy) = network.run(4000.0, 7);
        // M/M/1: time in system is exponential with mean 1 / (mu - lambda) = 1/30 s.
        let (p50, p99) = (2_f64.ln() / 30.0, 100_f64.ln() / 30.0);
        let near = |value: f64, formula: f64| (value / formula - 1.0).abs() < 0.08;
        assert!(near(answered[0].p50, p50) && near(answered[0].p99, p99), "{answered:?}");
        assert!(near(answered[0].rate, 70.0) && near(busy[0], 0.7), "{answered:?} {busy:?}");
    }

    #[test]
    fn clients_that_wait_for_answers_fill_the_narrowest_place() {
        let mut network = Network::default();
        let (wide, narrow) = (network.resource(4), network.resource(2));
        let way = vec![Step::Use(wide, 0.01), Step::Wait(0.005), Step::Use(narrow, 0.02)];
        network.clients(Clients { arrival: Arrival::Answered(50), way });
        let (answered, busy) = network.run(200.0, 1);
        assert!((answered[0].rate / 100.0 - 1.0).abs() < 0.03, "{answered:?}");
        assert!(busy[1] > 0.99, "{busy:?}");
    }

    #[test]
    fn what_is_taken_is_kept_until_it_is_given() {
        let mut network = Network::default();
        let (cores, hasher) = (network.resource(2), network.resource(1));
        let hash = Step::Slices { of: cores, seconds: 0.02, slice: 0.001 };
        let way = vec![Step::Take(hasher), hash, Step::Give(hasher)];
        network.clients(Clients { arrival: Arrival::Answered(8), way });
        let (answered, busy) = network.run(100.0, 1);
        // One at a time, though two cores are there.
        assert!((answered[0].rate / 50.0 - 1.0).abs() < 0.02, "{answered:?}");
        assert!((busy[0] - 0.5).abs() < 0.02, "{busy:?}");
    }

    #[test]
    fn slices_let_short_requests_through() {
        let light = |slice: f64| {
            let mut network = Network::default();
            let core = network.resource(1);
            let heavy = vec![Step::Slices { of: core, seconds: 0.05, slice }];
            network.clients(Clients { arrival: Arrival::Answered(1), way: heavy });
            network.clients(Clients { arrival: Arrival::Random(20.0), way: vec![Step::Use(core, 0.0001)] });
            network.run(200.0, 1).0[1].p99
        };
        assert!(light(0.001) * 10.0 < light(0.05));
    }

    #[test]
    fn the_same_seed_gives_the_same_answer() {
        let mut network = Network::default();
        let server = network.resource(3);
        network.clients(Clients { arrival: Arrival::Random(100.0), way: vec![Step::Use(server, 0.02)] });
        assert_eq!(network.run(20.0, 5), network.run(20.0, 5));
        assert_ne!(network.run(20.0, 5), network.run(20.0, 6));
    }
}
