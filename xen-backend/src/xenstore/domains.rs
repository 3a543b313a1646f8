//! Values of xenstore for every domain, kept between ticks: name, role, and the parts of its memory
//! that the hypervisor does not know.

use virtmon_model::Domain;

use super::domain_nodes::DomainNodes;
use super::handler::Answer;
use super::node::Node;

/// Values of the domains of the last list.
#[derive(Default)]
pub(crate) struct XenstoreDomains {
    /// In ascending order of domid.
    known: Vec<DomainNodes>,
    /// True if a value changed after the rows were last filled.
    is_changed: bool,
}

impl XenstoreDomains {
    /// Makes `known` the same domains as `domains`, in the same, ascending order.
    pub(crate) fn sync(&mut self, domains: &[Domain]) {
        let known = self.known.iter().map(|known| known.identity);
        if known.eq(domains.iter().map(|domain| domain.identity)) {
            return;
        }
        let mut previous = std::mem::take(&mut self.known).into_iter().peekable();
        for domain in domains {
            while previous
                .next_if(|known| known.identity.id < domain.identity.id)
                .is_some()
            {}
            let same_id = previous.next_if(|known| known.identity.id == domain.identity.id);
            let same = same_id.filter(|known| known.identity == domain.identity);
            let known = same.unwrap_or_else(|| DomainNodes::new(domain.identity));
            self.known.push(known);
        }
        self.is_changed = true;
    }

    /// Sets the value of a node of a domain.
    pub(crate) fn set_node(&mut self, domid: u32, node: Node, answer: Answer<'_>) {
        let index = self.known.binary_search_by_key(&domid, |k| k.identity.id);
        if let Some(known) = index.ok().and_then(|at| self.known.get_mut(at)) {
            let value = match answer {
                Answer::Value(value) => Some(value),
                Answer::Missing | Answer::Failed => None,
            };
            self.is_changed |= known.set(node, value);
        }
    }

    /// Fills the values into the rows, and returns true if a value changed. `domains` are those of
    /// the last [`sync`](Self::sync). If neither `all` is set nor a value changed, the rows are left
    /// as they are: they have the values already.
    pub(crate) fn update(&mut self, domains: &mut [Domain], all: bool) -> bool {
        let is_changed = std::mem::take(&mut self.is_changed);
        if all || is_changed {
            for (domain, known) in domains.iter_mut().zip(&self.known) {
                known.fill(domain);
            }
        }
        is_changed
    }
}

#[cfg(test)]
mod tests;
