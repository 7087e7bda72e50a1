//! The DHA file.

use super::{Fields, wrong};
use crate::{
    At, Dha, File, Finding, Form, Host, Interface, Kind, Plugin, Rule, Severity,
    document::{Node, Value},
};

/// Top-level keys of other stacks, kept as they are.
const LEGACY: [&str; 5] = ["cluster_param", "deploy_options", "moon", "odl_l3_agent", "onos_sfc"];

pub(super) fn read(mut fields: Fields, findings: &mut Vec<Finding>) -> Dha {
    let kind = fields.word("TYPE", findings).map(|at| {
        let kind = match at.value.as_str() {
            "virtual" => Kind::Virtual,
            "baremetal" => Kind::Baremetal,
            _ => Kind::Other(at.value),
        };
        At::new(kind, at.place)
    });
    let flavor = fields.word("FLAVOR", findings);
    let name = fields.word("NAME", findings);
    let power_tool = fields.word("POWER_TOOL", findings);
    let ipmi_user = fields.word("ipmiUser", findings);
    let ipmi_pass = fields.secret("ipmiPass", findings);
    let ipmi_ver = version(&mut fields, findings);
    let hosts = fields.maps("hosts", findings).into_iter().map(|one| host(one, findings)).collect();
    let plugins = fields.list("plugins", findings).into_iter().flat_map(|node| plugin(node, findings)).collect();
    exported(&fields, findings);
    let known: Vec<String> = fields.pairs.iter().map(|(key, _)| key.value.clone()).collect();
    // Each was reported as exported, or belongs to another stack.
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let rest = fields.rest(&known, findings);
    Dha { kind, flavor, name, power_tool, ipmi_user, ipmi_pass, ipmi_ver, hosts, plugins, rest }
}

/// Compass exports every other top-level key to the environment of its scripts.
fn exported(fields: &Fields, findings: &mut Vec<Finding>) {
    for (key, node) in fields.pairs.iter().filter(|(key, _)| !LEGACY.contains(&key.value.as_str())) {
        findings.push(Finding {
            file: File::Dha,
            place: key.place,
            severity: Severity::Error,
            rule: Rule::Shell,
            what: format!("the key {} would become an environment variable", key.value),
            why: match node.value {
                Value::Scalar { .. } => {
                    "Compass exports every top-level word to the scripts that it runs, PATH and LD_PRELOAD among them."
                }
                _ => "Compass exports every top-level key to the scripts that it runs.",
            }
            .into(),
            todo: "Leave the key out, or check its spelling.".into(),
        });
    }
}

fn version(fields: &mut Fields, findings: &mut Vec<Finding>) -> Option<At<String>> {
    let node = fields.take("ipmiVer").filter(|node| !node.is_null())?;
    if let Value::Scalar { text, plain: true } = &node.value
        && text.parse::<f64>().is_ok()
    {
        findings.push(Finding {
            file: File::Dha,
            place: node.place,
            severity: Severity::Warning,
            rule: Rule::Power,
            what: format!("ipmiVer {text} stands without quotes"),
            why: "YAML makes a number of it, Compass compares it with a text: IPMI 1.5 (lan) would be used.".into(),
            todo: format!("Write ipmiVer: '{text}'."),
        });
    }
    super::word(File::Dha, &node, "ipmiVer", findings)
}

fn host(mut fields: Fields, findings: &mut Vec<Finding>) -> Host {
    let place = fields.place;
    let name = fields.word("name", findings);
    let roles = fields.words("roles", findings);
    let mac = fields.take("mac").and_then(|node| mac(&node, findings));
    let (interfaces, form) = interfaces(&mut fields, findings);
    Host {
        place,
        name,
        roles,
        mac,
        interfaces,
        form,
        ipmi_ip: fields.word("ipmiIp", findings),
        ipmi_user: fields.word("ipmiUser", findings),
        ipmi_pass: fields.secret("ipmiPass", findings),
        power_type: fields.word("power_type", findings),
        power_ip: fields.word("power_ip", findings),
        power_user: fields.word("power_user", findings),
        power_pass: fields.secret("power_pass", findings),
        location: fields.word("location", findings),
        rest: fields.rest(&[], findings),
    }
}

fn interfaces(fields: &mut Fields, findings: &mut Vec<Finding>) -> (Vec<Interface>, Option<At<Form>>) {
    let Some(node) = fields.take("interfaces").filter(|node| !node.is_null()) else { return (Vec::new(), None) };
    let place = node.place;
    let kind = node.kind();
    let (pairs, form) = match node.value {
        Value::Map(pairs) => (pairs, Form::Map),
        Value::List(items) => {
            let mut pairs = Vec::new();
            for item in items {
                match item.value {
                    Value::Map(one) => pairs.extend(one),
                    _ => findings.push(wrong(File::Dha, item.place, "an entry of interfaces is no map like eth1: MAC")),
                }
            }
            (pairs, Form::List)
        }
        _ => {
            findings.push(wrong(File::Dha, place, &format!("interfaces is {kind}, not a list")));
            return (Vec::new(), None);
        }
    };
    let interfaces = pairs.into_iter().filter_map(|(name, node)| Some(Interface { name, mac: mac(&node, findings)? }));
    (interfaces.collect(), Some(At::new(form, place)))
}

/// A MAC of digits alone is a number to the base of 60 when it stands without quotes.
fn mac(node: &Node, findings: &mut Vec<Finding>) -> Option<At<String>> {
    if let Value::Scalar { text, plain: true } = &node.value
        && text.contains(':')
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':')
    {
        findings.push(Finding {
            file: File::Dha,
            place: node.place,
            severity: Severity::Error,
            rule: Rule::Identity,
            what: format!("the MAC {text} stands without quotes"),
            why: "Compass's YAML reads digits between colons as one number to the base of 60.".into(),
            todo: format!("Write '{text}'."),
        });
    }
    super::word(File::Dha, node, "a MAC", findings)
}

fn plugin(node: Node, findings: &mut Vec<Finding>) -> Vec<Plugin> {
    let place = node.place;
    match node.value {
        Value::Map(pairs) => {
            pairs.into_iter().map(|(name, value)| Plugin { name, value: At::new(value.flow(), value.place) }).collect()
        }
        _ => {
            findings.push(wrong(File::Dha, place, "an entry of plugins is no map like stor4nfv: Enable"));
            Vec::new()
        }
    }
}
