//! The process: its privileges, its scheduling, its messages, and what it reports to a service
//! manager.

pub mod journal;
pub mod notify;
pub mod realtime;
pub mod sandbox;
pub mod self_monitor;
pub mod waiting;
