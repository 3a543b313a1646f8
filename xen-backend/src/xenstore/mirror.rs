//! A mirror of the nodes of every domain: the nodes are watched, and read again when they change.
//!
//! A watch fires once when it is set and then at every change. Each event puts its node into a
//! queue: each node once, however often it changed, and never while a read of it is in progress.
//! So the work in progress is bounded by the number of nodes, whatever the guests write. A guest
//! that writes without a pause loses the watches on its own nodes for a while.
//!
//! A steady tick costs one read of the connection. The connection is also read between two ticks,
//! because xenstored blocks guests while the watch events that they caused are not read.
//!
//! `state` holds the state, `sync` adds and removes domains, `exchange` runs one round of messages,
//! `pump` sends requests from the `queues`, `message` handles what arrives, `storm` suspends the
//! watches on guests that write too much, and `warnings` reports what is not known.

mod exchange;
mod message;
mod pump;
mod queues;
pub(crate) mod state;
mod storm;
mod sync;
mod warnings;

#[cfg(test)]
mod tests;
