//! Users, with what they log in with. Each new one gets a collection of its own.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::base::groups::check_rights;
use crate::rehearsal::base::refer::look_up;
use crate::rehearsal::base::save::{Base, Saving, is_visible, items, page_of, save_all, saved};
use crate::rehearsal::json::{Doc, Node, object};
use crate::rehearsal::options::Kind;
use crate::rehearsal::problem::{Problem, confirmation};
use crate::rehearsal::state::{Item, Login, State};

const USER: Base = Base { name: "user", shelf: |state| &state.users, shelf_mut: |state| &mut state.users };
const PAGE_FYLR: u64 = 100;
const PAGE_EASYDB5: u64 = 1000;
/// Types that can be made; `system` is there already.
const TYPES: [&str; 7] = ["easydb", "easydb_self_register", "anonymous", "collection", "email", "ldap", "sso"];
/// Types that no password belongs to.
const WITHOUT_PASSWORD: [&str; 3] = ["ldap", "sso", "email"];
/// The longest login since 6.34, and before.
const LOGIN_MAX: usize = 500;
const LOGIN_MAX_BEFORE: usize = 100;
/// The longest password.
const PASSWORD_MAX: usize = 100;
/// Shorter passwords are asked back about.
const PASSWORD_MIN: usize = 5;

/// `POST /user`, `PUT /user`
pub(in crate::rehearsal) fn post_users(call: &Call) -> Result<Answer, Problem> {
    call.right("system.user")?;
    let body = call.request.json()?;
    let weak = |user: &Node<'_>| user.at("_password").text().is_some_and(|password| password.len() < PASSWORD_MIN);
    let is_asked = call.request.param("confirm") != Some("ignore_password_requirements");
    if call.shared.options.confirm && is_asked && items(&body)?.iter().any(weak) {
        let button = ("confirm", "ignore_password_requirements");
        return Ok(confirmation("Password", "A password does not meet the requirements.", button));
    }
    let skip = call.request.is_on("skip_constraints") || call.request.is_on("skipConstraints");
    let mut logins = Vec::new();
    let mut state = call.write();
    let ids = save_all(call, &mut state, USER, items(&body)?, |state, saving, doc| {
        check(call, state, saving, doc, skip && call.caller.is_root)?;
        logins.push((saving.id, login(call, saving, doc)?));
        Ok(())
    })?;
    for (id, login) in logins {
        let known = state.logins.entry(id).or_default();
        known.password = login.password.or_else(|| known.password.take().filter(|_| login.hash.is_none()));
        known.hash = login.hash.or_else(|| known.hash.take());
        personal_collection(&mut state, id);
    }
    Ok(saved(&state, USER, &ids))
}

fn check(
    call: &Call,
    state: &State,
    saving: &Saving<'_>,
    doc: &mut Doc,
    skip_constraints: bool,
) -> Result<(), Problem> {
    let user = doc.at("user");
    let before = saving.existing.map(|item| item.doc.at("user"));
    let kind = user.at("type").text().or_else(|| before?.at("type").text()).unwrap_or("easydb");
    if saving.existing.is_none() && !TYPES.contains(&kind) {
        let text = format!("Users of type {kind} cannot be created.");
        return Err(Problem::new(400, "UserTypeNotAllowed", "acl", text).with("type", kind.to_owned()));
    }
    check_login(call, state, saving, user)?;
    check_email(state, saving, user, skip_constraints)?;
    check_languages(state, user)?;
    if !call.caller.is_root {
        for key in ["_created_at", "_last_seen_at", "_owner"] {
            if doc.get(key).is_some() {
                let text = format!("Only system:root can set \"{key}\".");
                return Err(Problem::new(400, "ColumnNeedsSystemRoot", "acl", text).with("column", key));
            }
        }
    }
    let kind = kind.to_owned();
    check_rights(state, doc.at("_system_rights"))?;
    pin_codes(call, state, doc)?;
    if let Some(user) = doc.get_mut("user")
        && user.get("type").is_none()
    {
        user.set("type", kind);
    }
    Ok(())
}

