//! Routes that are not written as annotations.

use protoloop_schema::{HttpConfig, ReadOptions, Schema};

use crate::support::compile;

const LIBRARY: &str = r#"
    syntax = "proto3";
    package books.v1;
    import "google/api/annotations.proto";
    message Book { string name = 1; string title = 2; }
    service Library {
      rpc GetBook(Book) returns (Book) { option (google.api.http) = { get: "/v0/{name}" }; }
      rpc MoveBook(Book) returns (Book);
      rpc Watch(Book) returns (stream Book);
    }
    service Other { rpc Do(Book) returns (Book); }
"#;

fn read(options: &ReadOptions) -> Result<Vec<String>, String> {
    let schema =
        Schema::read(&compile(LIBRARY), options).map_err(|problems| problems.to_string())?;
    let routes = schema.methods().iter().flat_map(|method| {
        let rules = method.http.iter();
        rules.map(|rule| {
            format!(
                "{} {} {:?} {}",
                rule.method.as_str(),
                rule.template.text,
                rule.body,
                method.info.name
            )
        })
    });
    Ok(routes.collect())
}

fn with(yaml: &str) -> Result<Vec<String>, String> {
    let http = HttpConfig::parse("rules.yaml", yaml).map_err(|problems| problems.to_string())?;
    read(&ReadOptions {
        http,
        ..ReadOptions::default()
    })
}

#[test]
fn corner_case_23_rules_override_annotations_and_the_last_one_wins() {
    let routes = with(
        "type: google.api.Service
config_version: 3
name: books.example
http:
  rules:
  - selector: books.v1.Library.GetBook
    get: /v1/first/{name}
  - selector: books.v1.Library.GetBook
    get: /v1/{name=books/*}
    additional_bindings:
    - post: /v1/{name=books/*}:get
      body: '*'
  - selector: books.v1.Library.MoveBook
    custom: {kind: MOVE, path: '/v1/{name=books/*}'}
    body: title
",
    );
    insta::assert_snapshot!(routes.expect("valid").join("\n"), @r"
    GET /v1/{name=books/*} None GetBook
    POST /v1/{name=books/*}:get Whole GetBook
    MOVE /v1/{name=books/*} Field(2) MoveBook
    ");
}

#[test]
fn corner_case_23_a_selector_may_be_a_wildcard() {
    let routes = with("http: {rules: [{selector: books.v1.Other.*, post: /v1/other, body: '*'}]}");
    insta::assert_snapshot!(routes.expect("valid").join("\n"), @r"
    GET /v0/{name} None GetBook
    POST /v1/other Whole Do
    ");
}

#[test]
fn faults_are_told_with_their_line() {
    let said = |yaml: &str| with(yaml).expect_err("faulty");
    let cases = [
        "http:\n  rules:\n  - selector: books.v1.Library.GetBok\n    get: /v1/x\n",
        "http:\n  rules:\n  - selector: books.v1.Library.GetBook\n    get: /v1/{nam}\n",
        "http:\n  rules:\n  - selector: books.v1.Library.GetBook\n    body: '*'\n",
        "http:\n  rules:\n  - selector: books.v1.Library.GetBook\n    get: /a\n    put: /b\n",
        "http:\n  rules:\n  - get: /a\n",
        "http:\n  rules:\n  - selector: 'books.v1.L*'\n    get: /a\n",
        "http:\n  rules:\n  - selector: books.v1.Library.GetBook\n    gett: /a\n",
        "http:\n  rules:\n  - selector: books.v1.Library.GetBook\n    get: /a\n    additional_bindings:\n    - post: /{x}\n",
        "type: google.api.Servic\n",
        "http: [\n",
        "http:\n  rules:\n  - selector: books.v1.Library.*\n    get: /a\n",
    ];
    insta::assert_snapshot!(cases.map(said).join("\n"));
}

#[test]
fn every_method_without_a_rule_can_have_one() {
    let routes = read(&ReadOptions {
        unbound: true,
        ..ReadOptions::default()
    });
    insta::assert_snapshot!(routes.expect("valid").join("\n"), @r"
    GET /v0/{name} None GetBook
    POST /books.v1.Library/MoveBook Whole MoveBook
    POST /books.v1.Library/Watch Whole Watch
    POST /books.v1.Other/Do Whole Do
    ");
}

#[test]
fn services_that_are_not_asked_for_are_not_read() {
    let options = ReadOptions {
        services: Some(["books.v1.Other".to_owned()].into()),
        unbound: true,
        ..ReadOptions::default()
    };
    insta::assert_snapshot!(read(&options).expect("valid").join("\n"), @"POST /books.v1.Other/Do Whole Do");
}

#[test]
fn an_empty_config_is_one_without_rules() {
    assert_eq!(
        HttpConfig::parse("a", "{}").expect("empty"),
        HttpConfig::default()
    );
}
