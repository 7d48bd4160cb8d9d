//! Which handler answers which request. What the played system or release does not have is an unknown end point.

use axum::http::Method;

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::{self, Call};
use crate::rehearsal::base::{self, Change};
use crate::rehearsal::datamodel;
use crate::rehearsal::db;
use crate::rehearsal::eas::{self, Fetch};
use crate::rehearsal::options::Kind;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::request::Request;
use crate::rehearsal::shared::Shared;
use crate::rehearsal::system::{config, purge, settings, status};

/// What is done with a request that is not for `/api/v1`.
enum Outside<'r> {
    Api(Vec<&'r str>),
    Answered(Answer),
}

/// Answers a request; `fetches` are the files to be fetched afterwards.
pub(in crate::rehearsal) fn answer(shared: &Shared, request: &Request, fetches: &mut Vec<Fetch>) -> Answer {
    let kind = shared.options.kind;
    let call = Call::new(shared, request);
    let answered = outside(&call).and_then(|outside| match outside {
        Outside::Answered(answer) => Ok(answer),
        Outside::Api(segments) => route(&call, &segments, fetches),
    });
    let answer = answered.unwrap_or_else(|problem| problem.answer(kind));
    head(&call, answer)
}

/// Answers a call of the instance itself.
pub(in crate::rehearsal) fn answer_root(
    shared: &Shared,
    request: &Request,
    fetches: &mut Vec<Fetch>,
) -> Result<Answer, Problem> {
    let segments = request.segments.iter().map(String::as_str).collect::<Vec<_>>();
    dispatch(&Call::of_root(shared, request), &segments[2..], fetches)
}

fn outside<'r>(call: &Call<'r>) -> Result<Outside<'r>, Problem> {
    let request = call.request;
    let segments = request.segments.iter().map(String::as_str).collect::<Vec<_>>();
    match (call.shared.options.kind, segments.as_slice()) {
        (_, ["api", "v1", rest @ ..]) if !rest.is_empty() => Ok(Outside::Api(without_end(rest))),
        (Kind::Fylr, ["api", "oauth2", "token"]) if request.method == Method::POST => {
            Ok(Outside::Answered(auth::token(call.shared, request)))
        }
        (Kind::Fylr, ["api", "oauth2", "revoke"]) if request.method == Method::POST => {
            Ok(Outside::Answered(auth::revoke(call.shared, request)))
        }
        (Kind::Fylr, ["api", "oauth2", "introspect"]) if request.method == Method::POST => {
            Ok(Outside::Answered(auth::introspect(call.shared, request)))
        }
        (Kind::Easydb5, ["eas", "partitions-inline", rest @ ..]) => {
            eas::download_easydb5(call, rest).map(Outside::Answered)
        }
        _ => Err(Problem::unknown_endpoint(request.method.as_str(), &request.path)),
    }
}

/// A slash at the end makes no difference.
fn without_end<'r>(segments: &[&'r str]) -> Vec<&'r str> {
    let end = segments.iter().rposition(|segment| !segment.is_empty()).map_or(0, |at| at + 1);
    segments[..end].to_vec()
}

/// Headers that every answer has.
fn head(call: &Call, answer: Answer) -> Answer {
    match call.shared.options.kind {
        Kind::Fylr => answer,
        Kind::Easydb5 => {
            let version = call.read().documents.schema_version().to_string();
            answer
                .with("x-easydb-base-schema-version", "230")
                .with("x-easydb-user-schema-version", &version)
                .with("x-easydb-api-version", "1")
        }
    }
}

/// Writes are refused in read-only mode, before rights are looked at; `/eas/rput/bulk` is documented without that guard.
fn route(call: &Call, segments: &[&str], fetches: &mut Vec<Fetch>) -> Result<Answer, Problem> {
    let is_read = matches!(call.request.method, Method::GET | Method::HEAD);
    let is_harmless = matches!(segments, ["search"] | ["session", ..] | ["eas", "rput", "bulk"]);
    if call.shared.options.read_only && call.has(6, 18, 0) && !is_read && !is_harmless {
        return Err(Problem::read_only());
    }
    dispatch(call, segments, fetches)
}

