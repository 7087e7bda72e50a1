//! Texts that YAML allows, forbids, or that would cost much.

use std::time::{Duration, Instant};

use super::*;

/// What is said of a text, each with its place and severity.
fn told(text: impl AsRef<[u8]>) -> Vec<String> {
    let (_, findings) = parse(File::Dha, text.as_ref());
    let line = |one: Finding| format!("{}:{} {:?}: {}", one.place.line, one.place.column, one.severity, one.what);
    findings.into_iter().map(line).collect()
}

fn root(text: &str) -> Node {
    let (root, findings) = parse(File::Dha, text.as_bytes());
    assert_eq!(findings, [], "{text}");
    root.expect("a tree")
}

/// The value of a key, as a line.
fn value(text: &str, key: &str) -> String {
    let (root, _) = parse(File::Dha, text.as_bytes());
    let Some(Node { value: Value::Map(entries), .. }) = root else { panic!("no map: {text}") };
    entries.iter().find(|(one, _)| one.as_str() == key).expect("the key").1.flow(|_| false)
}

#[test]
fn places_count_characters_from_one() {
    let Value::Map(entries) = root("é: ü\nlist:\n  - ä b\n  - 'c'\n").value else { panic!("a map") };
    assert_eq!(entries[0].0.place, Place { line: 1, column: 1 });
    assert_eq!(entries[0].1.place, Place { line: 1, column: 4 });
    let Value::List(nodes) = &entries[1].1.value else { panic!("a list") };
    assert_eq!(nodes[0].place, Place { line: 3, column: 5 });
    assert_eq!(nodes[1].place, Place { line: 4, column: 5 });
}

#[test]
fn places_are_the_same_with_crlf_and_behind_a_byte_order_mark() {
    let (root, findings) = parse(File::Dha, "\u{FEFF}a: b\r\nc: d\r\n".as_bytes());
    let Some(Node { value: Value::Map(entries), .. }) = root else { panic!("a map") };
    assert_eq!(entries[0].0.place, Place { line: 1, column: 1 });
    assert_eq!(entries[1].1.place, Place { line: 2, column: 4 });
    assert_eq!(findings.len(), 2);
    assert!(findings.iter().all(|one| one.severity == Severity::Note));
}

#[test]
fn a_text_that_yaml_forbids_is_told_with_its_place() {
    let cases: [(&[u8], &str); 12] = [
        (b"", "1:1 Error: there is nothing in the file"),
        (b"a: \xFF", "1:4 Error: the byte 0xFF is not UTF-8"),
        (b"a: 1\nb\xC3(: c", "2:2 Error: the byte 0xC3 is not UTF-8"),
        (b"\xFF\xFEa\0", "1:1 Error: the file is written in UTF-16"),
        (b"a: b\nc: \0d", "2:4 Error: the character U+0000 is not allowed in YAML"),
        (b"a: \x1B[31m", "1:4 Error: the character U+001B is not allowed in YAML"),
        (b"a:\tb", "1:3 Error: a tab stands where YAML wants spaces"),
        (b"a:\n\tb: c", "2:1 Error: a tab stands where YAML wants spaces"),
        (b"a: b\t# no", "1:5 Error: a tab stands where YAML wants spaces"),
        (b"a: b\n---\nc: d", "2:1 Error: a second document begins here"),
        (b"[a]: b", "1:1 Error: a list or a map stands where a key is expected"),
        (b"a: {{ b }}", "1:5 Error: a list or a map stands where a key is expected"),
    ];
    for (text, said) in cases {
        assert_eq!(told(text), [said], "{}", String::from_utf8_lossy(text));
    }
    assert!(told("a: [b\nc: d")[0].contains("invalid YAML"));
    assert!(told("a: b: c")[0].contains("1:5 Error: invalid YAML"), "{:?}", told("a: b: c"));
}

