//! Sessions of easydb5: a token without a user first, then with one. How long a session lives is not documented; here
//! it is as long as the options say, by time or by requests.

use std::time::Instant;

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::call::Call;
use crate::rehearsal::auth::oauth2::check_password;
use crate::rehearsal::json::{Node, object};
use crate::rehearsal::problem::Problem;
use crate::rehearsal::shared::now;
use crate::rehearsal::state::{State, Token};

/// `GET /session`: the session of the token, or a new one.
pub(in crate::rehearsal) fn new_session(call: &Call) -> Answer {
    let mut state = call.write();
    let known = call.request.param("token").or_else(|| call.request.header("x-easydb-token"));
    let known = known.filter(|token| state.tokens.access.contains_key(*token)).map(str::to_owned);
    let token = known.unwrap_or_else(|| begin(call, &mut state));
    Answer::json(&session(call, &state, &token))
}

fn begin(call: &Call, state: &mut State) -> String {
    let token = call.shared.secret("");
    let life = call.shared.options.tokens;
    let session = Token {
        user: None,
        expires: Instant::now() + life.time,
        requests_left: life.requests,
        client: String::new(),
        scope: String::new(),
    };
    state.tokens.access.insert(token.clone(), session);
    token
}

/// `POST /session/authenticate`, with its parameters in the query or in a form.
pub(in crate::rehearsal) fn authenticate(call: &Call) -> Result<Answer, Problem> {
    let form = call.request.form();
    let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let token = field("token").or_else(|| call.request.header("x-easydb-token"));
    let token = token.unwrap_or_default().to_owned();
    let mut state = call.write();
    if !state.tokens.access.contains_key(&token) {
        return Err(Problem::new(400, "error.user.session_not_found", "user", "Session not found"));
    }
    if field("method").is_some_and(|methods| !methods.split(',').any(|method| method == "easydb")) {
        return Err(Problem::new(400, "error.user.authentication_method_not_allowed", "user", ""));
    }
    let (login, password) = (field("login").unwrap_or_default(), field("password").unwrap_or_default());
    if login.is_empty() || password.is_empty() {
        return Err(Problem::new(400, "error.user.username_or_password_empty", "user", "Login or password is empty"));
    }
    // Root may act as another: `<root's login>/<root's password>` as password.
    let as_other = password.split_once('/').and_then(|(root, secret)| {
        let root = check_password(&state, root, secret)?;
        let is_root = state.users.get(root)?.doc.path(&["user", "reference"]).text() == Some("system:root");
        state.user_by_login(login).filter(|_| is_root)
    });
    let user = check_password(&state, login, password).or(as_other);
    let user = user.ok_or_else(|| Problem::new(400, "error.user.login_failed", "user", "Login failed"))?;
    if let Some(session) = state.tokens.access.get_mut(&token) {
        session.user = Some(user);
    }
    Ok(Answer::json(&session(call, &state, &token)))
}

/// `POST /session/deauthenticate`
pub(in crate::rehearsal) fn deauthenticate(call: &Call) -> Result<Answer, Problem> {
    let mut state = call.write();
    let token = call.caller.token.clone().unwrap_or_default();
    match state.tokens.access.get_mut(&token) {
        Some(session) => session.user = None,
        None => return Err(Problem::new(400, "error.user.session_not_found", "user", "Session not found")),
    }
    Ok(Answer::json(&session(call, &state, &token)))
}

fn session(call: &Call, state: &State, token: &str) -> Node<'static> {
    let options = &call.shared.options;
    let mut body = object([
        ("token", token.to_owned().into()),
        ("authentication_methods", Node::List(vec![object([("method", "easydb".into())])])),
        ("instance", object([("name", options.name.clone().into()), ("api", "1".into())])),
        ("config", object([])),
    ]);
    let user = state.tokens.access.get(token).and_then(|session| session.user);
    if let Some(item) = user.and_then(|user| state.users.get(user)) {
        let is_root = item.doc.path(&["user", "reference"]).text() == Some("system:root");
        body.set("authenticated", object([("method", "easydb".into()), ("timestamp", now().into())]));
        body.set("user", item.doc.clone());
        let rights =
            if is_root { object([("system.root", object([]))]) } else { item.doc.at("_system_rights").clone() };
        body.set("system_rights", rights);
        body.set("pending_tasks", Node::List(Vec::new()));
    }
    body
}
