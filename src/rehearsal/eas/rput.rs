//! `POST /eas/rput` and `/eas/rput/bulk`: files that the instance fetches itself, after it has answered, or leaves where
//! they are. Without `skip_head_request` it asks the host first.

use std::fmt::Write as _;
use std::net::IpAddr;

use md5::{Digest as _, Md5};
use url::{Host, Url};

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::eas::kinds;
use crate::rehearsal::eas::put::{Wanted, duplicate, may_upload, rendition_of, told};
use crate::rehearsal::eas::signer::Signer;
use crate::rehearsal::json::{Doc, Node};
use crate::rehearsal::problem::Problem;
use crate::rehearsal::shared::now;
use crate::rehearsal::state::{File, FileId, Place, State};

/// A file that is to be fetched once the answer is sent.
#[derive(Debug, Clone)]
pub(in crate::rehearsal) struct Fetch {
    pub id: FileId,
    pub url: Url,
}

/// What is known of a remote file before it is taken: found by a HEAD request, if one was made.
#[derive(Debug, Default, Clone)]
pub(in crate::rehearsal) struct Found {
    pub name: Option<String>,
    pub bytes: Option<u64>,
}

/// One file of a request.
#[derive(Debug)]
struct Order {
    url: Url,
    name: Option<String>,
    leave: bool,
    skip_head: bool,
    wanted: Wanted,
    metadata: Doc,
}

/// `POST /eas/rput`
pub(in crate::rehearsal) fn rput(call: &Call, fetches: &mut Vec<Fetch>) -> Result<Answer, Problem> {
    let user = call.user()?;
    may_upload(call)?;
    let request = call.request;
    let metadata = if request.body.is_empty() { Node::Null } else { request.json()?.into_owned() };
    let text = |name: &str| request.param(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let order = Order {
        url: allowed(call, request.param("url").unwrap_or_default())?,
        name: text("filename"),
        leave: request.is_on("leave"),
        skip_head: request.is_on("skip_head_request") && call.has(6, 10, 2),
        wanted: Wanted {
            reference: text("reference"),
            produce_versions: !request.is_off("produce_versions"),
            parent: request.number("id_parent")?.map(FileId),
            version: text("version_name"),
        },
        metadata,
    };
    let generates = !request.is_off("generate_metadata");
    check(&order, generates)?;
    let skips = request.is_on("skip_duplicate_reference") && call.has(6, 18, 0);
    let found = call.found(&order.url, &order)?;
    let mut state = call.write();
    let (id, _) = add(&mut state, order, found, skips, user, fetches)?;
    Ok(told(call, &state, &[id]))
}

/// `POST /eas/rput/bulk`: all or none; references that are taken give the file that has them, if that was asked for.
pub(in crate::rehearsal) fn rput_bulk(call: &Call, fetches: &mut Vec<Fetch>) -> Result<Answer, Problem> {
    let user = call.user()?;
    may_upload(call)?;
    let body = call.request.json()?;
    let Node::List(items) = &body else { return Err(Problem::generic("The request body must be a list.")) };
    let skips = call.request.is_on("skip_duplicate_reference");
    let orders = items.iter().map(|item| order(call, item)).collect::<Result<Vec<_>, _>>()?;
    let mut state = call.write();
    let mut ids = Vec::new();
    let mut added = Vec::new();
    for (order, found) in orders {
        match add(&mut state, order, found, skips, user, fetches) {
            Ok((id, is_new)) => {
                ids.push((id, is_new));
                added.extend(is_new.then_some(id));
            }
            Err(problem) => {
                added.into_iter().rev().for_each(|id| state.files.remove(id));
                fetches.clear();
                return Err(problem);
            }
        }
    }
    let signer = Signer::new(call);
    let files = ids.iter().map(|(id, is_new)| {
        let mut text = String::new();
        signer.file(&state, *id, &mut text);
        if !is_new {
            text.truncate(text.len() - 1);
            let _ = write!(text, ",\"_duplicates\":[{{\"_id\":{id}}}]}}");
        }
        text
    });
    Ok(Answer::json_text(200, format!("[{}]", files.collect::<Vec<_>>().join(","))))
}

/// One element of a bulk request, and what its host says.
fn order(call: &Call, item: &Node<'_>) -> Result<(Order, Found), Problem> {
    let text = |name: &str| item.at(name).text().filter(|text| !text.is_empty()).map(str::to_owned);
    let order = Order {
        url: allowed(call, item.at("url").text().unwrap_or_default())?,
        name: text("filename"),
        leave: item.at("leave").bool() == Some(true),
        skip_head: item.at("skip_head_request").bool() == Some(true),
        wanted: Wanted {
            reference: text("reference"),
            produce_versions: item.at("produce_versions").bool() != Some(false),
            parent: item.at("id_parent").number().map(FileId),
            version: text("version_name"),
        },
        metadata: item.at("metadata").to_doc(),
    };
    check(&order, item.at("generate_metadata").bool() != Some(false))?;
    let found = call.found(&order.url, &order)?;
    Ok((order, found))
}

/// A URL of a host that is not blocked.
fn allowed(call: &Call, text: &str) -> Result<Url, Problem> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or_else(|| {
        let problem = Problem::new(400, "EasInvalidURL", "api", format!("The URL \"{text}\" is invalid."));
        problem.with("url", text.to_owned())
    })?;
    let is_blocked = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => is_private(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_private(IpAddr::V6(address)),
        None => true,
    };
    if is_blocked && call.shared.options.block_private_hosts && call.has(6, 33, 0) {
        return Err(remote(&url, "the host is blocked"));
    }
    Ok(url)
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_loopback() || address.is_private() || address.is_link_local() || address.is_unspecified()
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.to_ipv4_mapped().is_some_and(|address| is_private(IpAddr::V4(address)))
        }
    }
}

