//! From an address and the environment to a store.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::client::{ClientConfigKey, ClientOptions};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use report::Invocation;
use resolver::{is_on_this_machine, is_private};

use super::fault::Error;
use super::names::Names;
use super::usable::{self, is_name};
use super::{Store, patience};
use crate::redaction::Given;

/// The names under which the SDKs of each store take their settings. AWS's `AWS_PROFILE` is not among them: files of
/// profiles are not read.
const AWS: [&str; 20] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ALLOW_HTTP",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_METADATA_ENDPOINT",
    "AWS_SERVER_SIDE_ENCRYPTION",
    "AWS_SSE_KMS_KEY_ID",
    "AWS_REQUEST_PAYER",
];
const GOOGLE: [&str; 7] = [
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_PATH",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_BEARER_TOKEN",
    "GOOGLE_BASE_URL",
    "GOOGLE_SKIP_SIGNATURE",
];
const AZURE: [&str; 14] = [
    "AZURE_STORAGE_ACCOUNT_NAME",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_STORAGE_SAS_KEY",
    "AZURE_STORAGE_TOKEN",
    "AZURE_STORAGE_ENDPOINT",
    "AZURE_STORAGE_USE_EMULATOR",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_TENANT_ID",
    "AZURE_AUTHORITY_HOST",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_USE_AZURE_CLI",
    "AZURE_ALLOW_HTTP",
];

/// Where settings come from: the files of the vault that were named, then the environment.
pub(crate) struct Variables<'a> {
    pub(crate) given: &'a Given,
    pub(crate) invocation: &'a Invocation,
}

impl Variables<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let given = self.given.variables.iter().find(|(known, _)| known == name);
        match given {
            // The value goes to the client of the store, which signs requests with it.
            Some((_, value)) => String::from_utf8(value.expose().to_vec()).ok(),
            None => self.invocation.variable(name)?.into_string().ok(),
        }
        .filter(|value| !value.is_empty())
    }
}

type Build = fn(&str, &Variables<'_>) -> object_store::Result<Arc<dyn ObjectStore>>;

/// The store at an address, or the folder of that name.
pub(crate) fn open(address: &str, variables: &Variables<'_>) -> Result<Store, Error> {
    if address.is_empty() {
        return Err(Error::Url { why: "it is empty" });
    }
    let shown = address.trim_end_matches('/');
    let Some((scheme, rest)) = address.split_once("://") else {
        return folder(&variables.invocation.cwd.join(address), shown);
    };
    let rest = rest.trim_end_matches('/');
    if rest.contains(['?', '#', '@']) {
        return Err(Error::Url {
            why: "it has a user, a query or a fragment, and no credential belongs there",
        });
    }
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if scheme == "file" {
        return match bucket {
            "" => folder(FilePath::new(&format!("/{prefix}")), shown),
            _ => Err(Error::Url { why: "a file address has no host: file:///PATH" }),
        };
    }
    if bucket.is_empty() {
        return Err(Error::Url { why: "it names no bucket" });
    }
    if !is_name(bucket) {
        return Err(Error::Url {
            why: "a bucket's name has letters, digits, `.`, `_` and `-` alone",
        });
    }
    let prefix = Path::parse(prefix)
        .map_err(|_| Error::Url { why: "its path has an empty part, or `.` or `..`" })?;
    // Whoever asks first installs it; that it is there already is what is wanted.
    drop(rustls::crypto::ring::default_provider().install_default());
    let (names, build): (&[&str], Build) = match scheme {
        "s3" | "s3a" => (&AWS, s3),
        "gs" => (&GOOGLE, gcs),
        "az" | "azure" | "abfs" | "abfss" => (&AZURE, azure),
        _ => return Err(Error::Url { why: "no store of this kind is known" }),
    };
    let mut set: Vec<_> =
        names.iter().filter_map(|name| Some((*name, variables.get(name)?))).collect();
    if scheme == "gs" {
        set.extend(emulator(variables).map(|url| (EMULATOR, url)));
    }
    if let Some((name, fault)) =
        set.iter().find_map(|(name, value)| Some((name, usable::fault(name, value)?)))
    {
        return Err(Error::Settings { why: format!("{name} {fault}") });
    }
    if let Some(why) = in_the_open(&set) {
        return Err(Error::Settings { why });
    }
    let inner = build(bucket, variables).map_err(|failed| settings(&failed, &set))?;
    let place = format!("{scheme}://{bucket}");
    Ok(Store { inner, prefix, shown: shown.to_owned(), place, folder: None })
}

fn folder(path: &FilePath, shown: &str) -> Result<Store, Error> {
    let path: PathBuf = path.components().collect();
    if !path.is_dir() {
        return Err(Error::NoFolder { path });
    }
    let inner = LocalFileSystem::new_with_prefix(&path)
        .map_err(|_| Error::NoFolder { path: path.clone() })?
        .with_fsync(true);
    let (place, shown) = (shown.to_owned(), shown.to_owned());
    Ok(Store { inner: Arc::new(inner), prefix: Path::default(), shown, place, folder: Some(path) })
}

fn s3(bucket: &str, variables: &Variables<'_>) -> object_store::Result<Arc<dyn ObjectStore>> {
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region("us-east-1")
        .with_client_options(client(is_any_here(
            variables,
            &["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"],
        )))
        .with_retry(patience());
    for name in AWS {
        if let Some(value) = variables.get(name) {
            if name.starts_with("AWS_ENDPOINT_URL") && is_on_this_machine(&value) {
                builder = builder.with_allow_http(true);
            }
            builder = builder.with_config(name.to_ascii_lowercase().parse()?, value);
        }
    }
    if variables.get("AWS_ACCESS_KEY_ID").is_none() {
        // Without a key of one's own the machine's role is asked for, which answers at once or not at all.
        builder =
            builder.with_config(AmazonS3ConfigKey::Client(ClientConfigKey::ConnectTimeout), "3s");
    }
    Ok(Arc::new(builder.build()?))
}

fn gcs(bucket: &str, variables: &Variables<'_>) -> object_store::Result<Arc<dyn ObjectStore>> {
    let mut builder = GoogleCloudStorageBuilder::new()
        .with_bucket_name(bucket)
        .with_client_options(client(is_any_here(variables, &["GOOGLE_BASE_URL", EMULATOR])))
        .with_retry(patience());
    for name in GOOGLE {
        if let Some(value) = variables.get(name) {
            if name == "GOOGLE_BASE_URL" && is_on_this_machine(&value) {
                builder = builder
                    .with_config(GoogleConfigKey::Client(ClientConfigKey::AllowHttp), "true");
            }
            builder = builder.with_config(name.to_ascii_lowercase().parse()?, value);
        }
    }
    if let Some(url) = emulator(variables) {
        builder = builder
            .with_base_url(&url)
            // For writes the client asks for a token although nothing is signed, and would look for the machine's.
            .with_config(GoogleConfigKey::BearerToken, "emulator")
            .with_skip_signature(true)
            .with_config(GoogleConfigKey::Client(ClientConfigKey::AllowHttp), "true");
    }
    Ok(Arc::new(builder.build()?))
}

fn azure(container: &str, variables: &Variables<'_>) -> object_store::Result<Arc<dyn ObjectStore>> {
    // Azurite, which listens here; object_store's `ConfigValue<bool>` takes these for true.
    let is_emulated = variables.get("AZURE_STORAGE_USE_EMULATOR").is_some_and(|value| {
        matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "on" | "yes" | "y")
    });
    let is_here = is_emulated || is_any_here(variables, &["AZURE_STORAGE_ENDPOINT"]);
    let mut builder = MicrosoftAzureBuilder::new()
        .with_container_name(container)
        .with_client_options(client(is_here))
        .with_retry(patience());
    for name in AZURE {
        if let Some(value) = variables.get(name) {
            if name == "AZURE_STORAGE_ENDPOINT" && is_on_this_machine(&value) {
                builder = builder.with_allow_http(true);
            }
            let key: AzureConfigKey = name.to_ascii_lowercase().parse()?;
            builder = builder.with_config(key, value);
        }
    }
    Ok(Arc::new(builder.build()?))
}