fn dispatch(call: &Call, segments: &[&str], fetches: &mut Vec<Fetch>) -> Result<Answer, Problem> {
    let is_easydb5 = call.shared.options.kind == Kind::Easydb5;
    let method = call.request.method.as_str();
    let method = if method == "HEAD" { "GET" } else { method };
    let unknown = || Problem::unknown_endpoint(call.request.method.as_str(), &call.request.path);
    if is_easydb5 {
        match (method, segments) {
            ("GET", ["session"]) => return Ok(auth::new_session(call)),
            ("POST" | "GET", ["session", "authenticate"]) => return auth::authenticate(call),
            ("POST" | "GET", ["session", "deauthenticate"]) => return auth::deauthenticate(call),
            // An easydb5 is a source and nothing else; the instance itself fills it.
            ("GET", _) | ("POST", ["search"]) => {}
            _ if call.is_own => {}
            _ => return Err(unknown()),
        }
    }
    match method {
        "GET" => get(call, segments).unwrap_or_else(|| Err(unknown())),
        "POST" | "PUT" | "DELETE" => write_base(call, method, segments)
            .or_else(|| write(call, method, segments, fetches))
            .unwrap_or_else(|| Err(unknown())),
        _ => Err(unknown()),
    }
}

type Outcome = Option<Result<Answer, Problem>>;

fn get(call: &Call, segments: &[&str]) -> Outcome {
    let is_fylr = call.shared.options.kind == Kind::Fylr;
    Some(match segments {
        ["settings"] => Ok(settings::settings(call)),
        ["user", "session"] if is_fylr => auth::user_session(call),
        ["system", "status"] if is_fylr => status::status(call),
        ["schema", "user", version] => datamodel::get_schema(call, version),
        ["mask", version] => datamodel::get_mask(call, version, None),
        ["mask", version, mask] => datamodel::get_mask(call, version, Some(mask)),
        ["l10n", "user", version] => datamodel::get_l10n(call, version),
        ["config"] => config::get(call),
        ["config", path @ ..] if is_fylr && path != ["list"] => config::get_path(call, path),
        ["plugin"] => Ok(base::get_plugins(call)),
        ["plugin", "manage"] if is_fylr => base::get_managed(call),
        ["xmlmapping", "list"] => base::get_mappings(call),
        ["xmlmapping", "mapping", id] => base::get_mapping(call, id),
        ["db", objecttype, mask, "list"] => db::get_list(call, objecttype, mask),
        ["db", objecttype, mask, id] => db::get_one(call, objecttype, mask, "_id", id),
        ["db", objecttype, mask, by @ ("system_object_id" | "global_object_id"), id] => {
            db::get_one(call, objecttype, mask, by, id)
        }
        ["eas"] => eas::get_files(call),
        ["eas", "download", id, hash, version] if is_fylr => eas::download(call, id, hash, version),
        ["eas", id] if is_fylr => eas::get_file(call, id),
        _ => return get_base(call, segments),
    })
}

fn get_base(call: &Call, segments: &[&str]) -> Outcome {
    Some(match segments {
        ["tags"] => base::get_tags(call),
        ["group"] => base::get_groups(call),
        ["group", id] => base::get_group(call, id),
        ["user"] => base::get_users(call),
        ["user", id] => base::get_user(call, id),
        ["pool"] => base::get_pools(call),
        ["pool", id] => base::get_pool(call, id),
        ["objecttype"] => base::get_objecttypes(call),
        ["objecttype", id] => base::get_objecttype(call, id),
        ["right", context, "presets"] => base::get_presets(call, context),
        ["right", context, "presets", id] => base::get_preset(call, context, id),
        ["transitions"] => base::get_transitions(call),
        ["message"] => base::get_messages(call),
        ["message", id] => base::get_message(call, id),
        ["collection", "list"] => base::get_collections(call, None),
        ["collection", "list", parent] => base::get_collections(call, Some(parent)),
        ["collection", "objects", id] => base::get_objects(call, id),
        ["collection", id] => base::get_collection(call, id),
        ["publish"] => base::get_publications(call),
        ["publish", id] => base::get_publication(call, id),
        ["event", "list"] => base::get_events(call),
        ["event", id] => base::get_event(call, id),
        _ => return None,
    })
}

