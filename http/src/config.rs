//! The configuration file: TLS and authentication, in the form of Prometheus' exporters.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bcrypt::HashParts;
use tokio_rustls::rustls::ServerConfig;
use yaml_rust2::{Yaml, YamlLoader};

use crate::error::HttpError;
use crate::files::read;
use crate::tls;

/// Largest cost of a password's hash. A check takes 2 to the power of it; this one takes seconds.
const MAX_COST: u32 = 16;

/// Who may connect, and how.
#[derive(Debug, Default)]
pub(crate) struct Access {
    /// Configuration of TLS; `None` for plain HTTP.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// Users and the bcrypt hashes of their passwords.
    pub(crate) users: Vec<(String, String)>,
    /// The bearer token that is accepted.
    pub(crate) token: Option<String>,
}

impl Access {
    /// Reads a configuration file. Paths in it are relative to its directory.
    pub(crate) fn read(path: &Path) -> Result<Self, HttpError> {
        let text = read(path)?;
        let invalid = |problem: String| HttpError::Config {
            path: path.display().to_string(),
            problem,
        };
        let documents = YamlLoader::load_from_str(&text)
            .map_err(|error| invalid(format!("not YAML: {error}")))?;
        let mut access = Self::default();
        let Some(document) = documents.first() else {
            return Ok(access);
        };
        let beside = |name: &str| match path.parent() {
            Some(directory) => directory.join(name),
            None => PathBuf::from(name),
        };
        for (key, value) in entries(document, "the file").map_err(invalid)? {
            match key {
                "tls_server_config" => {
                    let [cert, key] = files(value).map_err(invalid)?;
                    access.tls = Some(tls::config(&beside(cert), &beside(key))?);
                }
                "basic_auth_users" => access.users = users(value).map_err(invalid)?,
                "bearer_token_file" => {
                    let name = text_of(value, key).map_err(invalid)?;
                    let token = read(&beside(name))?.trim().to_owned();
                    if token.is_empty() {
                        return Err(invalid(format!("{key}: the file is empty")));
                    }
                    access.token = Some(token);
                }
                other => return Err(invalid(unknown(other, "the file"))),
            }
        }
        Ok(access)
    }
}

/// The entries of a mapping.
fn entries<'a>(yaml: &'a Yaml, place: &str) -> Result<Vec<(&'a str, &'a Yaml)>, String> {
    let pairs = yaml.as_hash().ok_or(format!("{place} is not a mapping"))?;
    let entries = pairs.iter().map(|(key, value)| {
        let key = key
            .as_str()
            .ok_or(format!("{place} has a key that is not text"))?;
        Ok((key, value))
    });
    entries.collect()
}

fn unknown(key: &str, place: &str) -> String {
    format!("{place} has {key:?}, which virtmon does not support")
}

fn text_of<'a>(yaml: &'a Yaml, key: &str) -> Result<&'a str, String> {
    yaml.as_str().ok_or(format!("{key} is not text"))
}

/// The files of the certificate and of its key.
fn files(yaml: &Yaml) -> Result<[&str; 2], String> {
    let place = "tls_server_config";
    let (mut cert_file, mut key_file) = (None, None);
    for (key, value) in entries(yaml, place)? {
        match key {
            "cert_file" => cert_file = Some(text_of(value, key)?),
            "key_file" => key_file = Some(text_of(value, key)?),
            other => return Err(unknown(other, place)),
        }
    }
    cert_file
        .zip(key_file)
        .map(|(cert, key)| [cert, key])
        .ok_or(format!("{place} needs cert_file and key_file"))
}

fn users(yaml: &Yaml) -> Result<Vec<(String, String)>, String> {
    let place = "basic_auth_users";
    let users = entries(yaml, place)?.into_iter().map(|(user, hash)| {
        let hash = text_of(hash, user)?;
        let parts: HashParts = hash
            .parse()
            .map_err(|_| format!("{place}: the password of {user:?} is not a bcrypt hash"))?;
        if parts.get_cost() > MAX_COST {
            return Err(format!(
                "{place}: the hash of {user:?} has a cost above {MAX_COST}"
            ));
        }
        Ok((user.to_owned(), hash.to_owned()))
    });
    users.collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read_config(text: &str) -> Result<Access, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("web.yml");
        fs::write(&path, text).unwrap();
        fs::write(dir.path().join("token"), "secret\n").unwrap();
        fs::write(dir.path().join("empty"), " \n").unwrap();
        Access::read(&path).map_err(|error| {
            let text = error.to_string();
            assert!(!text.contains('\n'), "{text}");
            text
        })
    }

    #[test]
    fn users_and_a_token_are_read() {
        let hash = bcrypt::hash("pass", 4).unwrap();
        let text = format!("basic_auth_users:\n  ann: {hash}\nbearer_token_file: token\n");
        let access = read_config(&text).unwrap();
        assert_eq!(access.users, [("ann".to_owned(), hash)]);
        assert_eq!(access.token.as_deref(), Some("secret"));
        assert!(access.tls.is_none());
        assert!(read_config("").unwrap().users.is_empty());
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        for (text, words) in [
            ("- a", "not a mapping"),
            ("a: [", "not YAML"),
            (
                "http_server_config:\n  http2: true",
                "\"http_server_config\"",
            ),
            (
                "tls_server_config:\n  cert_file: a",
                "needs cert_file and key_file",
            ),
            (
                "tls_server_config:\n  client_ca_file: a",
                "\"client_ca_file\"",
            ),
            (
                "tls_server_config:\n  cert_file: none\n  key_file: none",
                "none",
            ),
            ("basic_auth_users:\n  ann: plain", "not a bcrypt hash"),
            ("bearer_token_file: empty", "is empty"),
            ("bearer_token_file: none", "No such file"),
        ] {
            let error = read_config(text).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
