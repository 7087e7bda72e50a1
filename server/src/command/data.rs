//! The data folder: its owner's alone.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::Path,
};

/// Why a folder is not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum DataError {
    /// It cannot be made or looked at.
    #[error("the data folder {folder} cannot be made: {what}. Name another with --data")]
    Unmade {
        /// Its path.
        folder: String,
        /// What is wrong.
        what: String,
    },
    /// Others may write into it, or it is somebody else's.
    #[error(
        "the data folder {folder} is refused: {what}, so somebody else could change what is kept there. Make it \
         the server's own (chown USER {folder}; chmod 700 {folder}), or name another with --data"
    )]
    Open {
        /// Its path.
        folder: String,
        /// Who could.
        what: String,
    },
}

/// Makes a folder for its owner alone. One that is there and ours is closed to others; one that somebody else owns, or
/// that others may write into, is refused. A folder of root's that is handed to us, as container volumes are, is used.
pub(super) fn private(folder: &Path) -> Result<(), DataError> {
    let unmade =
        |error: std::io::Error| DataError::Unmade { folder: folder.display().to_string(), what: error.to_string() };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unmade)?;
    judge(folder)?;
    let found = fs::metadata(folder).map_err(unmade)?;
    let (mode, owner, we) = (found.permissions().mode(), found.uid(), rustix::process::geteuid().as_raw());
    if owner != we || mode & 0o077 == 0 {
        return Ok(());
    }
    if is_empty(folder).map_err(unmade)? || folder.join("binnacle.db").exists() {
        let closed = fs::set_permissions(folder, fs::Permissions::from_mode(mode & 0o7700));
        closed.map_err(unmade)?;
        tracing::info!("the data folder {} was open to others and is its owner's alone now", folder.display());
    }
    Ok(())
}

/// Whether a folder that is there would be used; nothing of it is changed.
pub(super) fn judge(folder: &Path) -> Result<(), DataError> {
    let unmade =
        |error: std::io::Error| DataError::Unmade { folder: folder.display().to_string(), what: error.to_string() };
    let found = fs::metadata(folder).map_err(unmade)?;
    let open = |what: String| DataError::Open { folder: folder.display().to_string(), what };
    let (mode, owner, we) = (found.permissions().mode(), found.uid(), rustix::process::geteuid().as_raw());
    // Root may look after the folder of a service's own user, as `sudo binnacle user add` does.
    let ours = owner == we || owner == 0 || we == 0 && mode & 0o022 == 0;
    if !ours {
        return Err(open(format!("its owner is the user {owner}, and the server runs as the user {we}")));
    }
    if mode & 0o1002 == 0o1002 {
        return Err(open("everybody may put files into it".into()));
    }
    if owner == we && mode & 0o002 != 0 && !is_empty(folder).map_err(unmade)? {
        return Err(open("everybody may write into it".into()));
    }
    Ok(())
}

fn is_empty(folder: &Path) -> std::io::Result<bool> {
    Ok(fs::read_dir(folder)?.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(mode: u32) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("binnacle-data-{}-{:x}", std::process::id(), fastrand::u64(..)));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_data_folder_is_made_for_its_owner_alone() {
        let above = folder(0o755);
        let data = above.join("data");
        private(&data).unwrap();
        assert_eq!(mode(&data), 0o700);
        fs::remove_dir_all(above).unwrap();
    }

    #[test]
    fn a_data_folder_of_an_earlier_release_is_closed_to_others() {
        let data = folder(0o755);
        fs::write(data.join("binnacle.db"), "x").unwrap();
        private(&data).unwrap();
        assert_eq!(mode(&data), 0o700);
        fs::remove_dir_all(data).unwrap();
    }

    #[test]
    fn a_data_folder_that_everybody_may_write_into_is_refused() {
        for mode in [0o777, 0o1777] {
            let data = folder(mode);
            fs::write(data.join("planted"), "x").unwrap();
            let error = private(&data).unwrap_err().to_string();
            assert!(error.contains(&data.display().to_string()) && error.contains("chmod 700"), "{error}");
            fs::remove_dir_all(data).unwrap();
        }
    }

    #[test]
    fn a_folder_with_others_files_keeps_its_permissions() {
        let home = folder(0o755);
        fs::write(home.join("letter"), "x").unwrap();
        private(&home).unwrap();
        assert_eq!(mode(&home), 0o755);
        fs::remove_dir_all(home).unwrap();
    }
}
