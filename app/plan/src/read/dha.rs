//! The DHA file.

use super::{
    Reader,
    fields::{Fields, Wanted},
};
use crate::{
    At, Dha, Form, Host, Interface, Kind, Plugin, Rule, Severity, Unknown,
    document::{Node, Value},
};

/// Keys of the whole file that Compass knows for OpenStack; they are kept, and mean nothing to a plan of Kubernetes.
const OF_OPENSTACK: [&str; 5] = ["cluster_param", "deploy_options", "moon", "odl_l3_agent", "onos_sfc"];

impl Reader<'_> {
    pub(super) fn dha(&mut self, root: &Node) -> Option<Dha> {
        let mut file = Fields::of(self, "", root)?;
        let kind = file.word(self, "TYPE", Wanted::Text).map(|word| {
            let kind = match word.as_str() {
                "virtual" => Kind::Virtual,
                "baremetal" => Kind::Baremetal,
                other => Kind::Other(other.to_owned()),
            };
            At::new(kind, word.place)
        });
        let flavor = file.word(self, "FLAVOR", Wanted::Text);
        let name = file.word(self, "NAME", Wanted::Text);
        let power_tool = file.word(self, "POWER_TOOL", Wanted::Text);
        let ipmi_user = file.word(self, "ipmiUser", Wanted::Text);
        let ipmi_pass = file.secret(self, "ipmiPass");
        let ipmi_ver = file.word(self, "ipmiVer", Wanted::Version);
        let hosts = file.maps(self, "hosts").into_iter().map(|(place, fields)| self.host(place, fields)).collect();
        let plugins = self.plugins(&mut file);
        let rest = self.exported(file);
        Some(Dha { kind, flavor, name, power_tool, ipmi_user, ipmi_pass, ipmi_ver, hosts, plugins, rest })
    }

    fn host(&mut self, place: crate::Place, mut host: Fields<'_>) -> Host {
        let (interfaces, form) = self.interfaces(&mut host);
        Host {
            place,
            name: host.word(self, "name", Wanted::Text),
            roles: host.words(self, "roles"),
            mac: host.word(self, "mac", Wanted::Mac),
            interfaces,
            form,
            ipmi_ip: host.word(self, "ipmiIp", Wanted::Text),
            ipmi_user: host.word(self, "ipmiUser", Wanted::Text),
            ipmi_pass: host.secret(self, "ipmiPass"),
            power_type: host.word(self, "power_type", Wanted::Text),
            power_ip: host.word(self, "power_ip", Wanted::Text),
            power_user: host.word(self, "power_user", Wanted::Text),
            power_pass: host.secret(self, "power_pass"),
            location: host.word(self, "location", Wanted::Text),
            rest: host.rest(self),
        }
    }

    fn interfaces(&mut self, host: &mut Fields<'_>) -> (Vec<Interface>, Option<At<Form>>) {
        let Some((at, node)) = host.take("interfaces") else { return (Vec::new(), None) };
        let path = host.path("interfaces");
        let maps: Vec<&Node> = match &node.value {
            Value::Map(_) => vec![node],
            Value::List(nodes) => nodes.iter().collect(),
            _ if node.is_nothing() => {
                self.nothing(&path, node.place);
                return (Vec::new(), None);
            }
            _ => {
                self.wrong(&path, node, "a list of maps");
                host.keep(at, node);
                return (Vec::new(), None);
            }
        };
        let form = if matches!(node.value, Value::Map(_)) { Form::Map } else { Form::List };
        let mut interfaces = Vec::new();
        for map in maps {
            let Value::Map(entries) = &map.value else {
                self.wrong(&path, map, "a map of a NIC and its MAC");
                host.keep(at, map);
                continue;
            };
            for (name, value) in entries {
                match self.word(&format!("{path}.{}", name.as_str()), value, Wanted::Mac) {
                    Some(mac) => interfaces.push(Interface { name: name.clone(), mac }),
                    None => host.keep(name, value),
                }
            }
        }
        (interfaces, Some(At::new(form, node.place)))
    }

    fn plugins(&mut self, file: &mut Fields<'_>) -> Vec<Plugin> {
        let mut plugins = Vec::new();
        for (_, mut fields) in file.maps(self, "plugins") {
            for (path, name, value) in fields.left() {
                match self.word(&path, value, Wanted::Text) {
                    Some(value) => plugins.push(Plugin { name: name.clone(), value }),
                    None => file.keep(name, value),
                }
            }
        }
        plugins
    }

    /// Keys of the whole file that are left over: Compass makes an environment variable of each word.
    fn exported(&mut self, mut file: Fields<'_>) -> Vec<Unknown> {
        for (path, key, node) in file.left() {
            let shown = self.hidden.shown(&path);
            let known = OF_OPENSTACK.contains(&path.as_str());
            let (severity, rule, what, why, todo) = match &node.value {
                Value::Scalar { .. } if known => (
                    Severity::Note,
                    Rule::Unknown,
                    format!("{path} is for OpenStack"),
                    "Compass exports it; nothing of Kubernetes looks at it",
                    "delete it from a plan of Kubernetes",
                ),
                Value::Scalar { .. } => (
                    Severity::Error,
                    Rule::Shell,
                    format!("{shown} is no key of Compass"),
                    "Compass exports every key of the whole file as an environment variable of the deployment, \
                     PATH and LD_PRELOAD as well",
                    "delete it; such a plan can be looked at, never started",
                ),
                Value::Map(_) => (
                    Severity::Warning,
                    Rule::Unknown,
                    format!("{shown} is a map"),
                    "Compass exports it as one word of the shell, {…}, of which nothing can be read",
                    "delete it from a plan of Kubernetes",
                ),
                Value::List(_) => (
                    if known { Severity::Note } else { Severity::Warning },
                    Rule::Unknown,
                    if known { format!("{path} is for OpenStack") } else { format!("{shown} is no key of Compass") },
                    "nothing of Kubernetes looks at it",
                    "delete it from a plan of Kubernetes",
                ),
            };
            self.say(key.place, (severity, rule), what, why, todo);
            self.shell(&path, node);
            file.keep(key, node);
        }
        file.kept(self)
    }
}
