use super::{Default, default};
use crate::kind::Kind;

fn of(kind: &str, sql: &str) -> Default {
    default(Some(sql), &Kind::of(kind), |_| None)
}

fn literal(text: &str) -> Default {
    Default::Literal(text.to_owned())
}

fn expression(text: &str) -> Default {
    Default::Expression(text.to_owned())
}

#[test]
fn constants_are_literals() {
    assert_eq!(of("integer", "0"), literal("0"));
    assert_eq!(of("integer", "'-1'::integer"), literal("-1"));
    assert_eq!(of("bigint", "'4280391411'::bigint"), literal("4280391411_i64"));
    assert_eq!(of("double precision", "0"), literal("0.0"));
    assert_eq!(of("real", "(0.5)::double precision"), literal("0.5"));
    assert_eq!(of("boolean", "false"), literal("false"));
    assert_eq!(of("text", "'it''s'::text"), literal(r#""it's""#));
    assert_eq!(of("character varying", "'x'::character varying"), literal(r#""x""#));
    assert_eq!(of("text", r"E'a\\b'::text"), literal(r#""a\\b""#));
    assert_eq!(of("text", "'a::b'"), literal(r#""a::b""#));
    assert_eq!(of("text", "''::text"), literal(r#""""#));
}

#[test]
fn other_constants_are_expressions() {
    assert_eq!(of("numeric", "1.50"), expression("Decimal::new(150, 2)"));
    assert_eq!(of("numeric", "'-1'::numeric"), expression("Decimal::new(-1, 0)"));
    assert_eq!(of("jsonb", "'{}'::jsonb"), expression("Json::Object(Default::default())"));
    assert_eq!(of("jsonb", "'[]'::jsonb"), expression("Json::Array(Vec::new())"));
    assert_eq!(
        of("json", r#"'{"a": 1}'::json"#),
        expression(r##"r#"{"a": 1}"#.parse::<Json>().unwrap_or_default()"##)
    );
    assert_eq!(of("text[]", "'{}'::text[]"), expression("Vec::new()"));
    assert_eq!(of("uuid[]", "ARRAY[]::uuid[]"), expression("Vec::new()"));
    assert_eq!(
        of("text[]", "ARRAY['a'::text, 'b,c'::text]"),
        expression(r#"vec!["a".to_owned(), "b,c".to_owned()]"#)
    );
    assert_eq!(
        of("text[]", r#"'{a,"b c"}'::text[]"#),
        expression(r#"vec!["a".to_owned(), "b c".to_owned()]"#)
    );
    assert_eq!(of("integer[]", "'{1,2}'::integer[]"), expression("vec![1, 2]"));
    assert_eq!(
        of("date", "'2024-02-01'::date"),
        expression("Date::from_ymd_opt(2024, 2, 1).unwrap_or_default()")
    );
    assert_eq!(
        of("time without time zone", "'08:30:00'::time without time zone"),
        expression("Time::from_hms_opt(8, 30, 0).unwrap_or_default()")
    );
    assert_eq!(
        of("uuid", "'a0000000-aaaa-42a0-a0a0-00a000000a69'::uuid"),
        expression("Uuid::from_u128(0xa0000000aaaa42a0a0a000a000000a69)")
    );
}

#[test]
fn enums_have_their_variant() {
    let variant = |label: &str| (label == "sad").then(|| "Mood::Sad".to_owned());
    let kind = Kind::Enum("Mood".to_owned());
    assert_eq!(default(Some("'sad'::public.mood"), &kind, variant), expression("Mood::Sad"));
    assert_eq!(default(Some("'odd'::public.mood"), &kind, variant), Default::Server);
}

#[test]
fn the_present_time_has_many_names() {
    for sql in [
        "now()",
        "CURRENT_TIMESTAMP",
        "timezone('utc'::text, now())",
        "(now() AT TIME ZONE 'utc'::text)",
        "clock_timestamp()",
    ] {
        assert_eq!(of("timestamp with time zone", sql), Default::Now, "{sql}");
        assert_eq!(of("timestamp without time zone", sql), Default::Now, "{sql}");
    }
    assert_eq!(of("date", "CURRENT_DATE"), Default::Now);
    assert_eq!(of("date", "(now())::date"), Default::Now);
    assert_eq!(of("timestamp with time zone", "(now() + '7 days'::interval)"), Default::Server);
    assert_eq!(of("timestamp with time zone", "timezone('cet'::text, now())"), Default::Server);
    assert_eq!(of("text", "now()"), Default::Server);
}

#[test]
fn what_only_the_server_knows_is_its_own() {
    assert_eq!(of("uuid", "auth.uid()"), Default::Server);
    assert_eq!(of("uuid", "extensions.uuid_generate_v4()"), Default::Uuid);
    assert_eq!(of("text", "encode(extensions.gen_random_bytes(12), 'hex'::text)"), Default::Server);
    assert_eq!(of("text", "('whsec_'::text || 'a'::text)"), Default::Server);
    assert_eq!(of("text", "CURRENT_USER"), Default::Server);
    assert_eq!(of("bigint", "public.now_ms()"), Default::Server);
    assert_eq!(of("inet", "'10.0.0.1'::inet"), Default::Server);
    assert_eq!(of("numeric", "NULL::numeric"), Default::None);
    assert_eq!(of("text[]", "'{{a},{b}}'::text[]"), Default::Server);
    assert_eq!(of("smallint", "70000"), Default::Server);
}
