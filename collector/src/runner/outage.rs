//! Samples that fail, in whole or in part: each failure is reported once while it lasts.

use std::borrow::Cow;

use virtmon_analysis::event::{Event, EventKind};
use virtmon_model::Error;

/// The failure of the last sample.
#[derive(Debug, Default)]
pub(super) struct Outage {
    /// Empty if the last sample succeeded.
    last_failure: String,
}

impl Outage {
    /// Reports a failure that differs from the last one.
    pub(super) fn sample_failed(&mut self, error: &Error, events: &mut Vec<Event>, warn: fn(&str)) {
        let text = error.to_string();
        if text != self.last_failure {
            warn(&text);
            events.push(Event::host(
                EventKind::SampleFailed,
                Cow::Owned(text.clone()),
            ));
            self.last_failure = text;
        }
    }

    /// Reports the end of an outage, if there was one.
    pub(super) fn sample_succeeded(&mut self, events: &mut Vec<Event>) {
        if !self.last_failure.is_empty() {
            let cause = Cow::Owned(std::mem::take(&mut self.last_failure));
            events.push(Event::host(EventKind::SampleRecovered, cause));
        }
    }
}

/// Reports the warnings of a snapshot that the one before does not have.
pub(super) fn report_warnings(
    previous: &[String],
    current: &[String],
    events: &mut Vec<Event>,
    warn: fn(&str),
) {
    for warning in current.iter().filter(|line| !previous.contains(line)) {
        warn(warning);
        let cause = Cow::Owned(warning.clone());
        events.push(Event::host(EventKind::Warning, cause));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn causes(events: &[Event]) -> Vec<(EventKind, &str)> {
        let pairs = events.iter().map(|event| (event.kind, &*event.cause));
        pairs.collect()
    }

    #[test]
    fn an_outage_has_a_first_event_and_a_last() {
        let (mut outage, mut events) = (Outage::default(), Vec::new());
        let failure = |text: &str| Error::Unavailable(text.into());
        outage.sample_succeeded(&mut events);
        outage.sample_failed(&failure("a"), &mut events, |_| {});
        outage.sample_failed(&failure("a"), &mut events, |_| {});
        outage.sample_failed(&failure("b"), &mut events, |_| {});
        outage.sample_succeeded(&mut events);
        outage.sample_succeeded(&mut events);
        let (lost, back) = (EventKind::SampleFailed, EventKind::SampleRecovered);
        assert_eq!(causes(&events), [(lost, "a"), (lost, "b"), (back, "b")]);
    }

    #[test]
    fn a_warning_is_reported_once_while_it_lasts() {
        let mut events = Vec::new();
        let lines = |texts: &[&str]| texts.iter().map(|&text| text.into()).collect::<Vec<_>>();
        let mut previous = Vec::new();
        for current in [&["a"][..], &["a", "b"], &["b"], &[], &["a"]] {
            let current = lines(current);
            report_warnings(&previous, &current, &mut events, |_| {});
            previous = current;
        }
        let expected = ["a", "b", "a"].map(|cause| (EventKind::Warning, cause));
        assert_eq!(causes(&events), expected);
    }
}