/// Where a stand-in for Google's store is, as Google's own libraries are told.
const EMULATOR: &str = "STORAGE_EMULATOR_HOST";

fn emulator(variables: &Variables<'_>) -> Option<String> {
    let host = variables.get(EMULATOR)?;
    Some(if host.contains("://") { host } else { format!("http://{host}") })
}

/// Why a store is not spoken to in the open over a network, where no setting says that this is meant.
fn in_the_open(set: &[(&str, String)]) -> Option<String> {
    const STORES: [&str; 3] = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AZURE_STORAGE_ENDPOINT"];
    let is_open = |(name, value): &&(&str, String)| {
        STORES.contains(name) && value.starts_with("http://") && !is_private(value)
    };
    let is_meant = set.iter().any(|(name, _)| name.ends_with("_ALLOW_HTTP"));
    let (name, _) = set.iter().find(is_open).filter(|_| !is_meant)?;
    let kind = name.split('_').next()?;
    Some(format!("{name} is not https://; {kind}_ALLOW_HTTP=true says that this is meant"))
}

/// What the three kinds of store have in common in how they are reached. One on this machine is reached past any proxy
/// of the environment: it may be spoken to in the open only because nobody is on the way.
fn client(is_here: bool) -> ClientOptions {
    let client = ClientOptions::new().with_dns_resolver(Arc::new(Names::default()));
    if is_here {
        // Only another proxy takes the place of the environment's, so one is named that nothing goes through.
        client.with_proxy_url("http://localhost").with_proxy_excludes("localhost,127.0.0.0/8,::1")
    } else {
        client
    }
}

/// Whether one of these settings names an address of this machine.
fn is_any_here(variables: &Variables<'_>, endpoints: &[&str]) -> bool {
    let mut urls = endpoints.iter().filter_map(|name| variables.get(name));
    urls.any(|url| is_on_this_machine(&url))
}

/// A builder's complaint names keys, and may repeat a value: only what is missing is told, else what is set.
fn settings(failed: &object_store::Error, set: &[(&str, String)]) -> Error {
    let text = failed.to_string();
    let known = [
        ("service account", "the file of the service account cannot be read"),
        ("ccount", "it needs AZURE_STORAGE_ACCOUNT_NAME"),
        ("credential", "the credentials cannot be read"),
    ];
    let lower = text.to_ascii_lowercase();
    let why = known.iter().find(|(word, _)| lower.contains(word)).map(|(_, why)| (*why).to_owned());
    let names = || set.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let why =
        why.unwrap_or_else(|| format!("one of these has a value that it cannot have: {}", names()));
    Error::Settings { why }
}