/// Told without what may be secret in the URL.
fn remote(url: &Url, message: &str) -> Problem {
    let text = format!("The remote file cannot be put: {message}.");
    Problem::new(400, "EasRputError", "filesync", text).with("url", url.to_string()).with("msg", message.to_owned())
}

fn check(order: &Order, generates_metadata: bool) -> Result<(), Problem> {
    if order.skip_head && order.name.is_none() {
        let text = "Without a HEAD request the file name is needed.";
        let problem = Problem::new(400, "SkipHeadRequestError", "fileupload", text);
        return Err(problem.with("url", order.url.to_string()));
    }
    if !generates_metadata && (!order.leave || order.wanted.produce_versions) {
        let text = "generate_metadata=false needs leave=true and produce_versions=false.";
        return Err(Problem::generic(text));
    }
    Ok(())
}

/// Takes a file; `false`: it is one that was there.
fn add(
    state: &mut State,
    order: Order,
    found: Found,
    skip_duplicates: bool,
    user: u64,
    fetches: &mut Vec<Fetch>,
) -> Result<(FileId, bool), Problem> {
    if let Some(reference) = &order.wanted.reference
        && let Some(id) = state.files.by_reference(reference)
    {
        return if skip_duplicates { Ok((id, false)) } else { Err(duplicate(reference, id)) };
    }
    let parent = rendition_of(state, &order.wanted)?;
    let path = order.name.or(found.name).unwrap_or_else(|| last_part(&order.url));
    let name = kinds::base_name(&path).to_owned();
    if name.is_empty() {
        return Err(Problem::new(400, "EasEmptyFilename", "filesync", "The file name is empty."));
    }
    let extension = kinds::extension(&name);
    let (class, mime) = kinds::kind(&extension);
    let sent = order.metadata.path(&["_technical_metadata", "mime_type"]).text();
    let mime = sent.unwrap_or(mime).to_owned();
    let (place, status) =
        if order.leave { (Place::Remote(order.url.to_string()), "done") } else { (Place::Nowhere, "pending") };
    let id = state.files.add(File {
        reference: order.wanted.reference,
        name,
        path,
        class,
        extension,
        mime,
        bytes: found.bytes.unwrap_or(0),
        hash: hex(&Md5::digest(order.url.as_str().as_bytes())),
        status,
        uploaded: now(),
        uploader: user,
        produce_versions: order.wanted.produce_versions && parent.is_none(),
        parent,
        renditions: Vec::new(),
        place,
        metadata: order.metadata,
    });
    if !order.leave {
        fetches.push(Fetch { id, url: order.url });
    }
    Ok((id, true))
}

fn last_part(url: &Url) -> String {
    let part = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    String::from_utf8_lossy(&percent(part)).into_owned()
}

/// The bytes of a part of a path.
fn percent(part: &str) -> Vec<u8> {
    let plus = part.replace('+', "%2B").replace('=', "%3D").replace('&', "%26");
    url::form_urlencoded::parse(plus.as_bytes())
        .next()
        .map(|(name, _)| name.into_owned().into_bytes())
        .unwrap_or_default()
}

pub(in crate::rehearsal) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

impl Call<'_> {
    /// What the host says of a file before it is taken; nothing where it is not to be asked.
    fn found(&self, url: &Url, order: &Order) -> Result<Found, Problem> {
        if order.skip_head {
            return Ok(Found::default());
        }
        let head = self.shared.runtime.block_on(async { self.shared.client.head(url.clone()).send().await });
        let head = head.map_err(|_| remote(url, "the host does not answer"))?;
        if head.status().as_u16() != 200 {
            return Err(remote(url, &format!("the host answers {}", head.status().as_u16())));
        }
        let header = |name: &str| head.headers().get(name).and_then(|value| value.to_str().ok());
        let bytes = header("content-length").and_then(|length| length.parse().ok());
        if order.leave && bytes.unwrap_or(0) == 0 {
            let text = "The host does not tell how long the file is.";
            let problem = Problem::new(400, "EasRputErrorContentLength", "filesync", text);
            return Err(problem.with("url", url.to_string()).with("content_length", bytes.unwrap_or(0)));
        }
        let name = header("content-disposition").and_then(|value| value.split("filename=").nth(1));
        Ok(Found { name: name.map(|name| name.trim_matches(['"', ';', ' ']).to_owned()), bytes })
    }
}
