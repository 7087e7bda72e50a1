//! A file of settings with every one in it, commented out, generated from the settings themselves.

use std::fmt::Write;

use super::{
    keys::{KEYS, Key},
    sections::OF_A_CLUSTER,
};

/// Columns of a comment.
const WIDE: usize = 110;

/// The file. It can be used as it is: nothing in it is set.
pub fn example() -> String {
    let mut out = String::from("# Settings of Binnacle. A line without # is set; the others tell what holds.\n");
    let mut sections: Vec<(String, Vec<(&Key, String)>)> = Vec::new();
    for key in KEYS {
        let path = key.path();
        let (section, name) = path.rsplit_once('.').unwrap_or(("server", key.name));
        if ["cluster", "etcd"].contains(&section) || key.name == "backup_hosts" {
            continue;
        }
        match sections.iter_mut().find(|(known, _)| known == section) {
            Some((_, keys)) => keys.push((key, name.to_owned())),
            None => sections.push((section.to_owned(), vec![(key, name.to_owned())])),
        }
    }
    for (section, keys) in sections {
        let _ = write!(out, "\n[{section}]\n");
        for (key, name) in keys {
            line(&mut out, "", &name, key);
        }
    }
    out.push_str(
        "\n# One section for each cluster that has a plan, an etcd or a kubeconfig of its own; the name is a context's,\n\
         # or any other beside a kubeconfig. What it does not say of backups holds as in [backup].\n#[clusters.lab]\n",
    );
    let mut section = "";
    for (path, setting) in OF_A_CLUSTER {
        let (below, name) = path.split_once('.').unwrap_or(("", path));
        if below != section {
            let _ = writeln!(out, "#[clusters.lab.{below}]");
            section = below;
        }
        if let Some(key) = KEYS.iter().find(|key| key.name == setting) {
            line(&mut out, "", name, key);
        }
    }
    out
}

fn line(out: &mut String, indent: &str, name: &str, key: &Key) {
    let mut column = WIDE;
    for word in key.meaning.split_whitespace() {
        if column + word.len() >= WIDE {
            let _ = write!(out, "{}{indent}# {word}", if column == WIDE && out.ends_with('\n') { "" } else { "\n" });
            column = indent.len() + word.len() + 2;
        } else {
            let _ = write!(out, " {word}");
            column += word.len() + 1;
        }
    }
    let value = match key.default {
        number if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => number.to_owned(),
        text => format!("\"{text}\""),
    };
    let _ = writeln!(out, "\n{indent}#{name} = {value}");
}

#[cfg(test)]
mod tests {
    use super::{super::file::tests::in_file, *};

    #[test]
    fn the_example_can_be_used_as_it_is() {
        assert_eq!(in_file(&example()).unwrap().warnings, [""; 0]);
    }

    #[test]
    fn every_setting_of_the_example_can_be_set() {
        let text = example();
        for key in KEYS {
            let path = key.path();
            let name = path.rsplit_once('.').map_or(key.name, |(_, name)| name);
            assert!(text.contains(&format!("\n#{name} = ")), "{path}");
        }
        // With every default set, and what has none left out, the file means the same.
        let set = |line: &str| {
            let plain = line.strip_prefix('#').filter(|rest| !rest.starts_with([' ', '[']) && !rest.ends_with("\"\""));
            plain.unwrap_or(line).to_owned()
        };
        let server = text.split("\n# One section").next().unwrap();
        let all: Vec<String> = server.lines().map(set).collect();
        in_file(&all.join("\n")).unwrap();
    }
}
