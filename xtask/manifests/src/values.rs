//! The schema of the values of `helm/protoloop`: that of `Microservice`, without what only an operator can do and with what
//! only Helm has. Nothing beside what it names is allowed, so that a typing error is refused.

use protoloop_operator::api::crd;
use serde_json::{Map, Value, json};

use crate::Failure;

/// What only the operator does, by path.
const OF_THE_OPERATOR: [&[&str]; 4] = [
    &["operation", "paused"],
    &["schema", "allowBreaking"],
    &["schema", "rollbackTo"],
    &["image", "descriptorSet"],
];

/// What a JSON schema says in the same words as a custom resource's.
const KEPT: [&str; 14] = [
    "type",
    "description",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "required",
    "uniqueItems",
];

/// The schema as JSON schema, draft 7, which Helm reads.
///
/// # Errors
/// The definition of the custom resource is not what it used to be.
pub fn schema() -> Result<Value, Failure> {
    let mut schema = convert(&spec()?);
    for path in OF_THE_OPERATOR {
        remove(&mut schema, path)?;
    }
    // The chart has a default for it.
    member(&mut schema, &["runtime", "image"])?.remove("minLength");
    let migrations = member(&mut schema, &["migrations"])?;
    properties_of(migrations)?.extend(of_migrations());
    let properties = properties_of(object(&mut schema)?)?;
    properties.extend(of_helm());
    let root = object(&mut schema)?;
    root.remove("required");
    root.insert(
        "$schema".to_owned(),
        "http://json-schema.org/draft-07/schema#".into(),
    );
    root.insert("title".to_owned(), "Values of the chart protoloop".into());
    Ok(schema)
}

/// The schema of `spec` in the custom resource's definition.
fn spec() -> Result<Value, Failure> {
    let crd = serde_json::to_value(crd()).map_err(|error| error.to_string())?;
    let path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec";
    let spec = crd.pointer(path).cloned();
    spec.ok_or_else(|| format!("the custom resource's definition has no {path}"))
}

fn convert(node: &Value) -> Value {
    let Some(node) = node.as_object() else {
        return node.clone();
    };
    let mut out: Map<String, Value> = KEPT
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), node.get(*key)?.clone())))
        .collect();
    if node.get("x-kubernetes-int-or-string").is_some() {
        out.insert("type".to_owned(), json!(["integer", "string"]));
        return Value::Object(out);
    }
    if let Some(pattern) = pattern(node) {
        out.insert("pattern".to_owned(), pattern.into());
    }
    if let Some(items) = node.get("items") {
        out.insert("items".to_owned(), convert(items));
    }
    if let Some(Value::Object(properties)) = node.get("properties") {
        let converted = properties
            .iter()
            .map(|(name, schema)| (name.clone(), convert(schema)));
        out.insert("properties".to_owned(), Value::Object(converted.collect()));
    }
    let open = node.get("x-kubernetes-preserve-unknown-fields").is_some();
    if let Some(others) = node.get("additionalProperties") {
        out.insert("additionalProperties".to_owned(), convert(others));
    } else if out.contains_key("properties") && !open {
        out.insert("additionalProperties".to_owned(), false.into());
    }
    Value::Object(out)
}

/// The expression of a rule that is nothing but `self.matches('…')`.
fn pattern(node: &Map<String, Value>) -> Option<String> {
    let rules = node.get("x-kubernetes-validations")?.as_array()?;
    rules.iter().find_map(|rule| {
        let rule = rule.get("rule")?.as_str()?;
        let pattern = rule.strip_prefix("self.matches('")?.strip_suffix("')")?;
        (!pattern.contains('\'')).then(|| pattern.replace(r"\\", r"\"))
    })
}

fn of_migrations() -> Map<String, Value> {
    let text = json!({
        "contract": {
            "type": "string", "enum": ["AfterRollout", "BeforeRollout", "Never"],
            "description": "When steps are taken that pods of before cannot work with. AfterRollout needs `helm --wait`.",
        },
        "keepSeconds": {"type": "integer", "minimum": 0, "description": "Seconds that a finished Job is kept."},
        "args": {
            "type": "array", "items": {"type": "string"},
            "description": "Arguments with which an image of your own migrates, as a Job before new pods.",
        },
    });
    text.as_object().cloned().unwrap_or_default()
}

fn of_helm() -> Map<String, Value> {
    let text = json!({
        "global": {"type": "object", "description": "What Helm gives to every chart of a release."},
        "fullnameOverride": {"type": "string", "maxLength": 48, "description": "The service's name, instead of the release's."},
        "partOf": {
            "type": "string", "maxLength": 63,
            "description": "The label app.kubernetes.io/part-of; the service's name unless given.",
        },
        "imageRegistry": {"type": "string", "description": "A registry in front of the name of the runtime's image."},
        "extraObjects": {
            "type": "array", "items": {"type": ["object", "string"]},
            "description": "Further objects; templates in them are filled in.",
        },
        "surface": {
            "type": "object", "additionalProperties": false,
            "description": "What routes let in; everything unless given.",
            "properties": {
                "services": {"type": "array", "items": {"type": "string"}, "description": "Full names of gRPC services."},
                "paths": {
                    "type": "array", "description": "Paths of REST.",
                    "items": {
                        "type": "object", "additionalProperties": false, "required": ["type", "value"],
                        "properties": {
                            "type": {"type": "string", "enum": ["Exact", "PathPrefix"]},
                            "value": {"type": "string", "pattern": "^/"},
                        },
                    },
                },
            },
        },
        "tests": {
            "type": "object", "additionalProperties": false, "description": "The pods of `helm test`.",
            "properties": {
                "enabled": {"type": "boolean", "description": "Whether there are any."},
                "image": {"type": "string", "description": "An image with curl and a shell."},
                "pullPolicy": {"type": "string", "enum": ["Always", "IfNotPresent", "Never"], "description": "When it is pulled."},
            },
        },
    });
    text.as_object().cloned().unwrap_or_default()
}

fn object(value: &mut Value) -> Result<&mut Map<String, Value>, Failure> {
    value
        .as_object_mut()
        .ok_or_else(|| "a schema is an object".to_owned())
}

fn properties_of(schema: &mut Map<String, Value>) -> Result<&mut Map<String, Value>, Failure> {
    let found = schema.get_mut("properties").and_then(Value::as_object_mut);
    found.ok_or_else(|| "a schema has no properties".to_owned())
}

/// The schema of the property at a path.
fn member<'a>(schema: &'a mut Value, path: &[&str]) -> Result<&'a mut Map<String, Value>, Failure> {
    let mut at = object(schema)?;
    for name in path {
        let next = properties_of(at)?.get_mut(*name);
        let next = next.and_then(Value::as_object_mut);
        at = next.ok_or_else(|| format!("the custom resource has no {}", path.join(".")))?;
    }
    Ok(at)
}

fn remove(schema: &mut Value, path: &[&str]) -> Result<(), Failure> {
    let Some((last, above)) = path.split_last() else {
        return Ok(());
    };
    let properties = properties_of(member(schema, above)?)?;
    match properties.remove(*last) {
        Some(_) => Ok(()),
        None => Err(format!("the custom resource has no {}", path.join("."))),
    }
}
