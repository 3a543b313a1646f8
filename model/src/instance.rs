/// What OpenStack's nova says of a domain that it made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instance {
    /// Its name, as its owner gave it.
    pub name: Option<String>,
    /// Its flavor.
    pub flavor: Option<String>,
    /// The project that it belongs to.
    pub project: Option<String>,
    /// That project's id.
    pub project_id: Option<String>,
    /// The user who made it.
    pub user: Option<String>,
    /// That user's id.
    pub user_id: Option<String>,
}