fn check_login(call: &Call, state: &State, saving: &Saving<'_>, user: &Node<'_>) -> Result<(), Problem> {
    let Some(login) = user.at("login").text() else { return Ok(()) };
    let max = if call.has(6, 34, 0) { LOGIN_MAX } else { LOGIN_MAX_BEFORE };
    if login.chars().count() > max {
        return Err(Problem::generic(format!("The login is longer than {max} characters.")));
    }
    match state.user_by_login(login) {
        Some(other) if other != saving.id => {
            let text = format!("The login {login} is taken.");
            Err(Problem::new(409, "UserDuplicateLogin", "acl", text).with("login", login.to_owned()))
        }
        _ => Ok(()),
    }
}

fn check_email(state: &State, saving: &Saving<'_>, user: &Node<'_>, skip: bool) -> Result<(), Problem> {
    let Some(email) = user.at("email").text().filter(|email| !email.is_empty()) else { return Ok(()) };
    let parts = email.split_once('@');
    let is_right = parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !email.contains(' '));
    if !is_right && !skip {
        let text = format!("The email address {email} is malformed.");
        return Err(Problem::new(400, "UserEmailMalformed", "acl", text).with("email", email.to_owned()));
    }
    if state.users.by_member("email", email).is_some_and(|other| other != saving.id) {
        let text = format!("The email address {email} is taken.");
        return Err(Problem::new(409, "UserDuplicateEmail", "acl", text).with("email", email.to_owned()));
    }
    Ok(())
}

/// Languages must be in the base config before a user has them.
fn check_languages(state: &State, user: &Node<'_>) -> Result<(), Problem> {
    let known = state.config.path(&["system", "config", "languages", "database"]).list();
    for language in user.at("database_languages").list() {
        if !known.iter().any(|known| known.at("value") == &language.to_doc()) {
            return Err(Problem::generic(format!("The database language {language} is not in the base config.")));
        }
    }
    Ok(())
}

/// Codes of collections that nobody knows are ignored since 6.32, and refused before.
fn pin_codes(call: &Call, state: &State, doc: &mut Doc) -> Result<(), Problem> {
    let Some(Node::List(codes)) = doc.take("_collection_pin_codes") else { return Ok(()) };
    let mut known = Vec::new();
    for mut code in codes {
        let id = match code.take("lookup:collection_id") {
            Some(lookup) => look_up(state, "collection", &lookup).ok(),
            None => code.at("collection_id").number().filter(|id| state.collections.get(*id).is_some()),
        };
        match id {
            Some(id) => {
                code.set("collection_id", id);
                known.push(code);
            }
            None if call.has(6, 32, 0) => {}
            None => {
                return Err(Problem::new(400, "WrongCollection", "acl", "A pin code is for an unknown collection."));
            }
        }
    }
    doc.set("_collection_pin_codes", Node::List(known));
    Ok(())
}

/// What the user logs in with from now on; it is not part of the document.
fn login(call: &Call, saving: &Saving<'_>, doc: &mut Doc) -> Result<Login, Problem> {
    let kind = doc.path(&["user", "type"]).text().unwrap_or_default().to_owned();
    let (password, hash) = (doc.take("_password"), doc.take("_password_hash"));
    let must_change = doc.get_mut("user").and_then(|user| user.get("require_password_change").cloned());
    let is_given = [&password, &hash, &must_change].into_iter().flatten().any(|node| !node.is_null());
    if is_given && WITHOUT_PASSWORD.contains(&kind.as_str()) {
        let text = format!("A password cannot be set for users of type {kind}.");
        let problem = Problem::new(400, "UnableToSetPasswordForUserType", "acl", text);
        return Err(problem.with("type", kind).with("user", saving.id));
    }
    if hash.is_some() && !call.caller.is_root {
        let text = "Only system:root can set \"_password_hash\".";
        return Err(Problem::new(400, "ColumnNeedsSystemRoot", "acl", text).with("column", "_password_hash"));
    }
    let text = |node: Option<Doc>| node.as_ref().and_then(Node::text).map(str::to_owned);
    let (password, hash) = (text(password), text(hash));
    if password.as_ref().is_some_and(|password| password.chars().count() > PASSWORD_MAX) {
        return Err(Problem::generic(format!("The password is longer than {PASSWORD_MAX} characters.")));
    }
    if hash
        .as_ref()
        .is_some_and(|hash| hash.split_once(':').is_none_or(|(method, rest)| method.is_empty() || rest.is_empty()))
    {
        return Err(Problem::generic("A password hash has the form method:hash."));
    }
    Ok(Login { password, hash })
}

