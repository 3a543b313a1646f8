//! What happened between two readings: a pure function of both.

use virtmon_model::{Devices, Disk, Domain, Nic, Snapshot, State};

use crate::event::Event;
use crate::event::{EventKind, Value};
use crate::rates::{DomainRates, Match};
use crate::{backwards, counter};

/// What `xl migrate` puts behind a guest's name while it comes, and once it has gone: all that Xen's
/// host has to show of a migration.
const INCOMING: &str = "--incoming";
const MIGRATED_AWAY: &str = "--migratedaway";

/// Compares two readings, of which `rates` are already made.
///
/// Adds what happened to `events`, and takes back the rates that are not of one thing: of sums
/// whose parts are others now. `seen` is a buffer.
pub fn compare(
    before: &Snapshot,
    now: &Snapshot,
    rates: &mut [DomainRates],
    seen: &mut Vec<bool>,
    events: &mut Vec<Event>,
) {
    let mut still = 0;
    for (domain, rates) in now.domains.iter().zip(&mut *rates) {
        still += usize::from(rates.matched.same().is_some());
        match rates.matched {
            Match::FirstSample => {}
            Match::Same(at) => {
                compare_domain(&before.domains[at], domain, rates, events);
            }
            Match::Restarted(at) => {
                let old = &before.domains[at];
                let ids = [old, domain].map(|d| Value::Number(d.identity.id.into()));
                let [old_id, new_id] = ids;
                let event = Event::of(domain, EventKind::Rebooted, old_id, new_id);
                events.push(event.because("its uuid has another life"));
                compare_names(old, domain, events);
            }
            Match::New => {
                let cause = match domain.name.as_deref() {
                    Some(name) if name.ends_with(INCOMING) => "xl receives it from another host",
                    _ if rates.reset => "its uuid is that of another one, which is still here",
                    _ => "",
                };
                events.push(created(domain).because(cause));
            }
            Match::IdReused(at) => {
                let old = before.domains[at].identity.uuid;
                events.push(created(domain));
                events.push(
                    Event::of(
                        domain,
                        EventKind::IdReused,
                        Value::Uuid(old),
                        Value::Uuid(domain.identity.uuid),
                    )
                    .because("its id was another one's"),
                );
            }
        }
    }
    if still == before.domains.len() {
        return;
    }
    seen.clear();
    seen.resize(before.domains.len(), false);
    for at in rates.iter().filter_map(|rates| rates.matched.place()) {
        seen[at] = true;
    }
    let gone = before.domains.iter().zip(seen.iter());
    for (domain, _) in gone.filter(|(_, seen)| !**seen) {
        let state = Value::Word(domain.state.as_str());
        let event = Event::of(domain, EventKind::Destroyed, state, Value::Nothing);
        let name = domain.name.as_deref().unwrap_or_default();
        events.push(event.because(match domain.state {
            _ if name.ends_with(MIGRATED_AWAY) => "xl has sent it to another host",
            State::Shutdown => "it had shut down",
            State::Crashed => "it had crashed",
            State::Dying => "it was dying",
            _ => "",
        }));
    }
}

fn created(domain: &Domain) -> Event {
    let state = Value::Word(domain.state.as_str());
    Event::of(domain, EventKind::Created, Value::Nothing, state)
}

