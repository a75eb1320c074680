//! The cluster's own certificate authority, the certificates of its parts and the files that they log in with.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Failure, NODE_ADDRESS,
    shell::{make_folder, output, write},
};

/// Who logs in at the API server: the file's name and the subject, whose organisation is the group.
const USERS: [(&str, &str); 5] = [
    ("admin", "/O=system:masters/CN=admin"),
    ("controller-manager", "/CN=system:kube-controller-manager"),
    ("scheduler", "/CN=system:kube-scheduler"),
    ("node", "/O=system:nodes/CN=system:node:node1"),
    ("proxy", "/CN=system:kube-proxy"),
];

/// Days that everything is valid for.
const DAYS: &str = "7";

/// Makes all of them in `state/pki`, and `state/USER.conf` for each user.
pub(crate) fn make(state: &Path, kubectl: &Path) -> Result<(), Failure> {
    let pki = Pki(state.join("pki"));
    make_folder(&pki.0)?;
    pki.authority()?;
    let names = [
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    ];
    let mut alternatives: Vec<_> = names.iter().map(|name| format!("DNS:{name}")).collect();
    for address in ["127.0.0.1", "10.96.0.1", NODE_ADDRESS] {
        alternatives.push(format!("IP:{address}"));
    }
    let server = Usage::Server(alternatives.join(","));
    pki.certificate("apiserver", "/CN=kube-apiserver", &server)?;
    let kubelet_client = "/O=system:masters/CN=apiserver-kubelet-client";
    pki.certificate("kubelet-client", kubelet_client, &Usage::Client)?;
    pki.certificate("front-proxy", "/CN=front-proxy-client", &Usage::Client)?;
    for (user, subject) in USERS {
        pki.certificate(user, subject, &Usage::Client)?;
        pki.log_in(user, kubectl, &state.join(format!("{user}.conf")))?;
    }
    Ok(())
}

enum Usage {
    Client,
    /// With the names and addresses that it is reached at.
    Server(String),
}

/// The folder of keys and certificates.
struct Pki(PathBuf);

impl Pki {
    fn authority(&self) -> Result<(), Failure> {
        self.key("ca")?;
        self.openssl(&[
            "req",
            "-x509",
            "-new",
            "-key",
            "ca.key",
            "-subj",
            "/CN=protoloop-cluster",
            "-days",
            DAYS,
            "-out",
            "ca.crt",
        ])?;
        // Tokens of service accounts are signed with a key of their own.
        self.openssl(&["genrsa", "-out", "sa.key", "2048"])?;
        self.openssl(&["rsa", "-in", "sa.key", "-pubout", "-out", "sa.pub"])
    }

    fn key(&self, name: &str) -> Result<(), Failure> {
        let file = format!("{name}.key");
        self.openssl(&[
            "ecparam",
            "-name",
            "prime256v1",
            "-genkey",
            "-noout",
            "-out",
            &file,
        ])
    }

    fn certificate(&self, name: &str, subject: &str, usage: &Usage) -> Result<(), Failure> {
        let file = |suffix: &str| format!("{name}.{suffix}");
        self.key(name)?;
        self.openssl(&[
            "req",
            "-new",
            "-key",
            &file("key"),
            "-subj",
            subject,
            "-out",
            &file("csr"),
        ])?;
        let extensions = match usage {
            Usage::Client => "extendedKeyUsage=clientAuth\n".to_owned(),
            Usage::Server(names) => {
                format!("extendedKeyUsage=serverAuth\nsubjectAltName={names}\n")
            }
        };
        write(&self.0.join(file("ext")), &extensions)?;
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            &file("csr"),
            "-CA",
            "ca.crt",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            DAYS,
            "-extfile",
            &file("ext"),
            "-out",
            &file("crt"),
        ])
    }

    /// A kubeconfig file that holds everything, so that it may be copied.
    fn log_in(&self, user: &str, kubectl: &Path, to: &Path) -> Result<(), Failure> {
        let config = |arguments: &[&str]| {
            let mut command = Command::new(kubectl);
            command.current_dir(&self.0).arg("--kubeconfig").arg(to);
            output(command.arg("config").args(arguments)).map(drop)
        };
        let (certificate, key) = (format!("{user}.crt"), format!("{user}.key"));
        config(&[
            "set-cluster",
            "one-node",
            "--server=https://127.0.0.1:6443",
            "--certificate-authority=ca.crt",
            "--embed-certs",
        ])?;
        config(&[
            "set-credentials",
            user,
            "--client-certificate",
            &certificate,
            "--client-key",
            &key,
            "--embed-certs",
        ])?;
        config(&[
            "set-context",
            "one-node",
            "--cluster=one-node",
            "--user",
            user,
        ])?;
        config(&["use-context", "one-node"])
    }

    fn openssl(&self, arguments: &[&str]) -> Result<(), Failure> {
        output(Command::new("openssl").args(arguments).current_dir(&self.0)).map(drop)
    }
}