/// The collection that each user has: below the root collection, found by the user's reference, login or id.
pub(in crate::rehearsal) fn personal_collection(state: &mut State, user: u64) {
    let Some(item) = state.users.get(user) else { return };
    let block = item.doc.at("user");
    let reference = match (block.at("reference").text(), block.at("login").text()) {
        (Some(reference), _) => format!("user:ref:{reference}"),
        (None, Some(login)) => format!("user:login:{login}"),
        (None, None) => format!("user:id:{user}"),
    };
    if state.collections.by_reference(&reference).is_some() {
        return;
    }
    let root = state.collections.by_reference("system:root");
    let id = state.collections.next_id();
    let doc = object([
        ("_basetype", "collection".into()),
        (
            "collection",
            object([
                ("_id", id.into()),
                ("_id_parent", root.into()),
                ("_version", 1_u64.into()),
                ("reference", reference.into()),
                ("type", "workfolder".into()),
                ("is_system_collection", true.into()),
                ("children_allowed", true.into()),
                ("objects_allowed", true.into()),
            ]),
        ),
        ("_owner", object([("_basetype", "user".into()), ("user", object([("_id", user.into())]))])),
        ("_acl", Node::List(Vec::new())),
    ]);
    state.collections.put(id, Item { version: 1, doc });
}

/// `GET /user`
pub(in crate::rehearsal) fn get_users(call: &Call) -> Result<Answer, Problem> {
    call.user()?;
    let is_easydb5 = call.shared.options.kind == Kind::Easydb5;
    let with_password = with_password(call)?;
    let types = call.request.param("type").map(|types| types.split(',').map(str::to_owned).collect::<Vec<_>>());
    let page = if is_easydb5 { PAGE_EASYDB5 } else { PAGE_FYLR };
    let state = call.read();
    page_of(call, &state.users, page, |id, item| {
        let kind = item.doc.path(&["user", "type"]).text().unwrap_or_default();
        let is_wanted = types.as_ref().is_none_or(|types| types.iter().any(|wanted| wanted == kind));
        let may = call.caller.user == Some(id) || is_visible(call, &item.doc, "system.user");
        (is_wanted && may).then(|| told(&state, id, item, is_easydb5, with_password))
    })
}

/// easydb5 leaves hashes out without a word when the server's setting is off.
fn with_password(call: &Call) -> Result<bool, Problem> {
    if !call.request.is_on("include_password") {
        return Ok(false);
    }
    call.root()?;
    Ok(call.shared.options.kind == Kind::Fylr || call.shared.options.give_passwords)
}

fn told(state: &State, id: u64, item: &Item, is_easydb5: bool, with_password: bool) -> Doc {
    let mut doc = item.doc.clone();
    if doc.at("_groups").is_null() {
        doc.set("_groups", Node::List(Vec::new()));
    }
    if is_easydb5 {
        crate::rehearsal::easydb5::user(&mut doc);
    }
    if let Some(login) = state.logins.get(&id).filter(|_| with_password) {
        match &login.hash {
            Some(hash) if is_easydb5 => crate::rehearsal::easydb5::password(&mut doc, hash),
            Some(hash) => doc.set("_password_hash", hash.clone()),
            None => {}
        }
    }
    doc
}

/// `GET /user/{id}`
pub(in crate::rehearsal) fn get_user(call: &Call, id: &str) -> Result<Answer, Problem> {
    call.user()?;
    let with_password = with_password(call)?;
    let state = call.read();
    let found = id.parse().ok().and_then(|id| Some((id, state.users.get(id)?)));
    let (number, item) =
        found.ok_or_else(|| Problem::new(400, "UserNotFound", "acl", format!("User {id} not found.")))?;
    if call.caller.user != Some(number) && !is_visible(call, &item.doc, "system.user") {
        return Err(Problem::system_right("system.user"));
    }
    let is_easydb5 = call.shared.options.kind == Kind::Easydb5;
    Ok(Answer::one(&told(&state, number, item, is_easydb5, with_password)))
}
