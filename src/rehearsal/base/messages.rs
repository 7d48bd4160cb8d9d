//! Messages to users.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::base::save::{Base, items, page_of, save_all, saved};
use crate::rehearsal::problem::Problem;

const MESSAGE: Base = Base { name: "message", shelf: |state| &state.messages, shelf_mut: |state| &mut state.messages };
const PAGE: u64 = 1000;

/// `POST /message`, `PUT /message`
pub(in crate::rehearsal) fn post_messages(call: &Call) -> Result<Answer, Problem> {
    call.right("system.message")?;
    let body = call.request.json()?;
    let mut state = call.write();
    let ids = save_all(call, &mut state, MESSAGE, items(&body)?, |_, saving, doc| {
        let message = doc.at("message");
        for key in ["title", "message"] {
            if saving.existing.is_none() && !message.at(key).is_object() {
                return Err(Problem::generic(format!("A message needs \"{key}\".")));
            }
        }
        let time = |key: &str| message.at(key).at("value").text();
        if let (Some(start), Some(end)) = (time("start_time"), time("end_time"))
            && start > end
        {
            let text = "The start of a message is after its end.";
            return Err(Problem::new(400, "StartTimeAfterEndTime", "message", text));
        }
        Ok(())
    })?;
    Ok(saved(&state, MESSAGE, &ids))
}

/// `GET /message`
pub(in crate::rehearsal) fn get_messages(call: &Call) -> Result<Answer, Problem> {
    call.right("system.message")?;
    let state = call.read();
    page_of(call, &state.messages, PAGE, |_, item| Some(item.doc.clone()))
}

/// `GET /message/{id}`
pub(in crate::rehearsal) fn get_message(call: &Call, id: &str) -> Result<Answer, Problem> {
    call.right("system.message")?;
    let state = call.read();
    let item = id.parse().ok().and_then(|id| state.messages.get(id));
    Ok(Answer::one(
        &item.ok_or_else(|| Problem::new(404, "MessageNotFound", "message", format!("Message {id} not found.")))?.doc,
    ))
}