#[test]
fn a_tab_in_quotes_a_block_or_a_comment_is_none_of_our_business() {
    for text in ["a: 'b\tc'", "a: \"b\tc\"", "a: |\n  b\tc\n", "a: b #\tc\n", "#\ta\nb: c"] {
        assert_eq!(told(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn of_doubles_both_lines_are_told() {
    assert_eq!(
        told("a: 1\nb: {c: 1, c: 2}\na: 2\n"),
        [
            r#"3:1 Error: the key "a" is written twice: in line 1 and in line 3"#,
            r#"2:11 Error: the key "c" is written twice: in line 2 and in line 2"#,
        ]
    );
}

#[test]
fn aliases_and_merges_are_followed_and_told() {
    let text = "a: &x {b: c, d: e}\nf: *x\ng:\n  <<: *x\n  b: own\n";
    assert_eq!(value(text, "f"), "{b: c, d: e}");
    assert_eq!(value(text, "g"), "{b: own, d: e}");
    assert_eq!(
        told(text),
        [
            "2:4 Warning: an alias stands for a value written elsewhere",
            "4:3 Warning: << takes keys over from another map",
        ]
    );
    assert_eq!(told("a: &x [*x]"), ["1:8 Error: an alias stands in the value that it names"]);
    assert!(told("a: *x")[0].contains("invalid YAML"));
    assert!(told("a:\n  <<: b\n").contains(&"2:7 Error: << wants a map".into()));
}

#[test]
fn a_tag_is_told_and_one_of_python_never_started() {
    let (_, findings) = parse(File::Dha, b"a: !!python/object/apply:os.system ['true']");
    assert_eq!((findings[0].rule, findings[0].severity), (Rule::Shell, Severity::Error));
    assert_eq!(told("a: !!str 1"), Vec::<String>::new());
    assert!(told("a: !!int '1'")[0].contains("Warning"));
    assert!(told("a: !own b")[0].contains("1:"), "{:?}", told("a: !own b"));
}

#[test]
fn an_unquoted_colon_in_braces_is_told() {
    assert_eq!(told("a: {eth1: aa:bb}"), ["1:11 Error: an unquoted value with a colon stands in [] or {}"]);
    assert_eq!(told("a: {eth1: 'aa:bb'}\nb: aa:bb"), Vec::<String>::new());
}

#[test]
fn words_mean_what_pyyaml_makes_of_them() {
    use Meaning::*;
    let number = |text: &str| Number(text.into());
    let cases = [
        ("11:22:33:44:55:10", number("8846009710")),
        ("52:54:00:12:34:56", number("41135085296")),
        ("02:22:33:44:55:10", Text),
        ("11:22:33:44:55:60", Text),
        ("11:22:33:44:55:1a", Text),
        ("2.0", Fraction("2.0".into())),
        ("1_0.5", Fraction("10.5".into())),
        ("1:30.5", Fraction("90.5".into())),
        ("1e3", Text),
        ("1.5e+3", Fraction("1500.0".into())),
        ("0123", number("83")),
        ("089", Text),
        ("-0x1F", number("-31")),
        ("0b11", number("3")),
        ("0", number("0")),
        ("12", number("12")),
        ("1.2.3", Text),
        ("10.1.0.0/24", Text),
        ("yes", Truth(true)),
        ("Off", Truth(false)),
        ("y", Text),
        ("~", Nothing),
        ("Null", Nothing),
        ("None", Text),
        ("2026-11-24", Moment),
        ("2026-11-24 10:00:00", Moment),
        ("1:1000", Text),
        ("1:59", number("119")),
    ];
    for (word, meant) in cases {
        assert_eq!(meaning(word), meant, "{word}");
    }
}

#[test]
fn a_scalar_in_quotes_or_a_block_is_text() {
    for text in ["'2.0'", "\"2.0\"", "|\n 2.0", "!!str 2.0"] {
        let Value::Scalar { style, .. } = root(text).value else { panic!("a scalar") };
        assert_eq!(style, Style::Quoted, "{text}");
    }
}

#[test]
fn whatever_a_text_holds_it_is_read_in_bounded_time() {
    let full = |text: &str| text.repeat(LONGEST / text.len());
    let half = |text: &str| text.repeat(LONGEST / text.len() / 2);
    let mut cases: Vec<String> = [
        "[",
        "{",
        "{a: ",
        "- ",
        "? ",
        "a: ",
        "a: b\n",
        "- a\n",
        "-\n",
        "#\n",
        "\n",
        " ",
        "---\n",
        "&a ",
        "- &a b\n",
        "!t ",
        "- !t a\n",
        "%TAG !e! e:\n",
        "a",
        "a ",
        "a\n",
        ":",
        "a:b,",
        "? a\n",
        "*a ",
        "a: b\r\n",
        "\r",
        "\t",
        "[\n",
        "é",
        "é: ",
        "<<: ",
        "\"",
        "''",
        "|\n",
        "pass: a\n",
    ]
    .map(full)
    .into();
    cases.extend([
        format!("[{}]", half("a,")),
        format!("[{}]", half("[],")),
        format!("{{{}}}", half("a: b,")),
        format!("[{}]", half("\"a\":b,")),
        format!("\"{}\": b", half("a")),
        format!("|\n {}", half("a\n ")),
        format!("a: &a {}\nl:\n{}", "x".repeat(LONGEST / 2), "- *a\n".repeat(50_000)),
        (0..1_400).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect(),
        (0..20_000).map(|n| format!("pass{n}: secret{n}\n")).collect(),
        (0..20_000).map(|n| format!("a{n}: !t x\n")).collect(),
    ]);
    let mut laugh = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..30 {
        laugh += &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "));
    }
    cases.push(laugh);
    for text in cases {
        let start = Instant::now();
        let (plan, findings) = crate::Plan::read(Some(text.as_bytes()), None);
        let checked = crate::check(&plan);
        let (shown, took) = (text.chars().take(20).collect::<String>(), start.elapsed());
        assert!(findings.len() + checked.len() <= 1_002, "{shown:?}: {} findings", findings.len());
        assert!(plan.dha.is_some() || findings.iter().any(|one| one.severity == Severity::Error), "{shown:?}");
        assert!(took < Duration::from_secs(20), "{shown:?} took {took:?}");
    }
}

#[test]
fn a_text_longer_than_the_limit_is_not_looked_at() {
    assert_eq!(told(vec![b'['; LONGEST + 1]), ["1:1 Error: the file has 1048577 bytes, more than 1048576"]);
}

#[test]
fn nesting_and_the_count_of_values_have_their_limits() {
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    assert_eq!(told(deep(DEPTH)), Vec::<String>::new());
    assert_eq!(told(deep(DEPTH + 1)), ["1:33 Error: lists and maps lie more than 32 deep in each other"]);
    assert_eq!(told("- a\n".repeat(VALUES - 1)), Vec::<String>::new());
    assert_eq!(
        told("- a\n".repeat(VALUES + 1)),
        [format!("{}:3 Error: the file holds more than 50000 values", VALUES + 1)]
    );
}
