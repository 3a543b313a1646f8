//! The tables, one file each.

pub mod device;
pub mod domain;
pub mod event;
pub mod host;
pub mod openstack;
pub mod self_stats;
pub mod stat;
pub mod subsamples;
pub mod tick;
pub mod totals;
pub mod vcpu;
