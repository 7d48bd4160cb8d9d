//! Right presets, of records and of collections.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::base::save::{Base, items, save_all, saved};
use crate::rehearsal::json::Node;
use crate::rehearsal::problem::Problem;

const OBJECT: Base =
    Base { name: "right_preset", shelf: |state| &state.object_presets, shelf_mut: |state| &mut state.object_presets };
const COLLECTION: Base = Base {
    name: "right_preset",
    shelf: |state| &state.collection_presets,
    shelf_mut: |state| &mut state.collection_presets,
};

/// There are two contexts; any other is no end point.
fn base(call: &Call, context: &str) -> Result<Base, Problem> {
    match context {
        "object" => Ok(OBJECT),
        "collection" => Ok(COLLECTION),
        _ => Err(Problem::unknown_endpoint(call.request.method.as_str(), &call.request.path)),
    }
}

/// `POST /right/{context}/presets`
pub(in crate::rehearsal) fn post_presets(call: &Call, context: &str) -> Result<Answer, Problem> {
    let base = base(call, context)?;
    call.right("system.rightpresetmanager")?;
    let body = call.request.json()?;
    let mut state = call.write();
    let ids = save_all(call, &mut state, base, items(&body)?, |_, _, doc| {
        if doc.path(&["right_preset", "preset"]).is_object() {
            return Ok(());
        }
        Err(Problem::generic("A right preset needs a preset."))
    })?;
    Ok(saved(&state, base, &ids))
}

/// `GET /right/{context}/presets`, by position
pub(in crate::rehearsal) fn get_presets(call: &Call, context: &str) -> Result<Answer, Problem> {
    let base = base(call, context)?;
    call.user()?;
    let state = call.read();
    let mut docs = (base.shelf)(&state).iter().map(|(_, item)| item.doc.clone()).collect::<Vec<_>>();
    docs.sort_by_key(|doc| doc.path(&["right_preset", "_position"]).number().unwrap_or(u64::MAX));
    Ok(Answer::json(&Node::List(docs)))
}

/// `GET /right/{context}/presets/{id}`: a list of one
pub(in crate::rehearsal) fn get_preset(call: &Call, context: &str, id: &str) -> Result<Answer, Problem> {
    let base = base(call, context)?;
    call.user()?;
    let state = call.read();
    let item = id.parse().ok().and_then(|id| (base.shelf)(&state).get(id));
    let item = item.ok_or_else(|| Problem::generic(format!("There is no right preset {id}.")))?;
    Ok(Answer::one(&item.doc))
}
