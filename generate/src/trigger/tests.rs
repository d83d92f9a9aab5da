use super::{Effect, effects};
use crate::description::Trigger;

fn of(source: &str) -> Vec<(String, Effect)> {
    effects(&Trigger {
        name: "t".to_owned(),
        on_insert: true,
        function: "f".to_owned(),
        source: source.to_owned(),
        arguments: vec!["changed".to_owned()],
    })
}

fn one(column: &str, effect: Effect) -> Vec<(String, Effect)> {
    vec![(column.to_owned(), effect)]
}

#[test]
fn both_signs_of_assignment_are_known() {
    assert_eq!(of("BEGIN NEW.total := 1; RETURN NEW; END"), one("total", Effect::Sets));
    assert_eq!(
        of("begin\n  new.updated_at = now();\n  return new;\nend"),
        one("updated_at", Effect::Sets)
    );
    assert_eq!(of("begin if a then NEW.\"Total\" = b; end if; end"), one("Total", Effect::Sets));
}

#[test]
fn a_comparison_is_no_assignment() {
    assert_eq!(of("begin if new.a = old.a and new.b = 1 then return new; end if; end"), []);
    assert_eq!(of("begin /* new.a := 1; */ -- new.b := 2;\n perform 'new.c := 3;'; end"), []);
}

#[test]
fn what_the_client_sent_may_stay() {
    assert_eq!(
        of("begin if new.slug is null then new.slug := f(new.name); end if; end"),
        one("slug", Effect::Fills)
    );
    assert_eq!(of("begin new.slug := coalesce(new.slug, 'x'); end"), one("slug", Effect::Fills));
    assert_eq!(of("begin new.email = lower(trim(new.email)); end"), one("email", Effect::Changes));
    assert_eq!(of("begin new.version := old.version + 1; end"), one("version", Effect::Changes));
}

#[test]
fn queries_set_columns_too() {
    assert_eq!(
        of("begin select a, b into new.x, new.y from t where t.id = new.id; end"),
        [one("x", Effect::Sets), one("y", Effect::Sets)].concat()
    );
    assert_eq!(of("begin insert into log values (new.x, new.y); end"), []);
}

#[test]
fn functions_in_c_tell_their_column() {
    let trigger = Trigger {
        name: "t".to_owned(),
        on_insert: true,
        function: "moddatetime".to_owned(),
        source: "moddatetime".to_owned(),
        arguments: vec!["changed".to_owned()],
    };
    assert_eq!(effects(&trigger), one("changed", Effect::Sets));
}
