//! What stands beside each backup: what it is, who took it from where, how far it was proved, signed.
//!
//! A manifest is JSON. The signature is an HMAC-SHA256 over the JSON of all other fields, in the order in which
//! they stand here and without white space, so that nobody who can only write to a store makes a backup of ours.

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{
    incarnation::Origin,
    words::{hex, unhex},
};

/// The form that is written, and the only one that is read.
pub const FORMAT: u32 = 1;
/// So that a signature of anything else is none of a manifest.
const CONTEXT: &[u8] = b"binnacle backup manifest 1\n";
/// A longer text is no manifest.
pub const LONGEST: usize = 64 << 10;

/// What a backup is and how far it was proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// Names the backup, in stores and addresses: [`Manifest::is_id`].
    pub id: String,
    /// The cluster's name here.
    pub cluster: String,
    /// The id that etcd gave its cluster, hexadecimal.
    pub cluster_id: String,
    /// The name of the member that it was taken from.
    pub member: String,
    /// That member's id, hexadecimal.
    pub member_id: String,
    /// The version of that member's etcd.
    pub etcd_version: String,
    /// The newest revision in it.
    pub revision: i64,
    /// How far Raft had been applied when it was taken.
    pub raft_index: u64,
    /// Keys that are there, as `etcdutl snapshot status` of 3.6 counts them; where that is unknown all records, those of
    /// the past among them.
    pub keys: u64,
    /// Bytes of the database, without the trailer.
    pub size: u64,
    /// CRC-32C over names of buckets, keys and values, as `etcdutl snapshot status` has it.
    pub hash: u32,
    /// SHA-256 of the database, hexadecimal: the trailer.
    pub sha256: String,
    /// The object that holds it.
    pub stored: Stored,
    /// When taking it began, in milliseconds since the epoch.
    pub began: i64,
    /// When it was complete.
    pub ended: i64,
    /// Who asked for it: a person, a token, `schedule`.
    pub by: String,
    /// How far it was proved, each step at most once, in their order.
    pub steps: Vec<Proved>,
    /// How the last rehearsal went; a manifest without one is as it was before there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<Rehearsal>,
    /// What travels with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companion: Option<Companion>,
    /// What to know of an etcd that starts on it; a manifest without any is from before this was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Vec<snapshot::Note>>,
    /// HMAC-SHA256, hexadecimal; empty before it is signed.
    pub signature: String,
}

/// The object that holds a backup: database and trailer, compressed and encrypted as it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// Its name, in the folder of its cluster.
    pub name: String,
    /// Its bytes.
    pub size: u64,
    /// SHA-256 of these bytes, hexadecimal.
    pub sha256: String,
    /// `zstd`, or none.
    pub compression: Option<Compression>,
    /// The public keys of age that it is encrypted for; empty when it is not encrypted.
    pub recipients: Vec<String>,
}

/// How it is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    /// Zstandard.
    Zstd,
}

/// A step of the ladder that was climbed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proved {
    /// 1 complete, 2 its SHA-256 is right, 3 sound as a database, 4 sound as etcd's history, 5 read back from a
    /// store, 6 restored and started.
    pub step: u8,
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// With what, as in `binnacle 0.1.0` or `etcd 3.6.11`.
    pub tool: String,
    /// How long it took, in milliseconds.
    pub millis: u64,
}

/// How a rehearsal went: a snapshot was restored, and an etcd started on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rehearsal {
    /// When it was over, in milliseconds since the epoch.
    pub at: i64,
    /// The version of the etcd that started; empty when none did.
    pub etcd: String,
    /// The cluster's version when it is another (without its last part).
    pub cluster_version: Option<String>,
    /// At which revision it was, when that was compared and is right; the same for the next two.
    pub revision: Option<i64>,
    /// How many keys it had.
    pub keys: Option<u64>,
    /// Its HashKV.
    pub hash_kv: Option<u32>,
    /// How long the restore took, in milliseconds.
    pub restored_millis: u64,
    /// How long it took from there until etcd answered.
    pub started_millis: u64,
    /// How long all of it took.
    pub millis: u64,
    /// Why it does not restore; none when it does.
    pub failure: Option<String>,
    /// Why it refused to write before its alarms were disarmed; none when it wrote a key and gave it back at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// What travels with a backup: files without which it cannot be used, in an encrypted object of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Companion {
    /// The object that holds them: a tar archive, compressed and encrypted.
    pub stored: Stored,
    /// The files in it.
    pub files: Vec<Enclosed>,
}

