//! libvirt's C library: loaded at run time, its objects owned, its values copied out.
//!
//! Everything that comes out of here is safe to use: a handle borrows what must outlive it, and
//! no pointer leaves this module.

mod bindings;
mod callbacks;
mod connection;
mod counters;
mod domain;
pub(crate) mod event_queue;
mod events;
mod library;
mod lists;
pub(crate) mod params;
mod record;

pub(crate) use bindings::{
    VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE, VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS,
    VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT, VIR_DOMAIN_BLOCKED, VIR_DOMAIN_CRASHED,
    VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STOPPED,
    VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PMSUSPENDED, VIR_DOMAIN_RUNNING,
    VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_STATS_BALLOON, VIR_DOMAIN_STATS_BLOCK,
    VIR_DOMAIN_STATS_CPU_TOTAL, VIR_DOMAIN_STATS_DIRTYRATE, VIR_DOMAIN_STATS_INTERFACE,
    VIR_DOMAIN_STATS_IOTHREAD, VIR_DOMAIN_STATS_MEMORY, VIR_DOMAIN_STATS_PERF,
    VIR_DOMAIN_STATS_STATE, VIR_DOMAIN_STATS_VCPU, VIR_DOMAIN_STATS_VM, VIR_ERR_ACCESS_DENIED,
    VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_ERR_AUTH_CANCELLED, VIR_ERR_AUTH_FAILED,
    VIR_ERR_AUTH_UNAVAILABLE, VIR_ERR_INVALID_ARG, VIR_ERR_NO_CONNECT, VIR_ERR_NO_DOMAIN,
    VIR_ERR_NO_DOMAIN_METADATA, VIR_ERR_NO_SUPPORT, VIR_ERR_OPERATION_DENIED, VIR_ERR_SYSTEM_ERROR,
    VIR_TYPED_PARAM_BOOLEAN, VIR_TYPED_PARAM_INT, VIR_TYPED_PARAM_LLONG, VIR_TYPED_PARAM_STRING,
    VIR_TYPED_PARAM_UINT, VIR_TYPED_PARAM_ULLONG,
};
pub(crate) use connection::{Connection, names_host};
pub(crate) use counters::Counters;
pub(crate) use domain::{Domain, DomainInfo, VcpuInfo};
pub(crate) use events::{Subscription, run_loop};
pub(crate) use library::{Library, LoadError};
pub(crate) use lists::{ActiveDomains, StatsRecords};
pub(crate) use record::Record;
