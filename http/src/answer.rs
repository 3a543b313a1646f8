//! Answers to requests.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_ENCODING,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, HeaderValue, VARY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};

use crate::auth::Guard;
use crate::health::Health;
use crate::negotiation;
use crate::renderer::{Refusal, Renderings};

const TEXT: &str = "text/plain; charset=utf-8";
/// The page loads nothing from elsewhere, and no other page shows it.
const POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/// A path with what it shows.
pub(crate) struct Place {
    pub(crate) path: &'static str,
    pub(crate) is_for_browsers: bool,
    pub(crate) shown: Shown,
}

/// What a path shows. Documents are content types with their numbers.
pub(crate) enum Shown {
    Documents(Vec<(&'static str, usize)>),
    Static(&'static str, &'static [u8]),
    Health,
}

/// Everything that answers.
pub(crate) struct Site {
    pub(crate) places: Vec<Place>,
    pub(crate) guard: Arc<Guard>,
    pub(crate) health: Health,
    pub(crate) renderings: Renderings,
    /// Name of this host.
    pub(crate) host: String,
}

type Answer = Response<Full<Bytes>>;

impl Site {
    /// The response to a request.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Result<Answer, Infallible> {
        let headers = request.headers();
        if !request.body().is_end_stream() {
            let mut answer = plain(
                StatusCode::PAYLOAD_TOO_LARGE,
                "a request has no body here\n",
            );
            // The body is not read, so that nothing can follow it.
            set(&mut answer, CONNECTION, "close");
            return Ok(answer);
        }
        if !self.may_read(headers).await {
            let mut answer = plain(StatusCode::UNAUTHORIZED, "this needs authentication\n");
            set(&mut answer, WWW_AUTHENTICATE, self.guard.challenge());
            return Ok(answer);
        }
        let path = request.uri().path();
        let Some(place) = self.places.iter().find(|place| place.path == path) else {
            return Ok(plain(StatusCode::NOT_FOUND, "there is nothing here\n"));
        };
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
            set(&mut answer, ALLOW, "GET, HEAD");
            return Ok(answer);
        }
        if place.is_for_browsers && !self.is_own_name(headers) {
            let text = "the Host header has a name that is not this host's: use its address\n";
            return Ok(plain(StatusCode::MISDIRECTED_REQUEST, text));
        }
        Ok(match &place.shown {
            Shown::Documents(documents) => self.document(documents, headers).await,
            Shown::Static(content_type, bytes) => {
                let mut answer = response(StatusCode::OK, content_type, Bytes::from_static(bytes));
                set(&mut answer, CONTENT_SECURITY_POLICY, POLICY);
                answer
            }
            Shown::Health if self.health.age().is_ok() => {
                plain(StatusCode::OK, &self.health.text())
            }
            Shown::Health => plain(StatusCode::SERVICE_UNAVAILABLE, &self.health.text()),
        })
    }

    async fn document(&self, documents: &[(&'static str, usize)], headers: &HeaderMap) -> Answer {
        let bytes = |name| headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
        let types: Vec<&str> = documents.iter().map(|(name, _)| *name).collect();
        let chosen = negotiation::content_type(bytes(ACCEPT), &types);
        let is_gzip = negotiation::allows_gzip(bytes(ACCEPT_ENCODING));
        let (content_type, number) = documents[chosen];
        match self.renderings.get(number, is_gzip).await {
            Ok(text) => {
                let mut answer = response(StatusCode::OK, content_type, text);
                set(&mut answer, VARY, "Accept, Accept-Encoding");
                if is_gzip {
                    set(&mut answer, CONTENT_ENCODING, "gzip");
                }
                answer
            }
            Err(Refusal::NoTick) => plain(StatusCode::SERVICE_UNAVAILABLE, &self.health.text()),
            Err(Refusal::Busy) => {
                let text = "too many responses are being sent to slow clients\n";
                plain(StatusCode::SERVICE_UNAVAILABLE, text)
            }
        }
    }

    /// True if the request has what the configuration asks for.
    async fn may_read(&self, headers: &HeaderMap) -> bool {
        if self.guard.is_open() {
            return true;
        }
        let Some(header) = headers
            .get(AUTHORIZATION)
            .map(|value| value.as_bytes().to_vec())
        else {
            return false;
        };
        let guard = Arc::clone(&self.guard);
        let checked = tokio::task::spawn_blocking(move || guard.accepts(&header));
        checked.await.unwrap_or(false)
    }

    /// True if the `Host` header names this host. A page of another site, whose name leads to this
    /// address, is not to read from it.
    fn is_own_name(&self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(HOST).and_then(|value| value.to_str().ok()) else {
            return false;
        };
        let name = match value.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => value,
        };
        let name = name.trim_start_matches('[').trim_end_matches([']', '.']);
        let is_host = !self.host.is_empty()
            && name.get(..self.host.len()).is_some_and(|own| {
                let rest = &name[self.host.len()..];
                own.eq_ignore_ascii_case(&self.host) && (rest.is_empty() || rest.starts_with('.'))
            });
        is_host || name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
    }
}

fn response(status: StatusCode, content_type: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    set(&mut answer, CONTENT_TYPE, content_type);
    set(&mut answer, CACHE_CONTROL, "no-store");
    set(&mut answer, X_CONTENT_TYPE_OPTIONS, "nosniff");
    answer
}

fn plain(status: StatusCode, text: &str) -> Answer {
    response(status, TEXT, Bytes::copy_from_slice(text.as_bytes()))
}

fn set(answer: &mut Answer, name: HeaderName, value: &'static str) {
    answer
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
}