/// A file that travels with a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enclosed {
    /// Where it lay, from the root.
    pub path: String,
    /// Its bytes.
    pub size: u64,
    /// SHA-256 of these bytes, hexadecimal.
    pub sha256: String,
}

/// Why a text is no manifest to go by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// It cannot be read.
    #[error("this is no manifest of a backup: {0}")]
    Unreadable(String),
    /// A newer Binnacle wrote it.
    #[error(
        "the manifest has the format {0}, and only {FORMAT} is known here: use the Binnacle that wrote it, or newer"
    )]
    Format(u64),
    /// A field says what cannot be.
    #[error("the manifest's {field} is {value:?}, which cannot be: it was changed, or a program at fault wrote it")]
    Field {
        /// Which.
        field: &'static str,
        /// What it says.
        value: String,
    },
    /// Not signed with this key, or changed since.
    #[error(
        "the manifest is not signed with this server's key: it was changed, or another server wrote it. \
         Set the key file of the server that wrote it if the backup is to be believed"
    )]
    Forged,
}

impl Manifest {
    /// What it says of its etcd.
    pub fn origin(&self) -> Origin {
        Origin { cluster_id: self.cluster_id.clone(), revision: self.revision }
    }

    /// From its text; nothing of it is believed before [`Self::verify`].
    ///
    /// # Errors
    /// [`ManifestError`], for an unknown format before all else.
    pub fn read(text: &[u8]) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        struct Format {
            format: u64,
        }
        let unreadable = |error: serde_json::Error| ManifestError::Unreadable(error.to_string());
        if text.len() > LONGEST {
            return Err(ManifestError::Unreadable(format!("it is longer than {LONGEST} bytes")));
        }
        let Format { format } = serde_json::from_slice(text).map_err(unreadable)?;
        if format != u64::from(FORMAT) {
            return Err(ManifestError::Format(format));
        }
        let manifest: Self = serde_json::from_slice(text).map_err(unreadable)?;
        manifest.sound()?;
        Ok(manifest)
    }

    /// Its text, for people too.
    pub fn text(&self) -> String {
        // Plain data: it cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Signs it as it stands; whoever changes it afterwards signs it again.
    pub fn sign(&mut self, key: &[u8]) {
        self.signature = hex(&self.mac(key).finalize().into_bytes());
    }

    /// Whether it was signed with this key and not changed since.
    ///
    /// # Errors
    /// [`ManifestError::Forged`].
    pub fn verify(&self, key: &[u8]) -> Result<(), ManifestError> {
        let signature = unhex(&self.signature).ok_or(ManifestError::Forged)?;
        self.mac(key).verify_slice(&signature).map_err(|_| ManifestError::Forged)
    }

    /// Whether it was proved so far.
    pub fn proved(&self, step: u8) -> bool {
        self.steps.iter().any(|proved| proved.step == step)
    }

    /// The highest step that was climbed; 0 when it is only listed.
    pub fn reached(&self) -> u8 {
        self.steps.iter().map(|proved| proved.step).max().unwrap_or_default()
    }

    /// Whether its contents, and not only its bytes in a store, were found right: step 2 or more, and no rehearsal since
    /// says otherwise.
    pub fn trusted(&self) -> bool {
        [2, 3, 4, 6].into_iter().any(|step| self.proved(step)) && !self.fails()
    }

    /// Whether the last rehearsal found that it does not restore.
    pub fn fails(&self) -> bool {
        self.rehearsal.as_ref().is_some_and(|rehearsal| rehearsal.failure.is_some())
    }

    /// Whether this was found in its contents.
    pub fn has(&self, note: snapshot::Note) -> bool {
        self.notes.as_ref().is_some_and(|notes| notes.contains(&note))
    }

    /// Remembers how a rehearsal went; one that went well is step 6. Signs nothing.
    pub fn rehearsed(&mut self, rehearsal: Rehearsal) {
        self.steps.retain(|step| step.step != 6);
        if rehearsal.failure.is_none() {
            let Rehearsal { at, millis, .. } = rehearsal;
            self.prove(Proved { step: 6, at, tool: format!("etcd {}", rehearsal.etcd), millis });
        }
        self.rehearsal = Some(rehearsal);
    }

    /// Remembers a step; one that was climbed before is climbed anew. Signs nothing.
    pub fn prove(&mut self, proved: Proved) {
        self.steps.retain(|step| step.step != proved.step);
        self.steps.push(proved);
        self.steps.sort_by_key(|proved| proved.step);
    }

    /// Whether a text can name a backup: it becomes a file's name and a part of addresses.
    pub fn is_id(text: &str) -> bool {
        let usual = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=100).contains(&text.len()) && text.bytes().all(usual) && !text.starts_with('-')
    }

    fn mac(&self, key: &[u8]) -> Hmac<Sha256> {
        let unsigned = Self { signature: String::new(), ..self.clone() };
        let mut mac: Hmac<Sha256> =
            Mac::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of every length"));
        mac.update(CONTEXT);
        mac.update(&serde_json::to_vec(&unsigned).unwrap_or_default());
        mac
    }

    fn sound(&self) -> Result<(), ManifestError> {
        let wrong = |field, value: &str| Err(ManifestError::Field { field, value: value.chars().take(80).collect() });
        let is_digest = |text: &str| unhex(text).is_some_and(|bytes| bytes.len() == 32);
        if !Self::is_id(&self.id) {
            return wrong("id", &self.id);
        }
        // It is sought in the manifest's own folder and nowhere else.
        if !self.stored.name.strip_prefix(self.id.as_str()).is_some_and(|rest| ENDINGS.contains(&rest)) {
            return wrong("stored.name", &self.stored.name);
        }
        if !is_digest(&self.sha256) {
            return wrong("sha256", &self.sha256);
        }
        if !is_digest(&self.stored.sha256) {
            return wrong("stored.sha256", &self.stored.sha256);
        }
        if let Some(Companion { stored, .. }) = &self.companion {
            if stored.name.strip_prefix(self.id.as_str()) != Some(COMPANION) {
                return wrong("companion.stored.name", &stored.name);
            }
            if stored.recipients.is_empty() || !is_digest(&stored.sha256) {
                return wrong("companion.stored", &stored.name);
            }
        }
        if let Some(step) = self.steps.iter().find(|proved| !(1..=6).contains(&proved.step)) {
            return wrong("steps", &step.step.to_string());
        }
        if self.steps.windows(2).any(|pair| pair[0].step >= pair[1].step) {
            return wrong("steps", "not in their order");
        }
        Ok(())
    }
}

