//! A plan that is right, three masters and two workers, for each test to break in one place.

use plan::{File, Finding, Plan, Rule, Severity, check, read_dha, read_network};

pub const VIRTUAL: &str = "\
TYPE: virtual
FLAVOR: cluster
NAME: compass

hosts:
  - name: host1
    roles: [kube_master, etcd, ha]

  - name: host2
    roles: [kube_master, etcd, ha]

  - name: host3
    roles: [kube_master, etcd, ha]

  - name: host4
    roles: [kube_node]

  - name: host5
    roles: [kube_node]
";

pub const BARE_METAL: &str = "\
TYPE: baremetal
FLAVOR: cluster
POWER_TOOL: ipmitool
ipmiUser: operator
ipmiPass: not-a-secret
ipmiVer: '2.0'

hosts:
  - name: host1
    mac: 'F8:4A:BF:55:A2:01'
    interfaces: {eth0: 'F8:4A:BF:55:A2:01', eth1: 'F8:4A:BF:55:A2:11'}
    ipmiIp: 172.16.130.1
    power_ip: 172.16.130.1
    roles: [kube_master, etcd, ha]

  - name: host2
    mac: 'F8:4A:BF:55:A2:02'
    interfaces: {eth0: 'F8:4A:BF:55:A2:02', eth1: 'F8:4A:BF:55:A2:12'}
    ipmiIp: 172.16.130.2
    power_ip: 172.16.130.2
    roles: [kube_master, etcd, ha]

  - name: host3
    mac: 'F8:4A:BF:55:A2:03'
    interfaces: {eth0: 'F8:4A:BF:55:A2:03', eth1: 'F8:4A:BF:55:A2:13'}
    ipmiIp: 172.16.130.3
    power_ip: 172.16.130.3
    roles: [kube_master, etcd, ha]

  - name: host4
    mac: 'F8:4A:BF:55:A2:04'
    interfaces: {eth0: 'F8:4A:BF:55:A2:04', eth1: 'F8:4A:BF:55:A2:14'}
    ipmiIp: 172.16.130.4
    power_ip: 172.16.130.4
    roles: [kube_node]

  - name: host5
    mac: 'F8:4A:BF:55:A2:05'
    interfaces: {eth0: 'F8:4A:BF:55:A2:05', eth1: 'F8:4A:BF:55:A2:15'}
    ipmiIp: 172.16.130.5
    power_ip: 172.16.130.5
    roles: [kube_node]
";

pub const OPEN_STACK: &str = "\
TYPE: virtual
FLAVOR: cluster

hosts:
  - name: host1
    roles: [controller, ha, ceph-adm, ceph-mon]

  - name: host2
    roles: [compute, ceph-osd]
";

pub const NETWORK: &str = "\
nic_mappings: []
bond_mappings: []

provider_net_mappings:
  - name: br-provider
    network: physnet
    interface: eth1
    type: ovs
    role: [controller]

sys_intf_mappings:
  - name: mgmt
    interface: eth0
    type: normal
    vlan_tag: None
    role: [controller, compute]

  - name: tenant
    interface: eth1
    type: vlan
    vlan_tag: 101
    role: [controller, compute]

  - name: storage
    interface: eth1
    type: vlan
    vlan_tag: 102
    role: [controller, compute]

  - name: external
    interface: eth1
    type: normal
    vlan_tag: None
    role: [controller, compute]

ip_settings:
  - name: mgmt
    ip_ranges:
      - - \"10.1.0.50\"
        - \"10.1.0.100\"
    dhcp_ranges:
      - - \"10.1.0.2\"
        - \"10.1.0.49\"
    cidr: \"10.1.0.0/24\"
    gw: \"10.1.0.1\"
    role: [controller, compute]

  - name: tenant
    ip_ranges:
      - - \"172.16.1.1\"
        - \"172.16.1.50\"
    cidr: \"172.16.1.0/24\"
    role: [controller, compute]

  - name: storage
    ip_ranges:
      - - \"172.16.2.1\"
        - \"172.16.2.50\"
    cidr: \"172.16.2.0/24\"
    role: [controller, compute]

  - name: external
    ip_ranges:
      - - \"192.16.1.210\"
        - \"192.16.1.220\"
    cidr: \"192.16.1.0/24\"
    gw: \"192.16.1.1\"
    role: [controller, compute]

internal_vip:
  ip: 10.1.0.222
  netmask: \"24\"
  interface: mgmt

public_vip:
  ip: 192.16.1.222
  netmask: \"24\"
  interface: external

