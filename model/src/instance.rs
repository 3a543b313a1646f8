//! OpenStack's data of a domain.

/// Metadata that OpenStack's nova wrote for a domain that it created.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instance {
    /// Name that the owner chose.
    pub name: Option<String>,
    /// Name of the flavor.
    pub flavor: Option<String>,
    /// Name of the project.
    pub project: Option<String>,
    /// Id of the project.
    pub project_id: Option<String>,
    /// Name of the user who created it.
    pub user: Option<String>,
    /// Id of that user.
    pub user_id: Option<String>,
}
