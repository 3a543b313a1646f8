//! Data of the domains in xenstore, kept up to date by watches over one connection.
//!
//! `connection` implements the daemon's protocol and never blocks. `mirror` watches nodes of every
//! domain and reads each node again after a change, and passes values to a `handler`.
//! `tracked_domain` is the mirror's state of one domain, `node` lists the nodes, `watch` the
//! watches, `requests` the reads in progress. `budget` limits what a guest that writes without a
//! pause costs. `domains` stores the values of `domain_nodes` (name, memory, role) for every domain.

mod budget;
mod connection;
mod domain_nodes;
pub(crate) mod domains;
pub(crate) mod handler;
pub(crate) mod mirror;
pub(crate) mod node;
mod requests;
#[cfg(test)]
pub(crate) mod scripted;
mod tracked_domain;
mod watch;
