//! Worker threads with a connection each, and the pool that takes samples with them.

pub(crate) mod pool;
mod request;
mod timeout;
mod worker;
mod worker_thread;
