//! The table of events.

use crate::schema::cell::Cell;
use crate::schema::column::{Table, columns, words};
use crate::schema::info::TableNeeds;
use crate::schema::metric::{ColumnUse, unused};
use virtmon_analysis::event::{Event, EventKind, Value};
use virtmon_analysis::frame::Frame;

/// The table of events.
#[derive(Debug)]
pub enum EventTable {}

const EVENTS: &str = "virtmon_events_total counts the events by their kind";

impl Table for EventTable {
    type Row<'a> = &'a Event;
    const NAME: &'static str = "event";
    const HELP: &'static str = "One row for each difference between a sample and the one before, and for each notification of libvirt: it happened between the two. Only a failed sample has an event without a tick in the other tables.";
    const DETAIL: Option<&'static str> = Some("Events");
    const NEEDS: TableNeeds = TableNeeds {
        notifications: true,
        ..TableNeeds::NONE
    };
    columns! {
        "id" u64 label "" "Id of the domain; empty for an event of the host" {any: "the domain table"}
            |event| event.identity.map(|identity| identity.id).into();
        "uuid" uuid label "" "Uuid of the domain" {any: "the domain table"}
            |event| event.identity.map_or(Cell::Unknown, |identity| Cell::Uuid(identity.uuid));
        "name" text label "" "Name of the domain" {any: "the domain table"} |event| event.name.as_deref().into();
        "event" text state(words!(EventKind)) "" "Kind of the event; device_added and device_removed are of devices other than NICs and disks; the new value of memory_copy is the number of the pass over the memory in a migration, save, snapshot or dump; of suspended the duration in ns; of clock_stepped the wall clock in ns since 1970"
            {xen: "computed from the samples", libvirt: "computed from the samples; changes that no sample shows: virConnectDomainEventRegisterAny"}
            |event| Cell::Word(event.kind.as_str());
        "device" text label "" "Device or counter of the event" {any: "computed from the samples"}
            |event| Some(event.device.as_str()).filter(|device| !device.is_empty()).into();
        "old" text text "" "Value before the change" {any: "computed from the samples"} |event| cell(&event.old);
        "new" text text "" "Value after the change" {any: "computed from the samples"} |event| cell(&event.new);
        "cause" text text "" "Cause of the event, if known" {xen: "computed from the samples", libvirt: "computed from the samples; virDomainEventStartedDetailType and the other detail types"}
            |event| Some(&*event.cause).filter(|cause| !cause.is_empty()).into();
        "notified_ns" u64 gauge "ns" "Time of libvirt's notification by the monotonic clock; empty if only the samples show the event"
            {libvirt: "virConnectDomainEventRegisterAny"} |event| event.notified_ns.into();
        "follows" text text "" "Kind of the event of the same domain that this event is part of: created or rebooted for the setup of a domain (name, memory, vCPUs, devices, start) within 10 s; empty for all other events"
            {any: "computed from the samples"}
            |event| event.follows.map_or(Cell::Unknown, |kind| Cell::Word(kind.as_str()));
    }

    const METRICS: &'static [ColumnUse] = &[
        unused("id", EVENTS),
        unused("uuid", EVENTS),
        unused("name", EVENTS),
        unused("event", EVENTS),
        unused("device", EVENTS),
        unused("old", EVENTS),
        unused("new", EVENTS),
        unused("cause", EVENTS),
        unused("notified_ns", EVENTS),
        unused("follows", EVENTS),
    ];

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
