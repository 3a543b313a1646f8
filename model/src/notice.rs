use std::sync::Arc;

use uuid::Uuid;

/// What a hypervisor's toolstack told of a domain by itself, as it happened: of what begins and
/// ends between two readings, or changes nothing that is read, lists show nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What happened.
    pub kind: NoticeKind,
    /// The domain's uuid.
    pub uuid: Uuid,
    /// Its id, which one that has ended has no more.
    pub id: Option<u32>,
    /// Its name.
    pub name: Option<Arc<str>>,
    /// How it came about, in a few words; empty where that is not told.
    pub how: &'static str,
}

/// What happened to a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// It began to run.
    Started,
    /// It is there no more.
    Stopped,
    /// It was reset, or reset itself, and is the same domain still.
    Reset,
}
