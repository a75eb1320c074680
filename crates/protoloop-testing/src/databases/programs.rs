//! The programs of a server, and who runs them.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::Certificate;

/// The folder of a server.
pub(super) struct Place {
    pub(super) folder: PathBuf,
    /// Who runs the server, where we are root and it refuses that.
    user: Option<&'static str>,
}

impl Place {
    /// A temporary folder that belongs to whoever runs the server: the first of `users` there is, when we are root.
    pub(super) fn new(name: &str, users: &[&'static str]) -> Result<Self, String> {
        let folder = tempfile::Builder::new()
            .prefix(&format!("protoloop-{name}-"))
            .tempdir()
            .map_err(|error| error.to_string())?
            .keep();
        let user = match is_root()? {
            false => None,
            true => {
                let user = users.iter().find(|user| exists(user)).copied();
                let user = user.ok_or("we are root, and there is no user to run it")?;
                let mode = fs::Permissions::from_mode(0o755);
                fs::set_permissions(&folder, mode).map_err(|error| error.to_string())?;
                output(Command::new("chown").arg(user).arg(&folder))?;
                Some(user)
            }
        };
        Ok(Self { folder, user })
    }

    /// Copies of a certificate and its key that the server's user may read, and nobody else.
    pub(super) fn certificate(&self, from: Certificate<'_>) -> Result<(String, String), String> {
        let copy = |from: &Path, name: &str| {
            let to = self.folder.join(name);
            fs::copy(from, &to).map_err(|error| format!("{}: {error}", from.display()))?;
            let mode = fs::Permissions::from_mode(0o600);
            fs::set_permissions(&to, mode).map_err(|error| error.to_string())?;
            if let Some(user) = self.user {
                output(Command::new("chown").arg(user).arg(&to))?;
            }
            Ok::<_, String>(to.display().to_string())
        };
        Ok((copy(from.chain, "tls.pem")?, copy(from.key, "tls.key")?))
    }

    /// A command run by the server's user in its folder.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = match self.user {
            None => Command::new(program),
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args([
                    "--reuid",
                    user,
                    "--regid",
                    &group(user),
                    "--clear-groups",
                    "--",
                ]);
                command.arg(program);
                command
            }
        };
        command
            .current_dir(&self.folder)
            .env("HOME", &self.folder)
            .env("LC_ALL", "C.UTF-8");
        command
    }
}

pub(super) fn is_root() -> Result<bool, String> {
    Ok(output(Command::new("id").arg("-u"))?.trim() == "0")
}

fn exists(user: &str) -> bool {
    output(Command::new("id").arg("-u").arg(user)).is_ok()
}

fn group(user: &str) -> String {
    output(Command::new("id").arg("-g").arg(user))
        .map_or_else(|_| "0".to_owned(), |id| id.trim().to_owned())
}

/// The first of some names that is a program: in a folder of a tool variable, on the PATH, or in other folders.
pub(super) fn find(variable: &str, names: &[&str], folders: &[PathBuf]) -> Result<PathBuf, String> {
    let told = env::var_os(variable).map(PathBuf::from);
    let told = told
        .as_deref()
        .and_then(Path::parent)
        .map(Path::to_path_buf);
    let path = env::var_os("PATH").unwrap_or_default();
    let all = told
        .into_iter()
        .chain(env::split_paths(&path))
        .chain(folders.iter().cloned());
    for folder in all {
        for name in names {
            let program = folder.join(name);
            if program.is_file() {
                return Ok(program);
            }
        }
    }
    let why = env::var(format!("{variable}_MISSING"))
        .unwrap_or_else(|_| "`cargo xtask test` installs it where it can".to_owned());
    Err(format!("there is no program {}; {why}", names[0]))
}

/// Runs a command to its end.
pub(super) fn output(command: &mut Command) -> Result<String, String> {
    let done = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(format!("{:?}: {}", command.get_program(), said.trim()))
}
