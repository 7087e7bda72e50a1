//! Where a place is: a folder, or a bucket with a prefix.

use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path as FilePath, PathBuf},
    sync::Arc,
    time::Duration,
};

use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig, aws::AmazonS3Builder, local::LocalFileSystem, path::Path,
};

use super::{PlaceError, credentials::Credentials, moved::Unmoved};

/// Until a connection stands.
const CONNECT: Duration = Duration::from_secs(10);
/// Until something comes back: a part of 5 MB goes up in this, or the line is too slow to rely on.
const SILENCE: Duration = Duration::from_secs(120);

/// Where a place is, from its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A folder of this machine; made when it is not there, for its owner alone.
    Folder(PathBuf),
    /// A bucket of an S3-compatible store.
    Bucket(Bucket),
}

/// A bucket: `s3://BUCKET/PREFIX?endpoint=URL&region=NAME&style=path&credentials=FILE&profile=NAME&ca=FILE&http=yes`, where
/// everything after the bucket may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What the names of objects begin with, without slashes at its ends; taken as it is written.
    pub prefix: String,
    /// The store's address; empty for Amazon's.
    pub endpoint: String,
    /// Its region; `us-east-1` when none is named.
    pub region: String,
    /// Whether the bucket stands in the path and not in the host's name: `style=path` (usual with an endpoint) or
    /// `style=host`.
    pub in_path: bool,
    /// A file with `aws_access_key_id` and `aws_secret_access_key`; without it they come from the environment.
    pub credentials: Option<PathBuf>,
    /// The profile in that file; without it `AWS_PROFILE`'s, or `default`.
    pub profile: Option<String>,
    /// Authorities in PEM form to trust beside the system's.
    pub authority: Option<PathBuf>,
    /// Whether plain HTTP is in order beyond loopback too.
    pub plain: bool,
}