/// Compares two readings of the same life.
fn compare_domain(old: &Domain, new: &Domain, rates: &mut DomainRates, events: &mut Vec<Event>) {
    compare_names(old, new, events);
    if (old.stale_ns == 0) != (new.stale_ns == 0) {
        let kind = if new.stale_ns == 0 {
            EventKind::Recovered
        } else {
            EventKind::Stale
        };
        let age = |domain: &Domain| Value::Number(domain.stale_ns);
        let mut event = Event::of(new, kind, age(old), age(new));
        if let Some(error) = &new.error {
            event = event.because(error.to_string());
        }
        events.push(event);
    }
    if old.state != new.state
        && let Some(kind) = turned(old.state, new.state)
    {
        let [old_word, new_word] = [old, new].map(|d| Value::Word(d.state.as_str()));
        events.push(Event::of(new, kind, old_word, new_word));
    }
    if let (Some(then), Some(now)) = (old.vcpus_online, new.vcpus_online)
        && then != now
    {
        let [then, now] = [then, now].map(|n| Value::Number(n.into()));
        events.push(Event::of(new, EventKind::VcpusChanged, then, now));
    }
    if let (Some(then), Some(now)) = (old.mem_bytes, new.mem_bytes)
        && then != now
    {
        let event = Event::of(
            new,
            EventKind::MemoryChanged,
            Value::Number(then),
            Value::Number(now),
        );
        events.push(event.because(match new.memory.target_bytes {
            Some(target) if target != old.memory.target_bytes.unwrap_or(target) => {
                "its target was changed"
            }
            _ => "",
        }));
    }
    if new.cpu_time_ns < old.cpu_time_ns && new.cpu_time_ns.is_some() {
        let event = Event::of(
            new,
            EventKind::CounterReset,
            old.cpu_time_ns,
            new.cpu_time_ns,
        );
        events.push(event.about("cpu_time_ns").because("it ran backwards"));
    }
    for (n, vcpu) in new.vcpus.rows.iter().enumerate() {
        let past = counter::find(&old.vcpus.rows, n, |past| past.id == vcpu.id);
        if past.is_some_and(|past| backwards::vcpu(past, vcpu)) {
            let event = Event::of(new, EventKind::CounterReset, Value::Nothing, Value::Nothing);
            events.push(
                event
                    .about(&format!("vcpu {}", vcpu.id))
                    .because("it ran backwards"),
            );
        }
    }
    if nics(old, new, events) {
        (rates.net_rx, rates.net_tx, rates.reset) = (None, None, true);
    }
    if disks(old, new, events) {
        (rates.disk_rd, rates.disk_wr, rates.reset) = (None, None, true);
    }
}

#[inline]
fn compare_names(old: &Domain, new: &Domain, events: &mut Vec<Event>) {
    if old.name != new.name {
        events.push(renamed(old, new));
    }
}

#[cold]
fn renamed(old: &Domain, new: &Domain) -> Event {
    let names = [old, new].map(|domain| domain.name.clone());
    let [old_name, new_name] = names;
    Event::of(new, EventKind::Renamed, old_name, new_name)
}

/// The event that a change of state is, where it is one.
fn turned(old: State, new: State) -> Option<EventKind> {
    match new {
        State::Paused => Some(EventKind::Paused),
        State::Shutdown => Some(EventKind::Shutdown),
        State::Crashed => Some(EventKind::Crashed),
        State::Dying => Some(EventKind::Dying),
        State::Running | State::Blocked if old == State::Paused => Some(EventKind::Resumed),
        State::Running | State::Blocked | State::Unknown => None,
    }
}

fn nics(old: &Domain, new: &Domain, events: &mut Vec<Event>) -> bool {
    let kinds = [EventKind::NicRemoved, EventKind::NicAdded];
    let (old, new) = ((old, &old.nics), (new, &new.nics));
    devices(
        old,
        new,
        |nic: &Nic| &nic.name,
        backwards::nic,
        kinds,
        events,
    )
}

fn disks(old: &Domain, new: &Domain, events: &mut Vec<Event>) -> bool {
    let kinds = [EventKind::DiskRemoved, EventKind::DiskAdded];
    let (old, new) = ((old, &old.disks), (new, &new.disks));
    devices(
        old,
        new,
        |disk: &Disk| &disk.name,
        backwards::disk,
        kinds,
        events,
    )
}

/// Compares the devices of one kind. Returns whether a sum over them is of other things now.
fn devices<D: Default>(
    (_, before): (&Domain, &Devices<D>),
    (domain, now): (&Domain, &Devices<D>),
    name: impl Fn(&D) -> &str,
    runs_backwards: impl Fn(&D, &D) -> bool,
    [removed, added]: [EventKind; 2],
    events: &mut Vec<Event>,
) -> bool {
    if before.rows.is_empty() && now.rows.is_empty() {
        return false;
    }
    // A list that is not all of them tells nothing of what came or went.
    if !(before.complete && now.complete) {
        return false;
    }
    let mut others = false;
    for (n, device) in now.rows.iter().enumerate() {
        let past = counter::find(&before.rows, n, |past| name(past) == name(device));
        let kind = match past {
            None => added,
            Some(past) if runs_backwards(past, device) => EventKind::CounterReset,
            Some(_) => continue,
        };
        others = true;
        let event = Event::of(domain, kind, Value::Nothing, Value::Nothing).about(name(device));
        events.push(event);
    }
    for (n, device) in before.rows.iter().enumerate() {
        let still = counter::find(&now.rows, n, |now| name(now) == name(device));
        if still.is_none() {
            others = true;
            let event = Event::of(domain, removed, Value::Nothing, Value::Nothing);
            events.push(event.about(name(device)));
        }
    }
    others
}
