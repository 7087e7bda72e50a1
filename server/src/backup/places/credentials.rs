//! Keys to a bucket: from a file that may change, or from the environment; never from the command line.

use std::{path::PathBuf, sync::Arc};

use object_store::{CredentialProvider, aws::AwsCredential};

/// The profile that counts where none is named, as for AWS's own tools.
const DEFAULT: &str = "default";

/// Reads them each time they are needed, so that renewed ones are used at once.
#[derive(Debug)]
pub(super) struct Credentials {
    file: Option<PathBuf>,
    profile: Option<String>,
}

impl Credentials {
    pub(super) fn new(file: Option<PathBuf>, profile: Option<String>) -> Self {
        Self { file, profile }
    }

    fn found(&self) -> Result<AwsCredential, String> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        match &self.file {
            Some(file) => {
                let told = |why| format!("the credentials file {}: {why}", file.display());
                let text = std::fs::read_to_string(file).map_err(|error| told(error.to_string()))?;
                let profile = self.profile.clone().or_else(|| variable("AWS_PROFILE"));
                in_file(&text, profile.as_deref()).map_err(told)
            }
            None => credential(
                variable("AWS_ACCESS_KEY_ID"),
                variable("AWS_SECRET_ACCESS_KEY"),
                variable("AWS_SESSION_TOKEN"),
            )
            .ok_or_else(|| {
                "there are no credentials: add credentials=FILE to the place, or set AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY"
                    .to_owned()
            }),
        }
    }
}

impl CredentialProvider for Credentials {
    type Credential = AwsCredential;

    fn get_credential<'a, 'b>(
        &'a self,
    ) -> std::pin::Pin<Box<dyn Future<Output = object_store::Result<Arc<AwsCredential>>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        let found = self.found().map(Arc::new);
        Box::pin(async move {
            found.map_err(|why| object_store::Error::Unauthenticated { path: String::new(), source: why.into() })
        })
    }
}

fn credential(id: Option<String>, secret: Option<String>, token: Option<String>) -> Option<AwsCredential> {
    Some(AwsCredential { key_id: id?, secret_key: secret?, token })
}

/// The keys of a profile, as AWS's own tools read them: the named one, or `default`. Lines before any profile are
/// `default`'s; a file with one profile means that one.
fn in_file(text: &str, profile: Option<&str>) -> Result<AwsCredential, String> {
    let mut profiles: Vec<(String, Keys)> = Vec::new();
    let mut name = DEFAULT.to_owned();
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            let header = header.split(']').next().unwrap_or_default().trim();
            // The file `config` calls them so.
            let header = header.strip_prefix("profile ").unwrap_or(header).trim();
            header.trim_matches(['"', '\'']).clone_into(&mut name);
            profiles.push((name.clone(), Keys::default()));
            continue;
        }
        let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with(['#', ';'])) else { continue };
        if profiles.is_empty() {
            profiles.push((name.clone(), Keys::default()));
        }
        if let Some((_, keys)) = profiles.last_mut() {
            keys.take(key.trim().trim_start_matches("export ").trim(), plain(value));
        }
    }
    let wanted = profile.unwrap_or(DEFAULT);
    let named: Vec<&str> = profiles.iter().map(|(name, _)| name.as_str()).collect();
    let only = profile.is_none() && profiles.len() == 1;
    let mut found = profiles.iter().filter(|(name, _)| only || name == wanted).peekable();
    if found.peek().is_none() && !profiles.is_empty() {
        return Err(format!("it has no profile {wanted}, but {}: name one with profile=NAME", named.join(", ")));
    }
    // A profile that stands there twice is one.
    let keys = found.fold(Keys::default(), |all, (_, keys)| all.or(keys));
    credential(keys.id, keys.secret, keys.token).ok_or_else(|| {
        let others =
            if named.len() > 1 { format!(" in its profile {wanted} of {}", named.join(", ")) } else { String::new() };
        format!("it names no aws_access_key_id and aws_secret_access_key{others}")
    })
}

#[derive(Clone, Default)]
struct Keys {
    id: Option<String>,
    secret: Option<String>,
    token: Option<String>,
}

impl Keys {
    fn take(&mut self, key: &str, value: Option<String>) {
        match key.to_ascii_lowercase().as_str() {
            "aws_access_key_id" => self.id = value,
            "aws_secret_access_key" => self.secret = value,
            // The second is the older name.
            "aws_session_token" | "aws_security_token" => self.token = value,
            _ => {}
        }
    }

    fn or(self, other: &Self) -> Self {
        let or = |one: Option<String>, other: &Option<String>| other.clone().or(one);
        Self { id: or(self.id, &other.id), secret: or(self.secret, &other.secret), token: or(self.token, &other.token) }
    }
}

/// A value without quotes around it and without the remark behind it; no key has a space or a quote in it.
fn plain(value: &str) -> Option<String> {
    let value = value.trim();
    let quote = value.chars().next().filter(|first| ['"', '\''].contains(first));
    let inside = quote.and_then(|quote| value[1..].split(quote).next());
    let word = inside.or_else(|| value.split_whitespace().next()).unwrap_or_default();
    Some(word.to_owned()).filter(|word| !word.is_empty() && !word.starts_with(['#', ';']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str, profile: Option<&str>) -> Result<String, String> {
        in_file(text, profile).map(|found| found.key_id)
    }

    #[test]
    fn the_named_profile_counts_or_the_default_wherever_it_stands() {
        let keys = |name: &str| format!("aws_access_key_id = {name}\naws_secret_access_key=s=/+\n");
        let text = format!("# ours\n[other]\n{}[default]\nregion = eu\n{}", keys("B"), keys("A"));
        assert_eq!(id(&text, None), Ok("A".into()));
        assert_eq!(id(&text, Some("other")), Ok("B".into()));
        assert!(id(&text, Some("third")).unwrap_err().contains("other, default"));
        assert_eq!(in_file(&text, None).unwrap().secret_key, "s=/+");
        let only = format!("[backup]\n{}", keys("C"));
        assert_eq!((id(&only, None), id(&only, Some("default")).is_err()), (Ok("C".into()), true));
        assert_eq!(id(&keys("D"), None), Ok("D".into()), "without any profile");
        assert_eq!(id(&format!("[profile x]\n{}[y]\n", keys("E")), Some("x")), Ok("E".into()));
        let empty = format!("[default]\nregion = eu\n[backup]\n{}", keys("F"));
        let refused = id(&empty, None).unwrap_err();
        assert!(refused.contains("default") && refused.contains("backup"), "{refused}");
    }

    #[test]
    fn quotes_remarks_and_exports_are_no_part_of_a_key() {
        for text in [
            "AWS_ACCESS_KEY_ID=\"A\"\nAWS_SECRET_ACCESS_KEY='s/+='",
            "export AWS_ACCESS_KEY_ID=A\r\nexport AWS_SECRET_ACCESS_KEY=s/+=\r\n",
            "\u{feff}[default]\naws_access_key_id = A # main\naws_secret_access_key = s/+= ; note\n",
        ] {
            let found = in_file(text, None).unwrap();
            assert_eq!((found.key_id.as_str(), found.secret_key.as_str()), ("A", "s/+="), "{text}");
        }
        assert!(in_file("aws_access_key_id = A\naws_secret_access_key =\n", None).is_err());
        let token = "aws_access_key_id=A\naws_secret_access_key=b\naws_security_token=c";
        assert_eq!(in_file(token, None).unwrap().token.as_deref(), Some("c"));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Credentials::new(Some("/nowhere/keys".into()), None).found().unwrap_err();
        assert!(error.contains("/nowhere/keys"), "{error}");
    }
}
