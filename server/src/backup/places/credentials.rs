//! Keys to a bucket: from a file that may change, or from the environment; never from the command line.

use std::{path::PathBuf, sync::Arc};

use object_store::{CredentialProvider, aws::AwsCredential};

/// Reads them each time they are needed, so that renewed ones are used at once.
#[derive(Debug)]
pub(super) struct Credentials {
    file: Option<PathBuf>,
}

impl Credentials {
    pub(super) fn new(file: Option<PathBuf>) -> Self {
        Self { file }
    }

    fn found(&self) -> Result<AwsCredential, String> {
        match &self.file {
            Some(file) => {
                let text = std::fs::read_to_string(file)
                    .map_err(|error| format!("the credentials file {}: {error}", file.display()))?;
                in_file(&text)
                    .ok_or_else(|| format!("{} names no aws_access_key_id and aws_secret_access_key", file.display()))
            }
            None => {
                let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
                credential(
                    variable("AWS_ACCESS_KEY_ID"),
                    variable("AWS_SECRET_ACCESS_KEY"),
                    variable("AWS_SESSION_TOKEN"),
                )
                .ok_or_else(|| {
                    "there are no credentials: add credentials=FILE to the place, or set AWS_ACCESS_KEY_ID and \
                         AWS_SECRET_ACCESS_KEY"
                        .to_owned()
                })
            }
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

/// The first profile, or lines without one.
fn in_file(text: &str) -> Option<AwsCredential> {
    let mut lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])).peekable();
    lines.next_if(|line| line.starts_with('['));
    let (mut id, mut secret, mut token) = (None, None, None);
    for (key, value) in lines.take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once('=')) {
        let value = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        match key.trim().to_ascii_lowercase().as_str() {
            "aws_access_key_id" => id = value,
            "aws_secret_access_key" => secret = value,
            "aws_session_token" => token = value,
            _ => {}
        }
    }
    credential(id, secret, token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_profile_of_a_file_counts() {
        let text =
            "# ours\n[default]\nAWS_ACCESS_KEY_ID = A\naws_secret_access_key=s=/+\n[other]\naws_access_key_id = B\n";
        let found = in_file(text).unwrap();
        assert_eq!((found.key_id.as_str(), found.secret_key.as_str(), found.token), ("A", "s=/+", None));
        assert!(in_file("aws_access_key_id = A\naws_secret_access_key =\n").is_none());
        assert!(in_file("aws_access_key_id=A\naws_secret_access_key=b\naws_session_token=c").unwrap().token.is_some());
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Credentials::new(Some("/nowhere/keys".into())).found().unwrap_err();
        assert!(error.contains("/nowhere/keys"), "{error}");
    }
}
