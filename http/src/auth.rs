//! Authentication of requests.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use crate::config::Access;

/// Checks the `Authorization` header of requests.
#[derive(Debug)]
pub(crate) struct Guard {
    users: Vec<(String, String)>,
    token: Option<String>,
    /// Keys of the hashes below.
    hashers: [RandomState; 2],
    /// Hash of the last password that was right, for each user. A check by bcrypt takes its time.
    known: Mutex<Vec<Option<[u64; 2]>>>,
}

/// What an `Authorization` header says.
enum Credentials {
    Token(String),
    Password { user: String, password: Vec<u8> },
}

impl Guard {
    pub(crate) fn new(access: &Access) -> Self {
        Self {
            users: access.users.clone(),
            token: access.token.clone(),
            hashers: [RandomState::new(), RandomState::new()],
            known: Mutex::new(vec![None; access.users.len()]),
        }
    }

    /// True if everyone may read.
    pub(crate) fn is_open(&self) -> bool {
        self.users.is_empty() && self.token.is_none()
    }

    /// The challenge of a response to a request without credentials.
    pub(crate) fn challenge(&self) -> &'static str {
        if self.users.is_empty() {
            "Bearer realm=\"virtmon\""
        } else {
            "Basic realm=\"virtmon\", charset=\"UTF-8\""
        }
    }

    /// True if the header is that of a user or has the token. Takes time: bcrypt is made to.
    pub(crate) fn accepts(&self, header: &[u8]) -> bool {
        match credentials(header) {
            Some(Credentials::Token(token)) => self
                .token
                .as_ref()
                .is_some_and(|own| own.as_bytes().ct_eq(token.as_bytes()).into()),
            Some(Credentials::Password { user, password }) => self.is_user(&user, &password),
            None => false,
        }
    }

    fn is_user(&self, user: &str, password: &[u8]) -> bool {
        if self.users.is_empty() {
            return false;
        }
        let at = self.users.iter().position(|(name, _)| name == user);
        let digest = self
            .hashers
            .each_ref()
            .map(|hasher| hasher.hash_one((at, password)));
        if let Some(at) = at
            && self.known().get(at) == Some(&Some(digest))
        {
            return true;
        }
        // A user who does not exist costs the time of one who does.
        let (_, hash) = &self.users[at.unwrap_or(0)];
        let is_right = bcrypt::verify(password, hash).unwrap_or(false);
        match at {
            Some(at) if is_right => {
                if let Some(known) = self.known().get_mut(at) {
                    *known = Some(digest);
                }
                true
            }
            _ => false,
        }
    }

    fn known(&self) -> MutexGuard<'_, Vec<Option<[u64; 2]>>> {
        // Nothing that holds the lock can leave the list half changed.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn credentials(header: &[u8]) -> Option<Credentials> {
    let text = std::str::from_utf8(header).ok()?;
    let (scheme, value) = text.split_once(' ')?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Credentials::Token(value.to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = STANDARD.decode(value).ok()?;
    let colon = pair.iter().position(|&byte| byte == b':')?;
    Some(Credentials::Password {
        user: String::from_utf8(pair[..colon].to_vec()).ok()?,
        password: pair[colon + 1..].to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(pair: &str) -> Vec<u8> {
        format!("Basic {}", STANDARD.encode(pair)).into_bytes()
    }

    #[test]
    fn users_and_the_token_are_accepted_and_nobody_else() {
        let access = Access {
            users: vec![("ann".into(), bcrypt::hash("a:b", 4).unwrap())],
            token: Some("secret".into()),
            tls: None,
        };
        let guard = Guard::new(&access);
        assert!(!guard.is_open());
        // The second time from memory.
        for _ in 0..2 {
            assert!(guard.accepts(&basic("ann:a:b")));
            assert!(guard.accepts(b"Bearer secret"));
            assert!(guard.accepts(b"bearer  secret "));
            for wrong in ["ann:a:c", "ann:", "bob:a:b", "", "ann"] {
                assert!(!guard.accepts(&basic(wrong)), "{wrong}");
            }
            for wrong in [
                &b"Bearer secre"[..],
                b"Bearer secret2",
                b"Basic !!",
                b"",
                b"\xff x",
            ] {
                assert!(!guard.accepts(wrong));
            }
        }
        assert!(Guard::new(&Access::default()).is_open());
        let none = Guard::new(&Access {
            token: Some("t".into()),
            ..Access::default()
        });
        assert!(!none.accepts(&basic("ann:a:b")));
    }
}
