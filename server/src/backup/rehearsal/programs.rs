//! The programs that a rehearsal needs: etcd, and what restores its snapshots.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{RehearsalError, running::Running};

/// Bytes for a program that only tells its version.
const LITTLE: u64 = 512 << 20;

/// Where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    etcd: PathBuf,
    /// etcdutl from 3.5 on, before that etcdctl.
    restorer: PathBuf,
}

impl Programs {
    /// Those that were named; of others `etcd` and `etcdutl` or `etcdctl` in the PATH.
    ///
    /// # Errors
    /// [`RehearsalError::Missing`] for the first that is not there.
    pub fn find(etcd: Option<&Path>, restorer: Option<&Path>) -> Result<Self, RehearsalError> {
        let etcd = found("etcd", "--etcd", etcd, &["etcd"])?;
        let restorer = found("etcdutl", "--etcdutl", restorer, &["etcdutl", "etcdctl"])?;
        Ok(Self { etcd, restorer })
    }

    /// For a cluster of this version: in the folder those in `3.6.4`, else in `3.6`, else those in the folder itself;
    /// without a folder those in the PATH.
    ///
    /// # Errors
    /// [`RehearsalError::Missing`], which names the setting.
    pub fn of(folder: Option<&Path>, version: &str) -> Result<Self, RehearsalError> {
        let flag = "backup_programs";
        let unset = |error| match error {
            RehearsalError::Missing { what, place, .. } => RehearsalError::Missing { what, place, flag },
            other => other,
        };
        let Some(folder) = folder else { return Self::find(None, None).map_err(unset) };
        let minor = version.rsplit_once('.').map_or("", |(minor, _)| minor);
        let usual = |name: &&str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-')
        };
        let folders = [version, minor].into_iter().filter(usual).map(|name| folder.join(name));
        let folders = folders.chain([folder.to_owned()]);
        let both = folders.filter_map(|folder| {
            let restorer =
                ["etcdutl", "etcdctl"].map(|name| folder.join(name)).into_iter().find(|path| is_program(path))?;
            Some((folder.join("etcd"), restorer))
        });
        match { both }.find(|(etcd, _)| is_program(etcd)) {
            Some((etcd, restorer)) => Self::find(Some(&etcd), Some(&restorer)).map_err(unset),
            None => Err(RehearsalError::Missing {
                what: "etcd beside etcdutl or etcdctl",
                place: folder.display().to_string(),
                flag,
            }),
        }
    }

    /// Of etcd, as in `3.6.4`.
    pub(super) async fn version(&self, folder: &Path) -> Result<String, RehearsalError> {
        let failed = |said: String| RehearsalError::Program { program: self.etcd.clone(), said };
        let mut etcd = self.etcd(folder);
        etcd.arg("--version");
        let mut running = Running::start(etcd, folder, LITTLE).map_err(|error| failed(error.to_string()))?;
        running.end().await;
        let said = running.said();
        let version = said.lines().find_map(|line| line.strip_prefix("etcd Version: "));
        version.map(|version| version.trim().to_owned()).ok_or_else(|| failed("it does not tell its version".into()))
    }

    pub(super) fn etcd(&self, folder: &Path) -> Command {
        command(&self.etcd, folder)
    }

    pub(super) fn restore(&self, folder: &Path) -> Command {
        let mut command = command(&self.restorer, folder);
        command.env("ETCDCTL_API", "3").args(["snapshot", "restore"]);
        command
    }
}

/// Nothing of ours reaches it: ETCD_… in the environment would be settings.
fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir(folder).stdin(Stdio::null());
    command
}

fn found(
    what: &'static str,
    flag: &'static str,
    named: Option<&Path>,
    names: &[&str],
) -> Result<PathBuf, RehearsalError> {
    let missing = |place: String| RehearsalError::Missing { what, place, flag };
    if let Some(named) = named {
        let whole = named.canonicalize().ok().filter(|path| is_program(path));
        // Under its own name: the file behind it may go by that.
        return whole.and_then(|_| std::path::absolute(named).ok()).ok_or_else(|| missing(named.display().to_string()));
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&folders).filter(|folder| folder.is_absolute()).collect();
    let all = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    all.into_iter().find(|path| is_program(path)).ok_or_else(|| missing("the PATH".into()))
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_clusters_own_version_is_taken_where_it_lies_in_the_folder() {
        let folder = std::env::temp_dir().join(format!("binnacle-programs-{:x}", fastrand::u64(..)));
        let put = |path: &str| {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        };
        let found = |version: &str| Programs::of(Some(&folder), version);
        let missing = found("3.5.12").unwrap_err().to_string();
        assert!(missing.contains("backup_programs") && missing.contains("etcd beside etcdutl"), "{missing}");
        for path in ["etcd", "etcdutl", "3.4/etcd", "3.4/etcdctl", "3.5.12/etcd", "3.5.12/etcdutl", "3.6/etcd"] {
            put(path);
        }
        for (version, etcd) in
            [("3.5.12", "3.5.12/etcd"), ("3.4.30", "3.4/etcd"), ("3.5.9", "etcd"), ("3.6.1", "etcd"), ("../x", "etcd")]
        {
            assert_eq!(found(version).unwrap().etcd, folder.join(etcd), "{version}");
        }
        assert_eq!(found("3.4.30").unwrap().restorer, folder.join("3.4/etcdctl"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
