//! Profiles: instances by a short name, in `fonds.toml`. Where passwords come from is written there, never a password.

use std::path::PathBuf;
use std::str::FromStr;

use toml::{Table, Value};

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretFrom {
    /// An environment variable.
    Variable(String),
    /// The first line of a file; relative to the folder of `fonds.toml`.
    File(PathBuf),
    /// The first line that a command prints.
    Command(String),
}

/// An instance as `[instance.NAME]` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub server: String,
    pub login: Option<String>,
    pub password: Option<SecretFrom>,
    pub client_id: Option<String>,
    pub client_secret: Option<SecretFrom>,
    pub client_token_url: Option<String>,
    pub insecure: bool,
}

/// All profiles of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profiles(Vec<(String, Profile)>);

/// Why a file holds no profiles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    #[error("it is no TOML: {0}")]
    NotToml(String),
    #[error("[instance.{name}]: {why}")]
    Instance { name: String, why: String },
}

/// The keys of a profile.
const KEYS: [&str; 11] = [
    "server",
    "login",
    "password_env",
    "password_file",
    "password_command",
    "client_id",
    "client_secret_env",
    "client_secret_file",
    "client_secret_command",
    "client_token_url",
    "insecure",
];

impl Profiles {
    /// The profile of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Profile> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, profile)| profile)
    }

    /// The names of all profiles.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

impl FromStr for Profiles {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, ProfileError> {
        let table: Table =
            text.parse().map_err(|error: toml::de::Error| ProfileError::NotToml(error.message().to_owned()))?;
        let instances = table.get("instance").and_then(Value::as_table).cloned().unwrap_or_default();
        let profiles = instances.into_iter().map(|(name, value)| {
            let profile = read(&value).map_err(|why| ProfileError::Instance { name: name.clone(), why })?;
            Ok((name, profile))
        });
        Ok(Self(profiles.collect::<Result<_, _>>()?))
    }
}

fn read(value: &Value) -> Result<Profile, String> {
    let table = value.as_table().ok_or("it is no table")?;
    if table.contains_key("password") || table.contains_key("client_secret") {
        return Err(
            "a secret does not stand here; name where it is with password_env, password_file or password_command"
                .to_owned(),
        );
    }
    if let Some(unknown) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!("nobody knows \"{unknown}\"; there are {}", KEYS.join(", ")));
    }
    let text = |key: &str| match table.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("\"{key}\" is no text")),
    };
    let insecure = match table.get("insecure") {
        None => false,
        Some(value) => value.as_bool().ok_or("\"insecure\" is neither true nor false")?,
    };
    let secret = |name: &str| -> Result<Option<SecretFrom>, String> {
        let variable = text(&format!("{name}_env"))?.map(SecretFrom::Variable);
        let file = text(&format!("{name}_file"))?.map(|file| SecretFrom::File(file.into()));
        let command = text(&format!("{name}_command"))?.map(SecretFrom::Command);
        let mut found = [variable, file, command].into_iter().flatten();
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(format!("{name}_env, {name}_file and {name}_command exclude each other")),
            (found, None) => Ok(found),
        }
    };
    Ok(Profile {
        server: text("server")?.ok_or("\"server\" is missing")?,
        login: text("login")?,
        password: secret("password")?,
        client_id: text("client_id")?,
        client_secret: secret("client_secret")?,
        client_token_url: text("client_token_url")?,
        insecure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_says_where_its_secrets_are() {
        let profiles: Profiles = "[instance.museum]\nserver = \"https://dam.museum.example/api/v1\"\nlogin = \"root\"\n\
            password_file = \"pw\"\n[instance.test]\nserver = \"http://localhost\"\npassword_env = \"PW\"\ninsecure = true\n"
            .parse()
            .unwrap();
        let museum = profiles.get("museum").unwrap();
        assert_eq!(museum.login.as_deref(), Some("root"));
        assert_eq!(museum.password, Some(SecretFrom::File("pw".into())));
        assert!(profiles.get("test").unwrap().insecure);
        assert_eq!(profiles.names().collect::<Vec<_>>(), ["museum", "test"]);
    }

    #[test]
    fn what_is_wrong_with_a_profile_is_told() {
        for (text, told) in [
            ("[instance.a]\nlogin = \"x\"", "[instance.a]: \"server\" is missing"),
            ("[instance.a]\nserver = \"x\"\npasswd = \"y\"", "[instance.a]: nobody knows \"passwd\""),
            ("[instance.a]\nserver = \"x\"\npassword = \"y\"", "[instance.a]: a secret does not stand here"),
            ("[instance.a]\nserver = \"x\"\npassword_env = \"A\"\npassword_file = \"b\"", "exclude each other"),
            ("[instance.a]\nserver = 3", "[instance.a]: \"server\" is no text"),
            ("x", "it is no TOML"),
        ] {
            let error = text.parse::<Profiles>().unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
