//! Which files of the schema become Rust.

use std::collections::{BTreeSet, HashMap};

use prost::Message as _;
use prost_build::Module;
use prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet};
use protoloop_schema::{Schema, bundled};

use super::GenerateError;

/// The user's files, and those bundled ones that hold a type which the user's files use. Files of options alone are left
/// out. Of `google.protobuf` nothing is written, since its types come with prost, but prost wants to see them.
pub(super) fn to_generate(
    schema: &Schema,
) -> Result<Vec<(Module, FileDescriptorProto)>, GenerateError> {
    let set = FileDescriptorSet::decode(schema.descriptor_set())
        .map_err(|error| GenerateError(format!("the schema's descriptor set: {error}")))?;
    let homes = homes(&set);
    let mut wanted = BTreeSet::new();
    let mut open: Vec<usize> = (0..set.file.len())
        .filter(|index| bundled::descriptor(set.file[*index].name()).is_none())
        .collect();
    while let Some(index) = open.pop() {
        if !wanted.insert(index) {
            continue;
        }
        let mut used = Vec::new();
        used_types(&set.file[index], &mut used);
        open.extend(used.iter().filter_map(|name| homes.get(*name)));
    }
    let module = |file: &FileDescriptorProto| Module::from_protobuf_package_name(file.package());
    let files = set.file.into_iter().enumerate();
    Ok(files
        .filter(|(index, _)| wanted.contains(index))
        .map(|(_, file)| (module(&file), file))
        .collect())
}

/// The file of each message and enum, by its name with a leading dot.
fn homes(set: &FileDescriptorSet) -> HashMap<String, usize> {
    let mut homes = HashMap::new();
    for (index, file) in set.file.iter().enumerate() {
        let scope = match file.package() {
            "" => String::new(),
            package => format!(".{package}"),
        };
        for message in &file.message_type {
            add_homes(message, &scope, index, &mut homes);
        }
        for one in &file.enum_type {
            homes.insert(format!("{scope}.{}", one.name()), index);
        }
    }
    homes
}

fn add_homes(
    message: &DescriptorProto,
    scope: &str,
    index: usize,
    homes: &mut HashMap<String, usize>,
) {
    let name = format!("{scope}.{}", message.name());
    for nested in &message.nested_type {
        add_homes(nested, &name, index, homes);
    }
    for one in &message.enum_type {
        homes.insert(format!("{name}.{}", one.name()), index);
    }
    homes.insert(name, index);
}

/// The names of the types that a file's messages and methods use.
fn used_types<'a>(file: &'a FileDescriptorProto, used: &mut Vec<&'a str>) {
    for message in &file.message_type {
        used_by_message(message, used);
    }
    for method in file.service.iter().flat_map(|service| &service.method) {
        used.push(method.input_type());
        used.push(method.output_type());
    }
}

fn used_by_message<'a>(message: &'a DescriptorProto, used: &mut Vec<&'a str>) {
    used.extend(
        message
            .field
            .iter()
            .filter_map(|field| field.type_name.as_deref()),
    );
    for nested in &message.nested_type {
        used_by_message(nested, used);
    }
}
