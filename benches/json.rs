//! JSON to wire bytes and back: Protoloop against pbjson's typed serde and against prost-reflect's dynamic messages.
//!
//! `cargo bench -p protoloop-benches --bench json`

use std::{hint::black_box, sync::Arc};

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use protoloop_benches::{Contestant, DESCRIPTORS, Race, print, v1};
use protoloop_schema::Schema;
use protoloop_wire::{Tables, json};
use serde::{Serialize, de::DeserializeOwned};

/// Ratios that the project asks for.
const AGAINST_TYPED: f64 = 1.0;
const AGAINST_DYNAMIC: f64 = 5.0;

fn main() {
    let schema = Schema::from_descriptor_set(DESCRIPTORS).expect("the bench protos are a schema");
    let bench = Bench {
        tables: Tables::new(&Arc::new(schema)),
        pool: DescriptorPool::decode(DESCRIPTORS).expect("the bench protos are a pool"),
    };
    let mut races = Vec::new();
    bench.both_ways("bench.v1.Small", &small(), &mut races);
    bench.both_ways("bench.v1.LargeString", &large_string(), &mut races);
    bench.both_ways("bench.v1.NumericArray", &numeric_array(), &mut races);
    bench.both_ways("bench.v1.Nested", &nested(40), &mut races);
    print(&races);
}

struct Bench {
    tables: Arc<Tables>,
    pool: DescriptorPool,
}

impl Bench {
    fn both_ways<M>(&self, name: &str, message: &M, races: &mut Vec<Race>)
    where
        M: Message + Default + Serialize + DeserializeOwned,
    {
        let id = self.tables.by_name(name).expect("declared");
        let descriptor = self.pool.get_message_by_name(name).expect("declared");
        let wire = message.encode_to_vec();
        let mut text = Vec::new();
        let options = json::EncodeOptions::default();
        json::encode(&self.tables, id, &wire, &options, &mut text).expect("it has a JSON form");
        let contestants = vec![
            contestant("protoloop", None, || {
                let options = json::DecodeOptions::default();
                black_box(json::decode(&self.tables, id, &text, &options).expect("valid"));
            }),
            contestant("pbjson typed", Some(AGAINST_TYPED), || {
                let message: M = serde_json::from_slice(&text).expect("valid");
                black_box(message.encode_to_vec());
            }),
            contestant("prost-reflect", Some(AGAINST_DYNAMIC), || {
                let mut deserializer = serde_json::Deserializer::from_slice(&text);
                let message = DynamicMessage::deserialize(descriptor.clone(), &mut deserializer);
                black_box(message.expect("valid").encode_to_vec());
            }),
        ];
        races.push(Race::run(
            &format!("JSON to wire, {name}"),
            text.len(),
            contestants,
        ));
        let contestants = vec![
            contestant("protoloop", None, || {
                let mut out = Vec::new();
                let options = json::EncodeOptions::default();
                json::encode(&self.tables, id, &wire, &options, &mut out).expect("valid");
                black_box(out);
            }),
            contestant("pbjson typed", Some(AGAINST_TYPED), || {
                let message = M::decode(&wire[..]).expect("valid");
                black_box(serde_json::to_vec(&message).expect("valid"));
            }),
            contestant("prost-reflect", Some(AGAINST_DYNAMIC), || {
                let message = DynamicMessage::decode(descriptor.clone(), &wire[..]);
                black_box(serde_json::to_vec(&message.expect("valid")).expect("valid"));
            }),
        ];
        races.push(Race::run(
            &format!("wire to JSON, {name}"),
            text.len(),
            contestants,
        ));
    }
}

fn contestant<'a>(name: &'a str, target: Option<f64>, run: impl FnMut() + 'a) -> Contestant<'a> {
    Contestant {
        name,
        run: Box::new(run),
        target,
    }
}

fn small() -> v1::Small {
    v1::Small {
        id: "0190b3a4-6f2e-7c11-9d53-2f7f8f1c0a42".to_owned(),
        title: "Buy milk and bread".to_owned(),
        done: true,
        priority: 3,
        revision: 1_234_567_890_123,
        tags: vec!["home".to_owned(), "errand".to_owned()],
        create_time: Some(pbjson_types::Timestamp {
            seconds: 1_760_000_000,
            nanos: 120_000_000,
        }),
        state: v1::State::Active.into(),
    }
}

fn large_string() -> v1::LargeString {
    let line = "It was the best of times, it was the worst of times; \"so\" they said — and wrote it down.\n";
    v1::LargeString {
        id: "text".to_owned(),
        text: line.repeat(1_000),
    }
}

fn numeric_array() -> v1::NumericArray {
    let steps = || (0..1_000).map(f64::from);
    v1::NumericArray {
        samples: steps().map(|step| (step * 0.37).sin() * 1e3).collect(),
        counts: (0..1_000).map(|step| step * 37 - 9_000).collect(),
        totals: (0..1_000).map(|step| step * 9_876_543_210).collect(),
    }
}

fn nested(depth: i32) -> v1::Nested {
    let leaf = |index: i32| v1::Nested {
        name: format!("leaf {index}"),
        weight: index,
        ..v1::Nested::default()
    };
    v1::Nested {
        name: format!("level {depth}"),
        weight: depth,
        left: (depth > 0).then(|| Box::new(nested(depth - 1))),
        children: vec![leaf(1), leaf(2)],
        labels: [("depth".to_owned(), depth.to_string())].into(),
    }
}