public_net_info:
  enable: \"True\"
  network: ext-net
  type: flat
  segment_id: 1000
  subnet: ext-subnet
  provider_network: physnet
  router: router-ext
  enable_dhcp: \"False\"
  no_gateway: \"False\"
  external_gw: \"192.16.1.1\"
  floating_ip_cidr: \"192.16.1.0/24\"
  floating_ip_start: \"192.16.1.101\"
  floating_ip_end: \"192.16.1.199\"
";

/// What is said of every plan for bare metal whose `interfaces` are as the newest Compass wants them.
pub const OF_EVERY_BARE_METAL: &str = "interfaces is a map of NICs";

/// A plan as text.
#[derive(Clone)]
pub struct Case {
    dha: String,
    network: String,
}

/// What one finding must be: how much it matters, its family, a part of the line it points to, and of what it says.
pub type Expected<'a> = (Severity, Rule, &'a str, &'a str);

/// The plan for virtual machines.
pub fn kubernetes() -> Case {
    with(VIRTUAL)
}

/// The same for machines of their own.
pub fn bare_metal() -> Case {
    with(BARE_METAL)
}

/// One for OpenStack.
pub fn open_stack() -> Case {
    with(OPEN_STACK)
}

/// Another DHA beside the same network.yml.
pub fn with(dha: &str) -> Case {
    Case { dha: dha.into(), network: NETWORK.into() }
}

impl Case {
    /// Replaces the first place in the DHA.
    pub fn dha(mut self, from: &str, to: &str) -> Self {
        self.dha = replaced(&self.dha, from, to);
        self
    }

    /// Replaces the first place in network.yml that follows another.
    pub fn network(mut self, after: &str, from: &str, to: &str) -> Self {
        let at = self.network.find(after).unwrap_or_else(|| panic!("no {after:?} in the fixture"));
        let (before, rest) = self.network.split_at(at);
        self.network = format!("{before}{}", replaced(rest, from, to));
        self
    }

    /// Another network.yml.
    pub fn of_network(mut self, network: &str) -> Self {
        self.network = network.into();
        self
    }

    /// Both files, read.
    pub fn plan(&self) -> Plan {
        let (dha, network) = (read_dha(self.dha.as_bytes()), read_network(self.network.as_bytes()));
        Plan { dha: dha.0, network: network.0 }
    }

    fn line(&self, finding: &Finding) -> &str {
        let text = match finding.file {
            File::Dha => &self.dha,
            File::Network => &self.network,
        };
        text.lines().nth(finding.place.line as usize - 1).unwrap_or_default()
    }

    /// Holds that a check finds this and nothing else, in this order.
    pub fn finds(&self, expected: &[Expected<'_>]) {
        let mut findings = check(&self.plan());
        findings.retain(|one| one.what != OF_EVERY_BARE_METAL);
        // What a shell makes of a value is said beside, and held by tests of its own.
        if !expected.iter().any(|(_, rule, ..)| *rule == Rule::Shell) {
            findings.retain(|one| one.rule != Rule::Shell);
        }
        self.found(&findings, expected);
    }

    /// Holds that these findings about this plan are the expected ones.
    pub fn found(&self, findings: &[Finding], expected: &[Expected<'_>]) {
        let told: Vec<String> = findings
            .iter()
            .map(|one| format!("{:?} {:?} {:?}: {}", one.severity, one.rule, self.line(one).trim(), one.what))
            .collect();
        assert_eq!(findings.len(), expected.len(), "found {told:#?}");
        for (one, (severity, rule, line, what)) in findings.iter().zip(expected) {
            assert!(
                one.severity == *severity
                    && one.rule == *rule
                    && self.line(one).contains(line)
                    && one.what.contains(what),
                "expected {severity:?} {rule:?} {line:?}: {what}, found {told:#?}"
            );
            assert!(!one.why.is_empty() && !one.todo.is_empty(), "{told:#?} does not say why or what to do");
        }
    }

    pub fn error(&self, rule: Rule, line: &str, what: &str) {
        self.finds(&[(Severity::Error, rule, line, what)]);
    }

    pub fn warning(&self, rule: Rule, line: &str, what: &str) {
        self.finds(&[(Severity::Warning, rule, line, what)]);
    }

    pub fn note(&self, rule: Rule, line: &str, what: &str) {
        self.finds(&[(Severity::Note, rule, line, what)]);
    }
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no {from:?} in the fixture");
    text.replacen(from, to, 1)
}
