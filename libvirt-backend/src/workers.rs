//! Threads with a connection each, and the pool that they are in.

pub(crate) mod pool;
pub(crate) mod timeout;
pub(crate) mod worker;
