//! Starting a cluster and ending it.

use std::{
    env,
    ffi::OsStr,
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{
    Failure, NODE_ADDRESS, certificates, configuration,
    daemon::{self, ready},
    namespace::Namespace,
    shell::{make_folder, output},
};

/// How long a part may take to answer. It is a second or two; a busy machine takes longer.
const PATIENCE: Duration = Duration::from_secs(90);

/// Which parts a cluster has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parts {
    /// All of it: pods run.
    #[default]
    Whole,
    /// etcd and the API server alone: objects are kept, and nobody acts on them. Two seconds to start.
    ApiServer,
}

/// What a cluster is called, where it lies and what it has.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The network namespace's name. Clusters of different names run beside each other.
    pub name: String,
    /// The folder that [`crate::build`] gave.
    pub programs: PathBuf,
    /// The folder for everything that is the cluster's own. It is removed with it.
    pub state: PathBuf,
    /// A policy by which the API server writes `audit.log` into the state folder.
    pub audit_policy: Option<PathBuf>,
    /// What to start.
    pub parts: Parts,
}

impl Settings {
    /// A whole cluster of that name.
    #[must_use]
    pub fn named(name: &str, programs: &Path) -> Self {
        Self {
            name: name.to_owned(),
            programs: programs.to_owned(),
            state: Path::new("/var/tmp").join(format!("protoloop-cluster-{name}")),
            audit_policy: None,
            parts: Parts::Whole,
        }
    }
}

/// A cluster that runs, or that could.
#[derive(Clone, Debug)]
pub struct Cluster {
    settings: Settings,
    namespace: Namespace,
}

impl Cluster {
    /// The one of these settings, which is neither started nor ended by that.
    #[must_use]
    pub fn of(settings: Settings) -> Self {
        let namespace = Namespace::named(&format!("protoloop-{}", settings.name));
        Self {
            settings,
            namespace,
        }
    }

    /// Starts it, and waits until the node is ready.
    ///
    /// # Errors
    /// One of that name runs already; a part of it does not start, with the end of that part's log.
    pub fn up(&self) -> Result<(), Failure> {
        if self.namespace.exists() {
            return Err(format!("the cluster {} runs already", self.settings.name));
        }
        make_folder(self.state())?;
        self.namespace.make()?;
        configuration::write_all(self.state())?;
        certificates::make(self.state(), &self.program("kubectl"))?;
        self.start_api_server()?;
        if self.settings.parts == Parts::Whole {
            self.start_controllers()?;
            self.start_node()?;
            self.start_names()?;
            self.wait_for_node()?;
        }
        Ok(())
    }

