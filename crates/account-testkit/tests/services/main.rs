//! The services' model and the simulation: that they find nothing in the services, and that they
//! find what is planted.

mod model;
mod plants;
mod simulation;
mod throttle_plants;
