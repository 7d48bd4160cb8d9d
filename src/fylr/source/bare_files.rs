//! Files that base types and the base config name by their ids alone: what else there is to know of them is asked for,
//! so that their bytes can come along.

use std::collections::HashMap;

use crate::fylr::error::Error;
use crate::fylr::json::Json;
use crate::fylr::request::{Request, Shape};
use crate::fylr::source::read::{Reader, parsed};

/// Files that are asked for at a time.
const AT_A_TIME: usize = 100;

/// Where bare files can stand.
#[derive(Clone, Copy)]
pub(crate) enum Where {
    /// Everywhere.
    Anywhere,
    /// Under this key.
    Under(&'static str),
}

/// Completes every `{"_id": 7}` that is a file.
pub(crate) async fn complete(reader: &Reader, json: &mut Json<'_>, place: Where) -> Result<(), Error> {
    let mut ids = Vec::new();
    visit(json, place, matches!(place, Where::Anywhere), &mut |json| {
        ids.extend(bare_id(json));
        false
    });
    let mut files: HashMap<u64, Json<'static>> = HashMap::new();
    for ids in ids.chunks(AT_A_TIME) {
        let list = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let request = Request::get("eas", Shape::Object).with("ids", format!("[{list}]")).with("format", "long");
        let answer = match reader.asker.ask(&request).await {
            Ok(answer) => answer,
            // What is no file stays as it is.
            Err(Error::Refused { .. } | Error::Rights { .. }) => continue,
            Err(error) => return Err(error),
        };
        let answer = parsed(&answer, "eas")?;
        files.extend(ids.iter().filter_map(|id| Some((*id, answer.get(&id.to_string())?.detached()))));
    }
    visit(json, place, matches!(place, Where::Anywhere), &mut |json| {
        let file = bare_id(json).and_then(|id| files.get(&id)).filter(|file| file.members().is_some());
        if let Some(file) = file {
            *json = file.clone();
        }
        file.is_some()
    });
    Ok(())
}

/// The id of an object that has nothing else.
fn bare_id(json: &Json<'_>) -> Option<u64> {
    let members = json.members()?;
    let is_bare = members.iter().all(|(key, _)| key == "_id");
    members.get("_id").filter(|_| is_bare)?.as_id()
}

/// Looks at every value; what is inside of one for which `look` says that it is done is not looked at: a file may name
/// users by their ids alone, and those are no files.
fn visit<'t>(json: &mut Json<'t>, place: Where, is_here: bool, look: &mut dyn FnMut(&mut Json<'t>) -> bool) {
    if is_here && look(json) {
        return;
    }
    match json {
        Json::Scalar(_) => {}
        Json::Array(items) => items.iter_mut().for_each(|item| visit(item, place, is_here, look)),
        Json::Object(members) => {
            for (key, value) in members.iter_mut() {
                let is_here = match place {
                    Where::Anywhere => true,
                    Where::Under(wanted) => key == wanted,
                };
                visit(value, place, is_here, look);
            }
        }
    }
}