impl Address {
    /// From its text.
    ///
    /// # Errors
    /// [`PlaceError::Address`].
    pub fn parse(text: &str) -> Result<Self, PlaceError> {
        let wrong = |why: &str| PlaceError::Address { text: told(text), why: why.to_owned() };
        let Some(rest) = text.strip_prefix("s3://") else {
            if text.is_empty() || text.contains("://") {
                return Err(wrong("name a folder, or s3://BUCKET/PREFIX"));
            }
            if let Some(why) = mistyped(text) {
                return Err(wrong(why));
            }
            return Ok(Self::Folder(PathBuf::from(text)));
        };
        let (named, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (name, prefix) = named.split_once('/').unwrap_or((named, ""));
        if name.is_empty() || name.contains(['@', ':', ' ']) {
            return Err(wrong(
                "a bucket's name stands after s3://, and no credentials do: name a file with credentials=FILE",
            ));
        }
        let prefix: Vec<&str> = prefix.split('/').filter(|segment| !segment.is_empty()).collect();
        let prefix = prefix.join("/");
        Path::parse(&prefix).map_err(|_| wrong("the prefix has a control character, or . or .. between slashes"))?;
        let mut bucket = Bucket { name: name.to_owned(), prefix, region: "us-east-1".into(), ..Bucket::default() };
        let mut style = None;
        for (option, value) in form_urlencoded::parse(options.as_bytes()) {
            let value = value.into_owned();
            match option.as_ref() {
                "endpoint" => bucket.endpoint = value.trim_end_matches('/').to_owned(),
                "region" => bucket.region = value,
                "style" if value == "path" || value == "host" => style = Some(value == "path"),
                "credentials" => bucket.credentials = Some(PathBuf::from(value)),
                "profile" => bucket.profile = Some(value),
                "ca" => bucket.authority = Some(PathBuf::from(value)),
                "http" if value == "yes" => bucket.plain = true,
                _ => return Err(wrong(OPTIONS)),
            }
        }
        bucket.in_path = style.unwrap_or(!bucket.endpoint.is_empty());
        if bucket.profile.is_some() && bucket.credentials.is_none() {
            return Err(wrong("profile=NAME names a profile of a file: name that file with credentials=FILE"));
        }
        if bucket.endpoint.contains('@') {
            return Err(wrong("no credentials stand in an endpoint: name a file with credentials=FILE"));
        }
        if bucket.endpoint.starts_with("http://") {
            if !(bucket.plain || is_loopback(&bucket.endpoint)) {
                return Err(wrong(
                    "http:// shows every Secret of the cluster to the line: use https://, or say http=yes",
                ));
            }
        } else if !bucket.endpoint.is_empty() && !bucket.endpoint.starts_with("https://") {
            return Err(wrong("the endpoint is an address that begins with https://"));
        }
        Ok(Self::Bucket(bucket))
    }

    /// For people and as its name in the catalogue: it stays the same when only credentials change.
    pub fn name(&self) -> String {
        match self {
            Self::Folder(path) => path.display().to_string(),
            Self::Bucket(Bucket { name, prefix, endpoint, .. }) => {
                let at = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
                let host = endpoint.split_once("://").map_or("", |(_, host)| host);
                let host = if host.is_empty() { String::new() } else { format!(" at {host}") };
                format!("s3://{name}{at}{host}")
            }
        }
    }

    /// What answers there, and where in it backups begin. Nothing is asked yet.
    pub(super) fn open(&self) -> Result<(Arc<dyn ObjectStore>, Path), PlaceError> {
        let wrong = |why: String| PlaceError::Address { text: self.name(), why };
        match self {
            Self::Folder(path) => {
                private(path)?;
                let store = LocalFileSystem::new_with_prefix(path).map_err(|error| wrong(error.to_string()))?;
                Ok((Arc::new(store.with_fsync(true)), Path::default()))
            }
            Self::Bucket(bucket) => {
                let root = Path::parse(&bucket.prefix).map_err(|error| wrong(error.to_string()))?;
                Ok((Arc::new(bucket.open().map_err(wrong)?), root))
            }
        }
    }
}

const OPTIONS: &str = "after the ? stand endpoint=URL, region=NAME, style=path or style=host, credentials=FILE, profile=NAME, ca=FILE, http=yes with & between";

/// Why a text is hardly meant as a folder: a shell's short form, or an address with a slash too few.
fn mistyped(text: &str) -> Option<&'static str> {
    if text.starts_with(['~', '$']) {
        return Some("~ and $ are a shell's: write the whole path, as in /home/ann/backups");
    }
    let scheme =
        text.split_once(":/").is_some_and(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    (scheme || text.to_ascii_lowercase().starts_with("s3:"))
        .then_some("name a folder, or s3://BUCKET/PREFIX with both slashes; a folder of this name is ./NAME")
}

/// Whether an address of HTTP leads to this machine.
fn is_loopback(endpoint: &str) -> bool {
    let Ok(address) = endpoint.parse::<http::Uri>() else { return false };
    let host = address.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whatever was given is shown, unless it looks as if a credential stood in it.
fn told(text: &str) -> String {
    let secret = text.to_ascii_lowercase().contains("secret") || text.contains('@');
    if secret { "s3://…".to_owned() } else { text.chars().take(200).collect() }
}

/// A folder for its owner alone, made when it is not there.
pub(super) fn private(path: &FilePath) -> Result<(), PlaceError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| PlaceError::File { file: path.display().to_string(), error })
}

