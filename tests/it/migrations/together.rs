//! Replicas that start together.

use std::process::{Command, Stdio};

use super::{FIRST, places};
use crate::support::PROTOLOOP;

/// Ten processes, of which one applies, whether from files or from the models.
#[test]
fn ten_processes_apply_once() {
    for files in [false, true] {
        for place in places() {
            place.write(FIRST);
            if files {
                place.migrate(&["new", "first"]).succeeded();
            }
            let processes: Vec<_> = (0..10)
                .map(|_| {
                    Command::new(PROTOLOOP)
                        .args(place.arguments(&["apply", "--output", "json"]))
                        .current_dir(place.path())
                        .stdin(Stdio::null())
                        .stdout(Stdio::piped())
                        .stderr(Stdio::piped())
                        .spawn()
                        .expect("the binary starts")
                })
                .collect();
            let mut applied = 0;
            for process in processes {
                let output = process.wait_with_output().expect("it ends");
                let errors = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{errors}");
                let said: serde_json::Value =
                    serde_json::from_slice(&output.stdout).expect("it says JSON");
                applied += said["applied"].as_array().map_or(0, Vec::len);
            }
            assert_eq!(applied, 1);
            let status = place.migrate_json(&["status"]);
            assert_eq!(status["journal"].as_array().map(Vec::len), Some(1));
        }
    }
}
