//! What can go wrong with etcd: at which endpoint, what, and what to do. No text holds anything of a key.

/// A question to an endpoint that was not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{endpoint}: {why}. {}", why.todo())]
pub struct EtcdError {
    /// Which, as it was given or as its member tells it.
    pub endpoint: String,
    /// What is wrong there.
    pub why: Why,
}

/// What is wrong with an endpoint or the way to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// No address that can be used.
    #[error("this is no endpoint: {0}")]
    Address(String),
    /// A socket of this machine's file system.
    #[error("Unix sockets are not taken")]
    Socket,
    /// A member that was added and has not started yet: it names no address.
    #[error("this member has not started yet, and names no address")]
    NotStarted,
    /// A file for TLS that cannot be used.
    #[error("{file} {what}")]
    File {
        /// Which.
        file: String,
        /// What is wrong with it, after its name.
        what: String,
    },
    /// Nothing listens there.
    #[error("nothing listens there")]
    Refused,
    /// The way there is cut, or its name is unknown.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// The machine that it is reached through does not let us.
    #[error("it is reached through {destination}, and that does not go: {said}")]
    Through {
        /// Which machine.
        destination: String,
        /// What OpenSSH says.
        said: String,
    },
    /// No answer in time.
    #[error("{doing} took longer than {seconds} s")]
    Timeout {
        /// As in `connecting`.
        doing: &'static str,
        /// How long was waited.
        seconds: u64,
    },
    /// Its certificate was signed by somebody else.
    #[error("its certificate is not signed by the authority in {0}")]
    UnknownAuthority(String),
    /// Its certificate belongs to somebody else.
    #[error("its certificate is for another name than {0}")]
    OtherName(String),
    /// Its certificate has run out, or does not hold yet.
    #[error("its certificate {0}")]
    Expired(&'static str),
    /// Its certificate cannot be used otherwise.
    #[error("its certificate cannot be used: {0}")]
    Certificate(String),
    /// It does not take ours.
    #[error("it does not take our client certificate: {0}")]
    OurCertificate(&'static str),
    /// It speaks without TLS.
    #[error("it does not speak TLS")]
    NotTls,
    /// It does not speak etcd's API.
    #[error("it does not speak etcd's API")]
    NotEtcd,
    /// It is a member of another cluster, or not the member it was said to be.
    #[error("it is {found}, not {expected}")]
    NotAMember {
        /// Who answered.
        found: String,
        /// Who should have.
        expected: String,
    },
    /// The user may not ask this.
    #[error("the permission for this is missing")]
    Permission,
    /// There is no leader, and so no quorum.
    #[error("its cluster has no leader")]
    NoLeader,
    /// It is a learner, which answers little.
    #[error("it is a learner, which does not answer this")]
    Learner,
    /// It does not know this question.
    #[error("it is too old to answer this")]
    NotServed,
    /// The connection ended in between.
    #[error("the connection ended")]
    Cut,
    /// What it said itself.
    #[error("it answered: {0}")]
    Said(String),
}

impl Why {
    /// At an endpoint.
    pub fn at(self, endpoint: &(impl ToString + ?Sized)) -> EtcdError {
        EtcdError { endpoint: endpoint.to_string(), why: self }
    }

    /// What to do about it.
    pub fn todo(&self) -> &'static str {
        match self {
            Self::Address(_) => "Write it as in https://10.1.0.50:2379",
            Self::Socket => "Name the address that etcd listens on for clients, as in http://127.0.0.1:2379",
            Self::NotStarted => "Start etcd there, or remove the member if it never will",
            Self::File { .. } => "Name PEM files with --cacert, --cert and --key",
            Self::Refused => "See whether etcd runs on that host, and on which addresses it listens",
            Self::Unreachable(_) => {
                "See whether this machine reaches that network; kubespray's etcd listens on the one with the default route"
            }
            Self::Through { .. } => {
                "See whether ssh goes there from this machine without asking anything: a known host key, and a key without a passphrase or an agent; and whether its sshd allows forwarding"
            }
            Self::Timeout { .. } => "See whether a firewall is in between, and whether its disk keeps up",
            Self::UnknownAuthority(_) => {
                "Take the authority of etcd, not that of Kubernetes: kubespray has it in /etc/ssl/etcd/ssl/ca.pem"
            }
            Self::OtherName(_) => {
                "Use a name or an address that stands in its certificate, or renew that with this one in it"
            }
            Self::Expired(_) => "See the clocks of both machines, and renew it",
            Self::Certificate(_) => "Renew it",
            Self::OurCertificate(_) => {
                "Take one that etcd's authority signed for clients: kubespray has admin-HOST.pem with its key"
            }
            Self::NotTls => "Write http:// if it really is to be without",
            Self::NotEtcd => "See whether this is etcd's port for clients, and write https:// where it speaks TLS",
            Self::NotAMember { .. } => "Name endpoints of one cluster alone",
            Self::Permission => "Take the certificate of a user with the role root",
            Self::NoLeader => "See which members are away: without a quorum it takes no writes",
            Self::Learner => "Ask another member",
            Self::NotServed => "Ask a newer one",
            Self::Cut => "See its log: it may have been stopped",
            Self::Said(_) => "See its log",
        }
    }
}
