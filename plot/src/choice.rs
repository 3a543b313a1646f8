//! The guests that have lines of their own, and their colours.

use std::collections::HashMap;

use crate::guests::Guests;
use crate::options::Options;
use crate::survey::{RANKED, Survey};

/// Number of colours.
pub const COLOURS: usize = 6;

/// The guests that are drawn.
#[derive(Debug, Default)]
pub struct Choice {
    /// The guests of each panel of [`RANKED`].
    pub panels: [Ranked; RANKED.len()],
    /// Place of each guest among colours and dashes.
    slots: HashMap<usize, usize>,
}

/// The guests of a panel.
#[derive(Debug, Default, Clone)]
pub struct Ranked {
    /// Guests with a line of their own, the largest first.
    pub top: Vec<usize>,
    /// The other guests that have values.
    pub others: Vec<usize>,
}

impl Ranked {
    /// The only guest of the panel.
    #[must_use]
    pub fn single(&self) -> Option<usize> {
        match (self.top.as_slice(), self.others.as_slice()) {
            ([guest], []) => Some(*guest),
            _ => None,
        }
    }
}

impl Choice {
    /// The guests with the largest values of each panel.
    #[must_use]
    pub fn new(options: &Options, survey: &Survey, guests: &Guests) -> Self {
        let mut choice = Self::default();
        for (at, panel) in choice.panels.iter_mut().enumerate() {
            if !options.has_panel(RANKED[at].0) {
                continue;
            }
            let mut ranks: Vec<(f64, usize)> = Vec::new();
            for (guest, stats) in survey.guests.iter().enumerate() {
                if let Some(rank) = stats[at].by(options.by)
                    && guests.is_selected(guest)
                {
                    ranks.push((rank, guest));
                }
            }
            // Guests of one rank are in the order of their first rows.
            ranks.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let mut all = ranks.into_iter().map(|(_, guest)| guest);
            panel.top = all.by_ref().take(options.top).collect();
            panel.others = all.collect();
        }
        choice.give_slots();
        choice
    }

    /// Gives each guest a colour: one of its own while there are some, else one that no guest of the
    /// same panels has.
    fn give_slots(&mut self) {
        for at in 0..self.panels.len() {
            for guest in self.panels[at].top.clone() {
                if self.slots.contains_key(&guest) {
                    continue;
                }
                let used: Vec<usize> = self.slots.values().copied().collect();
                let beside: Vec<usize> = self
                    .panels
                    .iter()
                    .filter(|panel| panel.top.contains(&guest))
                    .flat_map(|panel| &panel.top)
                    .filter_map(|other| self.slots.get(other).copied())
                    .collect();
                let own = (0..COLOURS).find(|slot| !used.contains(slot));
                let slot = own.or_else(|| (0..).find(|slot| !beside.contains(slot)));
                self.slots.insert(guest, slot.unwrap_or(0));
            }
        }
    }

    /// Place of a guest among colours and dashes.
    #[must_use]
    pub fn slot(&self, guest: usize) -> usize {
        self.slots.get(&guest).copied().unwrap_or(0)
    }

    /// True if the guest has a line of its own.
    #[must_use]
    pub fn is_top(&self, guest: usize) -> bool {
        self.slots.contains_key(&guest)
    }

    /// Number of guests with a line of their own.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// True if no guest has a line of its own.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guests_of_one_panel_have_different_colours_and_keep_them() {
        let mut choice = Choice::default();
        choice.panels[0].top = (0..6).collect();
        choice.panels[2].top = (4..10).collect();
        choice.panels[3].top = vec![9, 0, 11];
        choice.give_slots();
        for panel in &choice.panels {
            let mut slots: Vec<usize> = panel.top.iter().map(|guest| choice.slot(*guest)).collect();
            slots.sort_unstable();
            slots.dedup();
            assert_eq!(slots.len(), panel.top.len());
            assert!(slots.iter().all(|slot| *slot < 7), "{slots:?}");
        }
        assert_eq!(
            (0..6).map(|guest| choice.slot(guest)).collect::<Vec<_>>(),
            [0, 1, 2, 3, 4, 5]
        );
    }
}
