//! What xenstore says of the domains, kept from tick to tick: their names, what they are there for,
//! and of their memory what the hypervisor does not know.

mod known;

use virtmon_model::Domain;

use self::known::Known;
use crate::xenstore::{Answer, Node};

/// What is known of the domains that were last seen.
#[derive(Default)]
pub(crate) struct Store {
    /// In ascending order of domid.
    known: Vec<Known>,
    /// Whether anything was learnt since the rows were last filled.
    news: bool,
}

impl Store {
    /// Makes `known` the same domains as `domains`, in the same, ascending order.
    pub(crate) fn follow(&mut self, domains: &[Domain]) {
        let known = self.known.iter().map(|known| known.identity);
        if known.eq(domains.iter().map(|domain| domain.identity)) {
            return;
        }
        let mut before = std::mem::take(&mut self.known).into_iter().peekable();
        for domain in domains {
            while before
                .next_if(|known| known.identity.id < domain.identity.id)
                .is_some()
            {}
            let same_id = before.next_if(|known| known.identity.id == domain.identity.id);
            let kept = same_id.filter(|known| known.identity == domain.identity);
            let known = kept.unwrap_or_else(|| Known::new(domain.identity));
            self.known.push(known);
        }
        self.news = true;
    }

    /// Takes in what a node of a domain holds.
    pub(crate) fn learn(&mut self, domid: u32, node: Node, answer: Answer<'_>) {
        let place = self.known.binary_search_by_key(&domid, |k| k.identity.id);
        if let Some(known) = place.ok().and_then(|at| self.known.get_mut(at)) {
            let value = match answer {
                Answer::Value(value) => Some(value),
                Answer::Missing | Answer::Failed => None,
            };
            self.news |= known.learn(node, value);
        }
    }

    /// Gives every domain its name and its memory as far as they are known, and says whether there
    /// is news. `domains` are those that are followed. Unless `all` is set, they have what is known
    /// of them but the news.
    pub(crate) fn give(&mut self, domains: &mut [Domain], all: bool) -> bool {
        let news = std::mem::take(&mut self.news);
        if all || news {
            for (domain, known) in domains.iter_mut().zip(&self.known) {
                known.give(domain);
            }
        }
        news
    }
}

#[cfg(test)]
mod tests;
