//! [`SmallDisk`]: a file system of a few megabytes, in memory.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

/// Set for a test that was started once more where it may mount.
const AGAIN: &str = "CHRONICLE_TEST_MAY_MOUNT";

pub(super) struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Mounts one. Where that needs rights that this process lacks, the test runs in a process of its
    /// own, in a name space where it has them, and there is nothing left to do: `None`.
    pub(super) fn mount(test: &str, megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m,mode=777");
        let mounted = run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder.path()));
        if mounted.status.success() {
            return Some(Self(folder));
        }
        assert!(
            std::env::var_os(AGAIN).is_none(),
            "this test needs a small disk: run it as root, or allow user name spaces: {mounted:?}"
        );
        let again = run(Command::new("unshare")
            .args(["--user", "--map-current-user", "--keep-caps", "--mount"])
            .arg(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .env(AGAIN, "yes"));
        assert!(again.status.success(), "{again:?}");
        assert!(String::from_utf8_lossy(&again.stdout).contains("1 passed"), "{again:?}");
        None
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Leaves not a byte.
    pub(super) fn fill(&self) {
        let mut file = File::create(self.0.path().join("filler")).unwrap();
        let mut chunk = vec![7; 64 * 1024];
        while !chunk.is_empty() {
            if file.write_all(&chunk).is_err() {
                chunk.truncate(chunk.len() / 2);
            }
        }
    }

    pub(super) fn make_room(&self) {
        fs::remove_file(self.0.path().join("filler")).unwrap();
    }

    /// The same files in another folder, where they may only be read.
    pub(super) fn read_only_view(&self) -> View {
        let folder = tempfile::tempdir().unwrap();
        mount(Command::new("mount").arg("--bind").args([self.path(), folder.path()]));
        let view = View(folder);
        view.remount("remount,bind,ro");
        view
    }
}

/// A second place of a small disk's files.
pub(super) struct View(tempfile::TempDir);

impl View {
    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn make_writable(&self) {
        self.remount("remount,bind,rw");
    }

    fn remount(&self, options: &str) {
        mount(Command::new("mount").args(["-o", options]).arg(self.0.path()));
    }
}

impl Drop for View {
    fn drop(&mut self) {
        unmount(self.0.path());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        unmount(self.0.path());
    }
}

fn mount(command: &mut Command) {
    let done = run(command);
    assert!(done.status.success(), "{done:?}");
}

fn unmount(path: &Path) {
    // Files in it may be open still.
    let _ = Command::new("umount").arg("--lazy").arg(path).status();
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}
