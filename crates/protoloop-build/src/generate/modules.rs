//! The module tree that holds the packages.

use std::{collections::BTreeMap, fmt::Write as _};

use prost_build::Module;

use super::{DESCRIPTOR_FILE, HEADER};

/// The file of a package.
pub(super) fn file_name(module: &Module) -> String {
    module.to_file_name_or("_")
}

/// The text of the root file: the descriptor set, and a module per part of the packages' names.
pub(super) fn tree<'a>(modules: impl Iterator<Item = &'a Module>) -> String {
    let mut root = Node::default();
    for module in modules {
        let mut node = &mut root;
        for part in module.parts() {
            node = node.children.entry(part.to_owned()).or_default();
        }
        node.file = Some(file_name(module));
    }
    let mut text = format!(
        "{HEADER}\
         /// The encoded `FileDescriptorSet` of all packages below, for `Application::new`.\n\
         pub const DESCRIPTOR_SET: &[u8] = include_bytes!(\"{DESCRIPTOR_FILE}\");\n"
    );
    root.write(&mut text, 0);
    text
}

#[derive(Default)]
struct Node {
    file: Option<String>,
    children: BTreeMap<String, Self>,
}

impl Node {
    fn write(&self, text: &mut String, depth: usize) {
        let indent = "    ".repeat(depth);
        if let Some(file) = &self.file {
            let _ = writeln!(text, "{indent}include!(\"{file}\");");
        }
        for (name, child) in &self.children {
            if depth == 0 {
                // Messages carry the comments of their protos; where a proto has none there is none to carry.
                // Two lines, each as rustfmt leaves it.
                text.push_str("#[allow(missing_docs, unreachable_pub, deprecated)]\n");
                text.push_str("#[allow(clippy::all, clippy::nursery, clippy::pedantic)]\n");
            }
            let _ = writeln!(text, "{indent}pub mod {name} {{");
            child.write(text, depth + 1);
            let _ = writeln!(text, "{indent}}}");
        }
    }
}
