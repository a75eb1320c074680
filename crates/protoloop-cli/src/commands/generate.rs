//! `protoloop generate`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    args::{GenerateDescriptor, GenerateProto},
    output::{self, Failure},
};

/// Writes the binary descriptor set.
pub(crate) fn descriptor(arguments: &GenerateDescriptor) -> Result<ExitCode, Failure> {
    let compiled = super::compile(&arguments.paths, &arguments.includes)?;
    let bytes = compiled.schema.descriptor_set();
    match &arguments.output {
        Some(path) => write(path, bytes)?,
        None => output::raw(bytes),
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the files as .proto text, with what was synthesised into them.
pub(crate) fn proto(arguments: &GenerateProto) -> Result<ExitCode, Failure> {
    let compiled = super::compile(&arguments.paths, &arguments.includes)?;
    let files = compiled.schema.file_names();
    for file in &files {
        let text = compiled.schema.to_proto(file);
        let text = text.ok_or_else(|| Failure::at(file, "is not in the descriptor set"))?;
        match &arguments.output {
            Some(folder) => write(&folder.join(file), text.as_bytes())?,
            None => output::raw(text.as_bytes()),
        }
    }
    if let Some(folder) = &arguments.output {
        output::line(format_args!(
            "wrote {} to {}",
            output::counted(files.len(), "file"),
            folder.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    fs::create_dir_all(&folder).map_err(|error| Failure::at(folder.display(), error))?;
    fs::write(path, bytes).map_err(|error| Failure::at(path.display(), error))
}
