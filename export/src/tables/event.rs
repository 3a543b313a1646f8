//! The table of events.

use crate::schema::cell::Cell;
use crate::schema::column::Table;
use crate::schema::column::columns;
use virtmon_analysis::event::Event;
use virtmon_analysis::event::Value;
use virtmon_analysis::frame::Frame;

/// The table of events.
#[derive(Debug)]
pub enum EventTable {}

impl Table for EventTable {
    type Row<'a> = &'a Event;
    const NAME: &'static str = "event";
    const HELP: &'static str = "One row for each change that a reading shows against the one before, or that libvirt told of: it happened between the two. Nothing but a failed reading has an event without a tick in the other tables.";
    columns! {
        "id" [""] "the domain's id; empty where the event is the host's" ("the domain table")
            |event| event.identity.map(|identity| identity.id).into();
        "uuid" [""] "the domain's uuid" ("the domain table")
            |event| event.identity.map_or(Cell::Unknown, |identity| Cell::Uuid(identity.uuid));
        "name" [""] "the domain's name" ("the domain table") |event| event.name.as_deref().into();
        "event" [""] "created, destroyed, rebooted, id_reused, renamed, paused, resumed, shutdown, crashed, dying, counter_reset, vcpus_changed, memory_changed, nic_added, nic_removed, disk_added, disk_removed, device_added, device_removed (of another kind), memory_copy (number of the pass over its memory in a migration, save, snapshot or dump), stale, recovered; of the host: warning, sample_failed, sample_recovered, output_dropped, suspended (new is for how long, in ns), clock_stepped (the wall clock, in ns since 1970)"
            ("made of the readings", "made of the readings; of what no reading shows: virConnectDomainEventRegisterAny") |event| Cell::Word(event.kind.as_str());
        "device" [""] "the device or counter that it is about" ("made of the readings")
            |event| Some(event.device.as_str()).filter(|device| !device.is_empty()).into();
        "old" [""] "what it was" ("made of the readings") |event| cell(&event.old);
        "new" [""] "what it is" ("made of the readings") |event| cell(&event.new);
        "cause" [""] "why, as far as it is told" ("made of the readings", "made of the readings; virDomainEventStartedDetailType and its kin")
            |event| Some(&*event.cause).filter(|cause| !cause.is_empty()).into();
        "notified_ns" ["ns"] "when the toolstack told of it by itself, by the monotonic clock; empty where the readings alone show it" ("not told", "virConnectDomainEventRegisterAny") |event| event.notified_ns.into();
        "follows" [""] "kind of the event of the same domain that this one is part of: created or rebooted for the setup of a domain (name, memory, vCPUs, devices, start) within 10 s; empty else" ("made of the samples")
            |event| event.follows.map_or(Cell::Unknown, |kind| Cell::Word(kind.as_str()));
    }

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&Self::Row<'a>)) {
        for event in frame.events {
            each(&event);
        }
    }
}

fn cell(value: &Value) -> Cell<'_> {
    match value {
        Value::Nothing => Cell::Unknown,
        Value::Number(number) => Cell::Number(*number),
        Value::Word(word) => Cell::Word(word),
        Value::Name(name) => Cell::Text(name),
        Value::Uuid(uuid) => Cell::Uuid(*uuid),
    }
}