fn write_base(call: &Call, method: &str, segments: &[&str]) -> Outcome {
    Some(match (method, segments) {
        ("POST", ["tags"]) => base::post_tags(call),
        ("POST" | "PUT", ["group"]) => base::post_groups(call),
        ("POST" | "PUT", ["user"]) => base::post_users(call),
        ("POST" | "PUT", ["pool"]) => base::post_pools(call),
        ("POST", ["objecttype"]) => base::post_objecttypes(call),
        ("POST", ["right", context, "presets"]) => base::post_presets(call, context),
        ("POST", ["transitions"]) => base::post_transitions(call),
        ("POST" | "PUT", ["message"]) => base::post_messages(call),
        ("POST" | "PUT", ["collection"]) => base::put_collection(call),
        ("PUT", ["collection", "list"]) if call.has(6, 8, 0) => base::put_collections(call),
        ("POST", ["collection", "objects", id]) => base::post_objects(call, id, Change::Replace),
        ("POST", ["collection", "push", id]) => base::post_objects(call, id, Change::Push),
        ("POST", ["collection", "splice", id]) => base::post_objects(call, id, Change::Splice),
        ("POST", ["collection", "remove", id]) => base::post_objects(call, id, Change::Remove),
        ("POST", ["publish"]) => base::post_publications(call),
        ("POST", ["event"]) => base::post_event(call),
        ("POST", ["event", "list"]) if call.has(6, 11, 0) => base::post_events(call),
        ("PUT", ["xmlmapping", "mapping"]) => base::put_mapping(call),
        ("POST", ["xmlmapping", "mapping", id]) => base::post_mapping(call, id),
        ("PUT", ["plugin", "manage"]) => base::put_plugin(call),
        ("POST", ["plugin", "manage", id]) => base::post_plugin(call, id),
        _ => return None,
    })
}

fn write(call: &Call, method: &str, segments: &[&str], fetches: &mut Vec<Fetch>) -> Outcome {
    Some(match (method, segments) {
        ("POST", ["schema", "user", "HEAD"]) => datamodel::post_schema(call),
        ("POST", ["mask", "HEAD"]) => datamodel::post_mask(call),
        ("POST", ["l10n", "user", "HEAD"]) => datamodel::post_l10n(call),
        ("POST", ["schema", "commit"]) => datamodel::commit(call),
        ("POST", ["config"]) => config::post(call),
        ("POST", ["config", path @ ..]) => config::post_path(call, path),
        ("POST", ["db", objecttype]) => db::post(call, objecttype),
        ("DELETE", ["db", objecttype]) => db::delete(call, objecttype),
        ("POST", ["search"]) => db::search(call),
        ("POST" | "PUT", ["eas", "put"]) => eas::put(call),
        ("POST", ["eas", "rput"]) => eas::rput(call, fetches),
        ("POST", ["eas", "rput", "bulk"]) if call.has(6, 18, 0) => eas::rput_bulk(call, fetches),
        ("POST", ["eas", id]) => eas::post_file(call, id),
        ("POST", ["system", "purgeall"]) => purge::purge(call),
        // Whatever is saved is found at once; there is nothing to do.
        ("POST", ["system", "reindex"]) => Ok(Answer::ok()),
        _ => return None,
    })
}
