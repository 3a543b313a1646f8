//! The HTTP server: metrics, health and pages. It only reads.
//!
//! - [`address`], [`config`], [`listen`]: what the command line and the configuration file say, and the
//!   socket, before the program drops its rights.
//! - [`document`]: what is served; [`metrics`]: the documents of this crate.
//! - [`output`]: the output of a run, and the two threads behind it. One renders documents from the last
//!   frame, each once a tick; the other one serves all connections.
//!
//! Connections, their times, requests and the memory of responses are bounded.
#![forbid(unsafe_code)]

pub mod address;
mod answer;
mod auth;
pub mod config;
mod connection;
mod deadline;
pub mod document;
pub mod error;
mod files;
mod health;
pub mod listen;
mod memory;
pub mod metrics;
mod negotiation;
pub mod output;
mod renderer;
mod server;
mod tls;
