//! Which names tell that their value is a secret, and which values are none.

/// Last words of names whose values are secrets.
const LAST: [&str; 54] = [
    "pass",
    "passwd",
    "password",
    "passphrase",
    "passcode",
    "pwd",
    "pw",
    "rootpw",
    "bindpw",
    "secret",
    "token",
    "credential",
    "credentials",
    "passwords",
    "secrets",
    "tokens",
    "passphrases",
    "authorization",
    "ipmipass",
    "sshpass",
    "userpass",
    "adminpass",
    "rootpass",
    "dbpass",
    "keypass",
    "storepass",
    "bindpass",
    "becomepass",
    "vaultpass",
    "mysqlpass",
    "proxypass",
    "smtppass",
    "apikey",
    "auth",
    "cookie",
    "cookies",
    "bearer",
    "jwt",
    "psk",
    "chpasswd",
    "htpasswd",
    "dockercfg",
    "dockerconfigjson",
    "requirepass",
    "masterauth",
    "userpwd",
    "responses",
    "crumb",
    "community",
    // As programs say it in other languages.
    "passwort",
    "kennwort",
    "contrasena",
    "senha",
    "motdepasse",
];

/// Pairs of last words that do so together.
const PAIRS: [(&str, &str); 39] = [
    ("private", "key"),
    ("secret", "key"),
    ("access", "key"),
    ("api", "key"),
    ("signing", "key"),
    ("encryption", "key"),
    ("key", "data"),
    ("password", "hash"),
    ("encrypted", "password"),
    ("password", "crypted"),
    ("certificate", "key"),
    ("shared", "key"),
    ("account", "key"),
    ("storage", "key"),
    ("store", "key"),
    ("key", "base"),
    ("master", "key"),
    ("root", "key"),
    ("unseal", "key"),
    ("unseal", "keys"),
    ("recovery", "key"),
    ("recovery", "keys"),
    ("join", "key"),
    ("auth", "key"),
    ("license", "key"),
    ("deploy", "key"),
    ("hmac", "key"),
    ("key", "material"),
    ("private", "mac"),
    ("key", "id"),
    ("keys", "hex"),
    ("keys", "b"),
    ("connection", "string"),
    ("webhook", "url"),
    ("secret", "id"),
    ("token", "id"),
    ("token", "accessor"),
    ("dec", "key"),
    ("tsig", "key"),
];

/// Ends of names that are written as one word.
const ENDS: [&str; 16] = [
    "password",
    "passwd",
    "passphrase",
    "secretkey",
    "privatekey",
    "accesskey",
    "apikey",
    "authkey",
    "accountkey",
    "sharedkey",
    "encryptionkey",
    "signingkey",
    "masterkey",
    "presharedkey",
    "secret",
    "token",
];

/// Ends of words in `pass` that are no password's name.
const NO_PASS: [&str; 7] = ["compass", "bypass", "trespass", "overpass", "underpass", "surpass", "onepass"];

/// Ends of names that look telling, and whose values everybody may know: a switch of Ansible, a name of etcd's, and
/// keys of the other half.
const PUBLIC: [&str; 4] = ["updatepassword", "initialclustertoken", "publickey", "pubkey"];

/// Last words of names whose values are secrets when they look like it.
const WEAK: [&str; 14] = [
    "key",
    "keys",
    "pin",
    "otp",
    "salt",
    "seed",
    "sig",
    "signature",
    "session",
    "sid",
    "nonce",
    "access",
    "kek",
    "dsn",
];

/// Words behind `token`, `secret` and the like in a command.
const VERBS: [&str; 40] = [
    "create",
    "created",
    "list",
    "listed",
    "delete",
    "deleted",
    "generate",
    "generic",
    "issue",
    "revoke",
    "get",
    "apply",
    "describe",
    "tls",
    "docker-registry",
    "new",
    "lookup",
    "renew",
    "add",
    "set",
    "rotate",
    "show",
    "update",
    "updated",
    "changed",
    "unchanged",
    "configured",
    "expired",
    "required",
    "accepted",
    "rejected",
    "is",
    "was",
    "not",
    "file",
    "found",
    "exists",
    "missing",
    "for",
    "and",
];

/// Values that say that there is none, or are a switch.
const NONE: [&str; 22] = [
    "null",
    "none",
    "nil",
    "true",
    "false",
    "yes",
    "no",
    "omit",
    "undefined",
    "unset",
    "<none>",
    "<nil>",
    "<unset>",
    "<sensitive>",
    "{}",
    "[]",
    "(sensitive",
    "(known",
    "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER",
    "n/a",
    "-",
    "•••",
];

/// How much a name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tells {
    Nothing,
    /// Its value is a secret when it looks like one.
    Maybe,
    Secret,
}

