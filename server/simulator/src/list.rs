//! Lists as answers: which page a query asks for, and its text, written as it is sent.

use std::{io, sync::Arc, vec};

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use futures::stream;
use serde_json::json;

use crate::{
    faults::Faults,
    object::{Key, Object},
    page::{self, NoPage, Page, Wanted},
    path::{Parameters, Target},
    refusal::{Refusal, bytes_response},
    selector::Selector,
    store::Store,
    table::{self, Form},
};

/// How many objects are written into one chunk.
const CHUNK: usize = 500;

/// Reads both selectors of a query, and the name that its path may hold (a watch of one object).
pub(crate) fn selector(target: &Target, query: &Parameters) -> Result<Selector, Refusal> {
    let fields = match target.name.as_str() {
        "" => query.text("fieldSelector").to_owned(),
        name => format!("metadata.name={name},{}", query.text("fieldSelector")),
    };
    Selector::parse(target.kind, query.text("labelSelector"), &fields).map_err(Refusal::bad_request)
}

/// Answers a list.
pub(crate) fn answer(
    store: &Store,
    faults: &Faults,
    target: &Target,
    query: &Parameters,
    form: Form,
) -> Result<Response, Refusal> {
    let selector = selector(target, query)?;
    let token = query.text("continue");
    let (version, after) = match token {
        "" => (as_of(store, query)?, None),
        _ if faults.expires_continues() => return Err(Refusal::expired_continue()),
        token => read_token(token).map(|(version, key)| (Some(version), Some(key)))?,
    };
    let limit = query.number("limit")?.filter(|limit| *limit > 0).and_then(|limit| usize::try_from(limit).ok());
    let wanted = Wanted { kind: target.kind, namespace: &target.namespace, selector: &selector, limit, after, version };
    let page = page::read(store, &wanted).map_err(|none| match none {
        NoPage::Forgotten if !token.is_empty() => Refusal::expired_continue(),
        NoPage::Forgotten => Refusal::gone(version.unwrap_or_default(), store.shelf(target.kind).forgotten),
        NoPage::Future { current } => Refusal::future(version.unwrap_or_default(), current),
    })?;
    Ok(written(target, page, form, faults.take_cut()))
}

/// The version that a first page must have: exactly the one asked for, or any that is new enough.
fn as_of(store: &Store, query: &Parameters) -> Result<Option<u64>, Refusal> {
    let Some(asked) = query.number("resourceVersion")?.filter(|asked| *asked > 0) else { return Ok(None) };
    let current = store.version();
    if asked > current {
        return Err(Refusal::future(asked, current));
    }
    Ok((query.text("resourceVersionMatch") == "Exact").then_some(asked))
}

fn write_token(version: u64, key: &Key) -> String {
    format!("{version}:{}/{}", key.namespace, key.name)
}

fn read_token(token: &str) -> Result<(u64, Key), Refusal> {
    let parts = token.split_once(':').and_then(|(version, key)| Some((version.parse().ok()?, key.split_once('/')?)));
    let Some((version, (namespace, name))) = parts else {
        return Err(Refusal::bad_request("continue key is not valid: it is none that this server has given out"));
    };
    Ok((version, Key::new(namespace, name)))
}

fn written(target: &Target, page: Page, form: Form, cut: bool) -> Response {
    let mut metadata = json!({"resourceVersion": page.version.to_string()});
    if let Some(next) = &page.next {
        metadata["continue"] = write_token(page.version, next).into();
    }
    if let Some(left) = page.left {
        metadata["remainingItemCount"] = left.into();
    }
    let head = match form {
        Form::Object => {
            let names = target.kind.names();
            format!(
                "{{\"kind\":\"{}List\",\"apiVersion\":\"{}\",\"metadata\":{metadata},\"items\":[",
                names.kind, names.api_version
            )
        }
        Form::Table(_) => table::head(target.kind, &metadata),
    };
    let state = Writing {
        head,
        objects: page.objects.into_iter(),
        first: true,
        form,
        end: if cut { End::Cut } else { End::Whole },
    };
    bytes_response(200, Body::from_stream(stream::unfold(state, |state| async { state.next() })))
}

/// How a list ends.
enum End {
    Whole,
    /// In the middle of an object, by a fault that was asked for.
    Cut,
    /// The connection breaks.
    Broken,
    Done,
}

struct Writing {
    head: String,
    objects: vec::IntoIter<Arc<Object>>,
    first: bool,
    form: Form,
    end: End,
}

impl Writing {
    fn next(mut self) -> Option<(Result<Bytes, io::Error>, Self)> {
        let mut out = std::mem::take(&mut self.head).into_bytes();
        match self.end {
            End::Done => return None,
            End::Broken => {
                self.end = End::Done;
                return Some((Err(io::ErrorKind::UnexpectedEof.into()), self));
            }
            End::Whole | End::Cut => {}
        }
        for object in self.objects.by_ref().take(CHUNK) {
            if !std::mem::take(&mut self.first) {
                out.push(b',');
            }
            match self.form {
                Form::Object => object.write(&mut out, object.version, false),
                Form::Table(now) => table::row(&mut out, &object, object.version, now),
            }
        }
        if matches!(self.end, End::Cut) {
            out.truncate(out.len() / 2);
            self.end = End::Broken;
        } else if self.objects.len() == 0 {
            out.extend_from_slice(b"]}\n");
            self.end = End::Done;
        }
        Some((Ok(out.into()), self))
    }
}