/// How names of objects go on after the id.
pub const ENDINGS: [&str; 4] = [".db", ".db.zst", ".db.age", ".db.zst.age"];
/// The same of what travels with a backup.
pub const COMPANION: &str = ".with.tar.zst.age";

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let mut manifest = Manifest {
            format: FORMAT,
            id: "harbour-20260131t120000z-5f3a9c".into(),
            cluster: "harbour".into(),
            cluster_id: "cdf818194e3a8c32".into(),
            member: "etcd2".into(),
            member_id: "8e9e05c52164694d".into(),
            etcd_version: "3.6.11".into(),
            revision: 4_711,
            raft_index: 5_000,
            keys: 1_234,
            size: 1_048_576,
            hash: 0xdead_beef,
            sha256: "ab".repeat(32),
            stored: Stored {
                name: "harbour-20260131t120000z-5f3a9c.db.zst".into(),
                size: 262_144,
                sha256: "cd".repeat(32),
                compression: Some(Compression::Zstd),
                recipients: Vec::new(),
            },
            began: 1_769_860_800_000,
            ended: 1_769_860_803_500,
            by: "schedule".into(),
            steps: Vec::new(),
            rehearsal: None,
            notes: None,
            companion: None,
            signature: String::new(),
        };
        for step in [2, 1] {
            manifest.prove(Proved { step, at: 1_769_860_803_500, tool: "binnacle 0.1.0".into(), millis: 12 });
        }
        manifest
    }

    fn changed(from: &str, to: &str) -> Vec<u8> {
        let text = manifest().text();
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1).into_bytes()
    }

    #[test]
    fn its_text_stays_as_others_have_stored_it() {
        let mut manifest = manifest();
        manifest.sign(b"a key");
        insta::assert_snapshot!(manifest.text());
        assert_eq!(Manifest::read(manifest.text().as_bytes()).unwrap(), manifest);
    }

    #[test]
    fn whatever_is_changed_after_signing_is_noticed() {
        let mut signed = manifest();
        signed.sign(b"a key");
        assert_eq!(signed.verify(b"a key"), Ok(()));
        assert_eq!(signed.verify(b"another"), Err(ManifestError::Forged));
        let changes: [fn(&mut Manifest); 6] = [
            |manifest| manifest.revision += 1,
            |manifest| manifest.cluster.push('x'),
            |manifest| manifest.stored.size += 1,
            |manifest| manifest.steps.clear(),
            |manifest| manifest.signature.clear(),
            |manifest| manifest.signature.truncate(32),
        ];
        for (at, change) in changes.into_iter().enumerate() {
            let mut changed = signed.clone();
            change(&mut changed);
            assert_eq!(changed.verify(b"a key"), Err(ManifestError::Forged), "change {at}");
        }
    }

    #[test]
    fn what_a_newer_binnacle_wrote_is_not_guessed_at() {
        let error = Manifest::read(&changed("\"format\": 1", "\"format\": 2, \"more\": true")).unwrap_err();
        assert_eq!(error, ManifestError::Format(2));
        assert!(error.to_string().contains("use the Binnacle that wrote it"), "{error}");
    }

    #[test]
    fn a_field_that_no_signature_covers_is_refused() {
        let error = Manifest::read(&changed("\"format\": 1", "\"format\": 1, \"restored\": true")).unwrap_err();
        assert!(matches!(&error, ManifestError::Unreadable(what) if what.contains("restored")), "{error}");
    }

    #[test]
    fn no_manifest_points_out_of_its_folder() {
        for (from, to) in [
            ("5f3a9c.db.zst\"", "5f3a9c/../../x.db\""),
            ("\"name\": \"harbour", "\"name\": \"/etc/passwd"),
            ("\"id\": \"harbour", "\"id\": \"../harbour"),
            ("\"id\": \"harbour", "\"id\": \"Harbour\\n"),
        ] {
            assert!(matches!(Manifest::read(&changed(from, to)), Err(ManifestError::Field { .. })), "{to}");
        }
    }

    #[test]
    fn steps_that_cannot_be_are_refused() {
        for (from, to) in
            [("\"step\": 2", "\"step\": 7"), ("\"step\": 2", "\"step\": 1"), ("\"step\": 1", "\"step\": 0")]
        {
            let read = Manifest::read(&changed(from, to));
            assert!(matches!(read, Err(ManifestError::Field { field: "steps", .. })), "{to}");
        }
    }

    #[test]
    fn cut_or_foreign_texts_are_no_manifests() {
        let text = manifest().text();
        for length in 0..text.len() - 2 {
            assert!(Manifest::read(&text.as_bytes()[..length]).is_err(), "{length} bytes");
        }
        assert!(Manifest::read("x".repeat(LONGEST + 1).as_bytes()).is_err());
    }

    #[test]
    fn what_does_not_restore_is_nothing_to_rely_on_until_it_does() {
        let mut manifest = manifest();
        let failed = Rehearsal { at: 1, failure: Some("it cannot be restored".into()), ..Rehearsal::default() };
        manifest.rehearsed(Rehearsal { at: 1, etcd: "3.6.4".into(), ..Rehearsal::default() });
        assert_eq!((manifest.reached(), manifest.trusted()), (6, true));
        manifest.rehearsed(failed);
        assert_eq!((manifest.reached(), manifest.trusted()), (2, false));
        manifest.rehearsed(Rehearsal { at: 2, etcd: "3.6.4".into(), ..Rehearsal::default() });
        assert_eq!(
            (manifest.steps.last().map(|step| step.tool.as_str()), manifest.trusted()),
            (Some("etcd 3.6.4"), true)
        );
    }

    #[test]
    fn a_companion_that_is_open_or_lies_elsewhere_is_refused() {
        let mut manifest = manifest();
        let stored = Stored {
            name: format!("{}{COMPANION}", manifest.id),
            recipients: vec!["age1x".into()],
            ..manifest.stored.clone()
        };
        manifest.companion = Some(Companion { stored: stored.clone(), files: Vec::new() });
        assert_eq!(Manifest::read(manifest.text().as_bytes()).unwrap(), manifest);
        for stored in [
            Stored { recipients: Vec::new(), ..stored.clone() },
            Stored { name: "../x".into(), ..stored.clone() },
            Stored { sha256: "x".into(), ..stored },
        ] {
            manifest.companion = Some(Companion { stored, files: Vec::new() });
            assert!(matches!(Manifest::read(manifest.text().as_bytes()), Err(ManifestError::Field { .. })));
        }
    }

    #[test]
    fn having_been_read_back_says_nothing_of_what_is_in_it() {
        let mut manifest = manifest();
        manifest.steps.clear();
        manifest.prove(Proved { step: 5, at: 0, tool: String::new(), millis: 0 });
        assert_eq!((manifest.reached(), manifest.trusted()), (5, false));
    }
}