    /// Ends everything that is this cluster's, also what a broken start or a killed owner has left.
    ///
    /// # Errors
    /// What could not be removed.
    pub fn down(&self) -> Result<(), Failure> {
        // The kubelet first: it would start the pods again.
        daemon::stop(self.state(), "kubelet");
        self.kill_containers();
        for name in daemon::started(self.state()) {
            daemon::stop(self.state(), &name);
        }
        for id in self.namespace.processes() {
            daemon::signal(id, "KILL");
        }
        self.unmount_all()?;
        self.namespace.remove()?;
        match fs::remove_dir_all(self.state()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(format!("{}: {error}", self.state().display()))
            }
            _ => Ok(()),
        }
    }

    /// A process that ends an API server of ours and everything in its network once its standard input is closed: with whoever
    /// holds that, however it ends. A whole cluster takes more than that; `keep` of [`crate::command`] is for those.
    ///
    /// # Errors
    /// There is no shell.
    pub fn leash(&self) -> Result<Child, Failure> {
        let script = r#"cat > /dev/null; ip netns pids "$0" | xargs -r kill -KILL; ip netns delete "$0"; rm -rf "$1""#;
        Command::new("sh")
            .args(["-c", script, self.namespace.name()])
            .arg(self.state())
            .stdin(Stdio::piped())
            // What ends its owner from the terminal must not end it before it has cleared up.
            .process_group(0)
            .spawn()
            .map_err(|error| format!("sh: {error}"))
    }

    /// Whether it was started and not ended.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.namespace.exists()
    }

    /// The folder of this cluster's files: logs, kubeconfigs, the audit log.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.settings.state
    }

    /// The file that an administrator logs in with.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.state().join("admin.conf")
    }

    /// One of the programs that were built for clusters.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.settings.programs.join("bin").join(name)
    }

    /// A command that will run in the cluster's network, as its administrator, with kubectl on the PATH.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.namespace.command(program);
        let path = env::var_os("PATH").unwrap_or_default();
        let mut folders = vec![self.settings.programs.join("bin")];
        folders.extend(env::split_paths(&path));
        if let Ok(path) = env::join_paths(folders) {
            command.env("PATH", path);
        }
        command.env("KUBECONFIG", self.kubeconfig());
        command
    }

    /// Runs kubectl to its end and gives what it printed.
    ///
    /// # Errors
    /// What it complained about.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String, Failure> {
        output(self.command("kubectl").args(arguments))
    }

    /// Gives the node an image from a docker archive.
    ///
    /// # Errors
    /// What containerd says of the archive.
    pub fn load(&self, archive: &Path) -> Result<(), Failure> {
        output(self.ctr(&["images", "import"]).arg(archive)).map(drop)
    }

    /// containerd's own client, in the namespace of Kubernetes' containers.
    fn ctr(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("ctr");
        command
            .arg("--address")
            .arg(self.state().join("containerd.sock"))
            .args(["--namespace", "k8s.io"])
            .args(arguments);
        command
    }

    fn start(&self, name: &str, arguments: &[String]) -> Result<(), Failure> {
        let built = self.program(name);
        let program = if built.is_file() {
            built.into_os_string()
        } else {
            name.into()
        };
        let mut command = self.namespace.command(program);
        daemon::start(self.state(), name, command.args(arguments))
    }

    fn start_api_server(&self) -> Result<(), Failure> {
        self.start("etcd", &arguments(&format!(
            "--data-dir={state}/etcd --listen-client-urls=http://127.0.0.1:2379
             --advertise-client-urls=http://127.0.0.1:2379 --listen-peer-urls=http://127.0.0.1:0 --unsafe-no-fsync",
            state = self.state().display(),
        )))?;
        let pki = self.state().join("pki");
        let mut server = arguments(&format!(
            "--etcd-servers=http://127.0.0.1:2379 --bind-address=0.0.0.0 --secure-port=6443
             --advertise-address={NODE_ADDRESS} --service-cluster-ip-range={services}
             --tls-cert-file={pki}/apiserver.crt --tls-private-key-file={pki}/apiserver.key
             --client-ca-file={pki}/ca.crt --allow-privileged=true --authorization-mode=Node,RBAC
             --kubelet-client-certificate={pki}/kubelet-client.crt --kubelet-client-key={pki}/kubelet-client.key
             --kubelet-preferred-address-types=InternalIP
             --requestheader-client-ca-file={pki}/ca.crt --requestheader-allowed-names=front-proxy-client
             --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group
             --requestheader-extra-headers-prefix=X-Remote-Extra-
             --proxy-client-cert-file={pki}/front-proxy.crt --proxy-client-key-file={pki}/front-proxy.key
             --service-account-issuer=https://kubernetes.default.svc
             --service-account-key-file={pki}/sa.pub --service-account-signing-key-file={pki}/sa.key",
            pki = pki.display(),
            services = configuration::SERVICES,
        ));
        if let Some(policy) = &self.settings.audit_policy {
            server.push(format!("--audit-policy-file={}", policy.display()));
            server.push(format!(
                "--audit-log-path={}/audit.log",
                self.state().display()
            ));
        }
        self.start("kube-apiserver", &server)?;
        ready(self.state(), "kube-apiserver", PATIENCE, || {
            self.kubectl(&["get", "--raw", "/readyz"]).map(drop)
        })
    }

    fn start_controllers(&self) -> Result<(), Failure> {
        let state = self.state().display();
        self.start(
            "kube-controller-manager",
            &arguments(&format!(
                "--kubeconfig={state}/controller-manager.conf --leader-elect=false --secure-port=0
             --use-service-account-credentials --service-account-private-key-file={state}/pki/sa.key
             --root-ca-file={state}/pki/ca.crt --cluster-signing-cert-file={state}/pki/ca.crt
             --cluster-signing-key-file={state}/pki/ca.key"
            )),
        )?;
        self.start(
            "kube-scheduler",
            &arguments(&format!(
                "--kubeconfig={state}/scheduler.conf --leader-elect=false --secure-port=0"
            )),
        )
    }

    fn start_node(&self) -> Result<(), Failure> {
        let state = self.state().display();
        let config = format!("--config={state}/containerd/config.toml");
        self.start("containerd", &[config])?;
        ready(self.state(), "containerd", PATIENCE, || {
            output(&mut self.ctr(&["version"])).map(drop)
        })?;
        self.load(&self.settings.programs.join("pause.tar"))?;
        self.start("kubelet", &arguments(&format!(
            "--config={state}/kubelet/config.yaml --kubeconfig={state}/node.conf --hostname-override=node1
             --node-ip={NODE_ADDRESS} --root-dir={state}/kubelet/root --cert-dir={state}/kubelet/pki"
        )))?;
        self.start("kube-proxy", &[format!("--config={state}/proxy.yaml")])
    }

    fn start_names(&self) -> Result<(), Failure> {
        let corefile = self.state().join("Corefile");
        self.start("dns", &["-conf".to_owned(), corefile.display().to_string()])?;
        let service = self.state().join("dns.yaml");
        output(self.command("kubectl").args(["apply", "-f"]).arg(service))?;
        ready(self.state(), "dns", PATIENCE, || {
            let open = format!("exec 3<>/dev/tcp/{NODE_ADDRESS}/53");
            output(self.namespace.command("bash").args(["-c", &open])).map(drop)
        })
    }

    fn wait_for_node(&self) -> Result<(), Failure> {
        ready(self.state(), "kubelet", PATIENCE, || {
            let ready = [
                "wait",
                "--for=condition=Ready",
                "node/node1",
                "--timeout=1s",
            ];
            self.kubectl(&ready).map(drop)
        })?;
        // Pods are refused until there is an account that they run as.
        ready(self.state(), "kube-controller-manager", PATIENCE, || {
            self.kubectl(&["get", "serviceaccount", "default"])
                .map(drop)
        })
    }

    /// Whatever runs in containers would outlive containerd.
    fn kill_containers(&self) {
        let tasks = output(&mut self.ctr(&["tasks", "list", "--quiet"])).unwrap_or_default();
        for task in tasks.lines() {
            // One that has just ended by itself is what we want.
            let _ = output(self.ctr(&["tasks", "kill", "--signal", "KILL"]).arg(task));
        }
    }

    fn unmount_all(&self) -> Result<(), Failure> {
        let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
        let mut ours: Vec<_> = mounts
            .lines()
            .filter_map(|line| line.split(' ').nth(1))
            .filter(|place| Path::new(place).starts_with(self.state()))
            .collect();
        // The inner ones first.
        ours.sort_unstable();
        for place in ours.into_iter().rev() {
            output(Command::new("umount").args(["--lazy", place]))?;
        }
        Ok(())
    }
}

/// The words of a command line; none of ours has a space within.
fn arguments(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}
