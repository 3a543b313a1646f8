//! Events of the differences between two samples of a domain.

use virtmon_model::{Domain, Snapshot, State};

use crate::event::{Event, EventKind, Value};
use crate::matching::Match;
use crate::rates::DomainRates;

/// Suffixes that `xl migrate` adds to the name of a guest on its way: the only trace of a migration on
/// a Xen host.
const INCOMING: &str = "--incoming";
const MIGRATED_AWAY: &str = "--migratedaway";

/// Adds the events of a domain that has no row of the same identity in the sample before.
#[cold]
pub(crate) fn add_unmatched(
    previous: &Snapshot,
    domain: &Domain,
    rates: &DomainRates,
    events: &mut Vec<Event>,
) {
    match rates.matched {
        Match::FirstSample | Match::Same(_) => {}
        Match::Restarted(at) => {
            let Some(old) = previous.domains.get(at) else {
                return;
            };
            let [old_id, new_id] = [old, domain].map(|d| Value::Number(d.identity.id.into()));
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
            events.push(created(domain));
            let old = previous.domains.get(at).map(|old| old.identity.uuid);
            let new = Value::Uuid(domain.identity.uuid);
            let old = old.map_or(Value::Nothing, Value::Uuid);
            let event = Event::of(domain, EventKind::IdReused, old, new);
            events.push(event.because("its id was another one's"));
        }
    }
}

/// Adds the events of the domains of the sample before that are not in this one. `seen` is a buffer.
#[cold]
pub(crate) fn add_destroyed(
    previous: &Snapshot,
    rates: &[DomainRates],
    seen: &mut Vec<bool>,
    events: &mut Vec<Event>,
) {
    seen.clear();
    seen.resize(previous.domains.len(), false);
    for at in rates
        .iter()
        .filter_map(|rates| rates.matched.previous_index())
    {
        if let Some(seen) = seen.get_mut(at) {
            *seen = true;
        }
    }
    let domains = previous.domains.iter().zip(seen.iter());
    for (domain, _) in domains.filter(|(_, seen)| !**seen) {
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

/// Adds the events of a domain with the same identity in both samples, but for those of its vCPUs and
/// devices.
#[inline]
pub(crate) fn compare(old: &Domain, new: &Domain, events: &mut Vec<Event>) {
    compare_names(old, new, events);
    if (old.stale_ns == 0) != (new.stale_ns == 0) {
        events.push(staleness(old, new));
    }
    if old.state != new.state
        && let Some(kind) = transition(old.state, new.state)
    {
        let [old_word, new_word] = [old, new].map(|d| Value::Word(d.state.as_str()));
        events.push(Event::of(new, kind, old_word, new_word));
    }
    if let (Some(old_count), Some(new_count)) = (old.vcpus_online, new.vcpus_online)
        && old_count != new_count
    {
        let [old_count, new_count] = [old_count, new_count].map(|n| Value::Number(n.into()));
        events.push(Event::of(
            new,
            EventKind::VcpusChanged,
            old_count,
            new_count,
        ));
    }
    if let (Some(old_bytes), Some(new_bytes)) = (old.mem_bytes, new.mem_bytes)
        && old_bytes != new_bytes
    {
        events.push(memory_changed(old, new));
    }
    if new.cpu_time_ns < old.cpu_time_ns && new.cpu_time_ns.is_some() {
        let (old_ns, new_ns) = (old.cpu_time_ns, new.cpu_time_ns);
        let event = Event::of(new, EventKind::CounterReset, old_ns, new_ns);
        events.push(event.about("cpu_time_ns").because("it ran backwards"));
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
    let [old_name, new_name] = [old, new].map(|domain| domain.name.clone());
    Event::of(new, EventKind::Renamed, old_name, new_name)
}

#[cold]
fn staleness(old: &Domain, new: &Domain) -> Event {
    let kind = match new.stale_ns {
        0 => EventKind::Recovered,
        _ => EventKind::Stale,
    };
    let [old_age, new_age] = [old, new].map(|domain| Value::Number(domain.stale_ns));
    let event = Event::of(new, kind, old_age, new_age);
    match &new.error {
        Some(error) => event.because(error.to_string()),
        None => event,
    }
}

#[cold]
fn memory_changed(old: &Domain, new: &Domain) -> Event {
    let event = Event::of(new, EventKind::MemoryChanged, old.mem_bytes, new.mem_bytes);
    event.because(match new.memory.target_bytes {
        Some(target) if target != old.memory.target_bytes.unwrap_or(target) => {
            "its target was changed"
        }
        _ => "",
    })
}

/// Event of a change of state, if it is one.
fn transition(old: State, new: State) -> Option<EventKind> {
    match new {
        State::Paused => Some(EventKind::Paused),
        State::Shutdown => Some(EventKind::Shutdown),
        State::Crashed => Some(EventKind::Crashed),
        State::Dying => Some(EventKind::Dying),
        State::Running | State::Blocked if old == State::Paused => Some(EventKind::Resumed),
        State::Running | State::Blocked | State::Unknown => None,
    }
}
