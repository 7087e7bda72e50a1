//! Opening what is stored: the snapshot as etcd gave it.

use crate::{Act, At, Companion, Facts, Step, shell::word};

/// The file that is restored, on the desk.
pub(crate) const SNAPSHOT: &str = "snapshot.db";

pub(crate) fn step(facts: &Facts) -> Step {
    let backup = &facts.backup;
    let mut commands = format!(
        "umask 077 &&\nprintf '%s  %s\\n' {} {} | sha256sum -c - &&\n",
        word(&backup.file_sha256),
        word(&backup.file)
    );
    let mut file = backup.file.clone();
    if !backup.recipients.is_empty() {
        let next = file.strip_suffix(".age").unwrap_or("snapshot.opened").to_owned();
        commands += &format!("age -d -i age-key.txt -o {} {} &&\n", word(&next), word(&file));
        file = next;
    }
    commands += &if backup.compressed {
        format!("zstd -d -q -f -o {SNAPSHOT} {} &&\n", word(&file))
    } else {
        format!("cp -- {} {SNAPSHOT} &&\n", word(&file))
    };
    commands += &format!("{} &&\nbinnacle backup verify {SNAPSHOT}\n", same(SNAPSHOT, facts));
    let lies = match backup.places.as_slice() {
        [] => "It is stored in no place that is known here.".to_owned(),
        places => format!("It is stored in {}.", places.join(" and in ")),
    };
    let mut why = format!(
        "On a machine that reaches all hosts by SSH, such as the jump host: in a folder for you alone, fetch {} from where \
         it is stored or from its page. {lies}",
        backup.file
    );
    if !backup.recipients.is_empty() {
        why += &format!(
            " It is encrypted for {}. The private key is not here and never was: put it beside it as age-key.txt, and take \
             it away afterwards.",
            backup.recipients.join(" or ")
        );
    }
    let check = format!(
        "Both sums are right, and the last command ends with step 4, revision {} and about {} keys. Without binnacle on \
         that machine leave the last line out.",
        backup.revision, backup.keys
    );
    let mut acts = vec![Act { at: At::Desk, commands, check }];
    acts.extend(backup.companion.as_ref().map(beside));
    Step { title: "Open the backup".into(), why, acts }
}

/// What travels with it, for hosts that lost theirs.
fn beside(companion: &Companion) -> Act {
    let file = word(&companion.file);
    let commands = format!(
        "(umask 077 &&\n\
         printf '%s  %s\\n' {} {file} | sha256sum -c - &&\n\
         mkdir -p with && age -d -i age-key.txt {file} | zstd -d | tar -x -C with &&\n\
         find with -type f)\n",
        word(&companion.sha256)
    );
    let named: Vec<&str> = companion.paths.iter().take(12).map(String::as_str).collect();
    let more = if companion.paths.len() > named.len() { " and more" } else { "" };
    let check = format!(
        "Below the folder with: {}{more}. These travelled with the backup, from the machine that took it; fetch that file \
         too. They are for hosts that lost theirs, to where they lay.",
        named.join(", ")
    );
    Act { at: At::Desk, commands, check }
}

/// Fails unless the database in a file is the one of the backup.
pub(crate) fn same(file: &str, facts: &Facts) -> String {
    let (size, sum) = (facts.backup.size, word(&format!("{}  -", facts.backup.sha256)));
    format!("[ \"$(head -c {size} {file} | sha256sum)\" = {sum} ] && echo 'the same database'")
}