pub(super) fn tells(name: &[u8]) -> Tells {
    // A name's letters in lower case, and where in them words end: `ipmiPass2` is ipmi, pass.
    let (mut letters, mut ends) = ([0_u8; 160], [0_usize; 40]);
    let (mut length, mut words, mut lower) = (0, 0, false);
    for byte in name.iter().take(letters.len()) {
        let fresh = !byte.is_ascii_alphabetic() || lower && byte.is_ascii_uppercase();
        let begun = words == 0 && length > 0 || words > 0 && length > ends[words - 1];
        if fresh && begun && words < ends.len() - 1 {
            ends[words] = length;
            words += 1;
        }
        lower = byte.is_ascii_lowercase();
        if byte.is_ascii_alphabetic() {
            letters[length] = byte.to_ascii_lowercase();
            length += 1;
        }
    }
    if length > 0 && (words == 0 || length > ends[words - 1]) {
        ends[words] = length;
        words += 1;
    }
    let word = |at: usize| &letters[if at == 0 { 0 } else { ends[at - 1] }..ends[at]];
    let Some(last) = words.checked_sub(1).map(word) else { return Tells::Nothing };
    let joined = &letters[..length];
    if PUBLIC.iter().any(|end| joined.ends_with(end.as_bytes())) {
        return Tells::Nothing;
    }
    if LAST.iter().any(|one| one.as_bytes() == last) || (0..words).any(|at| word(at).starts_with(b"credential")) {
        return Tells::Secret;
    }
    let before = words.checked_sub(2).map(word);
    let pair = PAIRS.iter().any(|(one, two)| two.as_bytes() == last && before == Some(one.as_bytes()));
    let pass = last.ends_with(b"pass") && !NO_PASS.iter().any(|end| last.ends_with(end.as_bytes()));
    if pair || pass || ENDS.iter().any(|end| joined.ends_with(end.as_bytes())) {
        return Tells::Secret;
    }
    if WEAK.iter().any(|one| one.as_bytes() == last) { Tells::Maybe } else { Tells::Nothing }
}

/// Whether a word goes on with a command or a sentence rather than being a secret.
pub(super) fn is_verb(word: &[u8]) -> bool {
    VERBS.iter().any(|verb| word.eq_ignore_ascii_case(verb.as_bytes())) || word.starts_with(b"-")
}

/// Whether a value hides nothing: it is none, the path of a file, or only says where a secret would stand.
pub(super) fn is_harmless(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    value.is_empty()
        || NONE.iter().any(|none| value.eq_ignore_ascii_case(none.as_bytes()))
        || is_path(value)
        || is_reference(value)
        || value.iter().all(|byte| *byte == b'*')
        || value.strip_suffix(b" bytes").is_some_and(|count| count.iter().all(u8::is_ascii_digit))
}

/// Whether a value is `${NAME}`, `$NAME` in capitals, `{{ name }}` or `<name>`: the secret itself stands elsewhere.
pub(super) fn is_reference(value: &[u8]) -> bool {
    let is_word = |name: &[u8], more: &[u8]| {
        name.len() >= 3
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || more.contains(byte))
            && name[0].is_ascii_alphabetic()
    };
    let between = |open: &[u8], close: &[u8]| value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    between(b"{{", b"}}").is_some_and(|name| is_word(name.trim_ascii(), b"."))
        || between(b"${", b"}").is_some_and(|name| is_word(name, b""))
        || between(b"<", b">").is_some_and(|name| is_word(name, b"-") && !name.iter().any(u8::is_ascii_digit))
        || value.strip_prefix(b"$").is_some_and(|name| {
            is_word(name, b"") && name.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
        })
}

fn is_path(value: &[u8]) -> bool {
    const ROOTS: [&[u8]; 11] = [
        b"/etc/", b"/var/", b"/root/", b"/opt/", b"/home/", b"/usr/", b"/tmp/", b"/run/", b"/srv/", b"/mnt/", b"/dev/",
    ];
    ROOTS.iter().any(|root| value.starts_with(root))
        && value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"/._-@".contains(byte))
}

/// Whether a word looks as if drawn by lot: for where a key is expected.
pub(super) fn is_random(word: &[u8]) -> bool {
    word.len() >= 12
        && !word.iter().any(u8::is_ascii_whitespace)
        && word.iter().any(u8::is_ascii_digit)
        && word.iter().any(u8::is_ascii_alphabetic)
        && !is_path(word)
        && changes(word) * 6 >= word.len()
}

/// Whether a word may be a password: it is not made of lower case letters alone.
pub(super) fn is_odd(word: &[u8]) -> bool {
    word.len() >= 4 && !word.iter().all(|byte| byte.is_ascii_lowercase() || b"-_.,:".contains(byte)) && !is_path(word)
}

/// How often neighbours are of different kinds: capitals, small letters, digits.
pub(super) fn changes(word: &[u8]) -> usize {
    let kind = |byte: u8| match byte {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        _ => 0,
    };
    word.windows(2).filter(|two| kind(two[0]) != kind(two[1]) && kind(two[0]) > 0 && kind(two[1]) > 0).count()
}