impl Bucket {
    fn open(&self) -> Result<object_store::aws::AmazonS3, String> {
        // The client below asks the process for one; whoever was first has chosen the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let plain = self.endpoint.starts_with("http://");
        // A whole backup takes as long as it takes; silence is what is bounded.
        let mut client = reqwest::Client::builder()
            .user_agent(concat!("binnacle/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .https_only(!plain)
            // As the library's own client: HTTP/2 is slower for large objects, and an object comes as it is stored.
            .http1_only()
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate();
        if let Some(file) = &self.authority {
            let told = |what: String| format!("the authorities in {}: {what}", file.display());
            let pem = std::fs::read(file).map_err(|error| told(error.to_string()))?;
            let trusted = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| told(error.to_string()))?;
            client = client.tls_certs_merge(trusted);
        }
        let retry = RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(200),
                max_backoff: Duration::from_secs(10),
                base: 2.,
            },
            max_retries: 4,
            retry_timeout: Duration::from_secs(150),
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.name)
            .with_region(&self.region)
            .with_virtual_hosted_style_request(!self.in_path)
            .with_client_options(ClientOptions::new().with_allow_http(plain))
            .with_http_connector(Unmoved::new(client).map_err(|error| error.to_string())?)
            .with_retry(retry)
            .with_credentials(Arc::new(Credentials::new(self.credentials.clone(), self.profile.clone())));
        if !self.endpoint.is_empty() {
            builder = builder.with_endpoint(self.endpoint());
        }
        builder.build().map_err(|error| error.to_string())
    }

    /// With the bucket in the host's name, the library wants it there already.
    fn endpoint(&self) -> String {
        match self.endpoint.split_once("://") {
            Some((scheme, host)) if !self.in_path => format!("{scheme}://{}.{host}", self.name),
            _ => self.endpoint.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(text: &str) -> Bucket {
        match Address::parse(text).unwrap() {
            Address::Bucket(bucket) => bucket,
            Address::Folder(folder) => panic!("{text} became the folder {}", folder.display()),
        }
    }

    #[test]
    fn a_prefix_is_the_same_with_and_without_slashes_around_it() {
        for text in ["s3://b/a/c", "s3://b/a/c/", "s3://b//a//c//"] {
            assert_eq!((bucket(text).name.as_str(), bucket(text).prefix.as_str()), ("b", "a/c"), "{text}");
        }
        for text in ["s3://b", "s3://b/", "s3://b//"] {
            assert_eq!(bucket(text).prefix, "", "{text}");
        }
        assert_eq!(bucket("s3://b/a b/ü+%25#").prefix, "a b/ü+%25#");
    }

    #[test]
    fn options_say_how_the_store_is_reached() {
        let found = bucket("s3://b/p?endpoint=https://s3.example:9000/&region=eu-1&credentials=/etc/s3%20keys");
        let wanted = Bucket {
            name: "b".into(),
            prefix: "p".into(),
            endpoint: "https://s3.example:9000".into(),
            region: "eu-1".into(),
            in_path: true,
            credentials: Some("/etc/s3 keys".into()),
            ..Bucket::default()
        };
        assert_eq!(found, wanted);
        assert_eq!(Address::Bucket(found).name(), "s3://b/p at s3.example:9000");
        assert!(!bucket("s3://b/p").in_path && !bucket("s3://b?endpoint=https://x&style=host").in_path);
    }

    #[test]
    fn a_line_that_everybody_reads_is_refused() {
        let error = Address::parse("s3://b?endpoint=http://10.0.0.5:9000").unwrap_err().to_string();
        assert!(error.contains("https://"), "{error}");
        assert!(Address::parse("s3://b?endpoint=http://10.0.0.5:9000&http=yes").is_ok());
        assert!(Address::parse("s3://b?endpoint=http://127.0.0.1:9000").is_ok());
        assert!(Address::parse("s3://b?endpoint=http://[::1]:9000").is_ok());
        for elsewhere in ["localhost.example", "127.evil.example", "127.0.0.1.example:9000", "127.0.0.1@evil.example"] {
            assert!(Address::parse(&format!("s3://b?endpoint=http://{elsewhere}")).is_err(), "{elsewhere}");
        }
    }

    #[test]
    fn a_credential_in_an_address_is_refused_and_not_repeated() {
        for text in ["s3://KEY:hunter2@bucket/p", "s3://bucket?secret_access_key=hunter2"] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(!error.contains("hunter2") && error.contains("credentials=FILE"), "{error}");
        }
    }

    #[test]
    fn what_is_neither_folder_nor_bucket_is_no_place() {
        for text in ["", "s3://", "s3:///p", "gs://b", "s3://b/../c", "s3://b?style=other", "s3://b?endpoint=host:1"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
        for text in ["~/x", "~ann/x", "$HOME/x", "s3:/x", "S3:x", "file:/x", "gs:/x"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
        for text in ["./s3:/x", "2019-04-11T10:25:51Z", "/mnt/a:/b", "a~"] {
            assert_eq!(Address::parse(text).unwrap(), Address::Folder(text.into()), "{text}");
        }
        assert_eq!(Address::parse("backups/a b").unwrap(), Address::Folder("backups/a b".into()));
    }
}
