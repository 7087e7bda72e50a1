//! The same as Markdown, to be printed and kept where no server is needed to read it.

use std::fmt;

use crate::{
    At, Guide,
    shell::{code, plain, printable},
};

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Desk => f.write_str("your machine"),
            Self::Host(host) => f.write_str(&printable(host)),
        }
    }
}

impl Guide {
    /// As Markdown. Every fenced block is what is run in the place that its heading names.
    pub fn markdown(&self) -> String {
        let mut out = format!("# {}\n", plain(&self.title));
        let mut list = |title: &str, items: &[String]| {
            if !items.is_empty() {
                out += &format!("\n## {title}\n");
                out.extend(items.iter().map(|item| format!("- {}\n", plain(item))));
            }
        };
        list("What will be lost", &self.losses);
        list("Before you start", &self.warnings);
        list("What is unknown here", &self.unknown);
        out += &format!("\n{}\n", plain(crate::guide::HOW));
        for (number, step) in (1..).zip(&self.steps) {
            out += &format!("\n## {number}. {}\n{}\n", plain(&step.title), plain(&step.why));
            for act in &step.acts {
                out += &format!(
                    "\n### On {}\n```sh\n{}```\nThen: {}\n",
                    code(&act.at.to_string()),
                    act.commands,
                    plain(&act.check)
                );
            }
        }
        out
    }
}
