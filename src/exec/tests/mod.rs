//! Tests of runs.

mod binding;
mod models;
mod plans;
mod weights;
