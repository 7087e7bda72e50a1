//! Authorities, certificates and keys, made by OpenSSL.
#![allow(dead_code, reason = "each test needs a part of it")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// A certificate and its key in PEM.
#[derive(Clone)]
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

impl Pair {
    /// The first certificate in DER.
    pub fn der(&self) -> Vec<u8> {
        let lines = self.certificate.lines().skip_while(|line| !line.starts_with("-----BEGIN CERT")).skip(1);
        let text: String = lines.take_while(|line| !line.starts_with("-----")).map(str::trim).collect();
        STANDARD.decode(text).expect("base64")
    }

    /// The pair as the fields of a kubeconfig's user.
    pub fn user(&self) -> String {
        format!("client-certificate-data: {}, client-key-data: {}", encoded(&self.certificate), encoded(&self.key))
    }
}

pub fn encoded(text: &str) -> String {
    STANDARD.encode(text)
}

/// An authority in a folder of its own.
pub struct Authority {
    folder: PathBuf,
    pub certificate: String,
}

fn openssl(folder: &Path, args: &str) -> String {
    let mut command = Command::new("openssl");
    command.args(args.split(' ')).current_dir(folder).stdin(Stdio::null());
    let output = command.output().expect("openssl runs");
    assert!(output.status.success(), "openssl {args}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// OpenSSL's arguments for a key on secp256r1.
pub const P256: &str = "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256";

impl Authority {
    pub fn new(folder: &Path) -> Self {
        fs::create_dir_all(folder).expect("a folder");
        openssl(folder, &format!("{P256} -out ca.key"));
        let of = "req -x509 -new -key ca.key -days 30 -subj /CN=lab-ca -addext keyUsage=critical,keyCertSign,cRLSign";
        let certificate = openssl(folder, of);
        fs::write(folder.join("ca.crt"), &certificate).expect("written");
        Self { folder: folder.into(), certificate }
    }

    /// An existing authority, copied from its folder.
    pub fn of(there: &Path, folder: &Path) -> Self {
        fs::create_dir_all(folder).expect("a folder");
        for name in ["ca.crt", "ca.key"] {
            fs::copy(there.join(name), folder.join(name)).expect("copied");
        }
        Self { folder: folder.into(), certificate: fs::read_to_string(folder.join("ca.crt")).expect("read") }
    }

    /// Signs a certificate with these extensions. An empty list makes an X.509 certificate of version 1.
    pub fn signs(&self, key: &str, subject: &str, extensions: &[&str], days: i32) -> Pair {
        let folder = &self.folder;
        let key = if key.contains("BEGIN") { key.to_owned() } else { openssl(folder, key) };
        fs::write(folder.join("key"), &key).expect("written");
        fs::write(folder.join("extensions"), extensions.join("\n")).expect("written");
        openssl(folder, &format!("req -new -key key -subj {subject} -out request"));
        let with = if extensions.is_empty() { "" } else { " -extfile extensions" };
        let of = format!("x509 -req -in request -CA ca.crt -CAkey ca.key -CAcreateserial -days {days}{with}");
        Pair { certificate: openssl(folder, &of), key }
    }

    /// A server certificate for 127.0.0.1 and some names.
    pub fn server(&self) -> Pair {
        let names = "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:api.lab.invalid";
        self.signs(P256, "/CN=kube-apiserver", &[names, "extendedKeyUsage=serverAuth", "basicConstraints=CA:FALSE"], 30)
    }

    /// A client certificate of an administrator, with a key by these arguments of OpenSSL.
    pub fn client(&self, key: &str) -> Pair {
        self.signs(key, "/O=system:masters/CN=ann", &["extendedKeyUsage=clientAuth", "basicConstraints=CA:FALSE"], 30)
    }

    /// Converts a text with an OpenSSL command.
    pub fn made(&self, text: &str, args: &str) -> String {
        fs::write(self.folder.join("text"), text).expect("written");
        openssl(&self.folder, &format!("{args} -in text"))
    }

    /// A self-signed server certificate.
    pub fn alone(&self, is_authority: bool) -> Pair {
        let key = openssl(&self.folder, P256);
        fs::write(self.folder.join("key"), &key).expect("written");
        let flag = if is_authority { "TRUE" } else { "FALSE" };
        let of = format!(
            "req -x509 -new -key key -days 30 -subj /CN=alone -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:{flag}"
        );
        Pair { certificate: openssl(&self.folder, &of), key }
    }
}
