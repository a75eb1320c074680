//! The network namespace that everything of a cluster runs in.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Failure, NODE_ADDRESS, shell::output};

/// A network of its own by name; nothing outside of it is reached from within, and the other way round.
#[derive(Clone, Debug)]
pub(crate) struct Namespace(String);

impl Namespace {
    pub(crate) fn named(name: &str) -> Self {
        Self(name.to_owned())
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    fn path(&self) -> PathBuf {
        Path::new("/run/netns").join(&self.0)
    }

    pub(crate) fn exists(&self) -> bool {
        self.path().exists()
    }

    pub(crate) fn make(&self) -> Result<(), Failure> {
        let name = self.0.as_str();
        output(Command::new("ip").args(["netns", "add", name]))?;
        let ip = |arguments: &[&str]| {
            output(Command::new("ip").args(["-n", name]).args(arguments)).map(drop)
        };
        ip(&["link", "set", "lo", "up"])?;
        ip(&["address", "add", &format!("{NODE_ADDRESS}/32"), "dev", "lo"])?;
        // A Service's address needs some route before kube-proxy's rules get to rewrite it.
        ip(&["route", "add", "default", "dev", "lo", "src", NODE_ADDRESS])?;
        let forward = "net.ipv4.ip_forward=1";
        output(self.command("sysctl").args(["-q", "-w", forward])).map(drop)
    }

    /// A command that will run in this network.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut network = std::ffi::OsString::from("--net=");
        network.push(self.path());
        let mut command = Command::new("nsenter");
        command.arg(network).arg(program);
        command
    }

    /// The ids of the processes that run in it.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let ids = output(Command::new("ip").args(["netns", "pids", &self.0])).unwrap_or_default();
        ids.lines()
            .filter_map(|id| id.trim().parse().ok())
            .collect()
    }

    pub(crate) fn remove(&self) -> Result<(), Failure> {
        if self.exists() {
            output(Command::new("ip").args(["netns", "delete", &self.0]))?;
        }
        Ok(())
    }
}
