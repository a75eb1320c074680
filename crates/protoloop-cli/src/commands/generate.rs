//! `protoloop generate`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use protoloop_schema::bundled;

use crate::{
    args::{GenerateDescriptor, GenerateProto},
    output::{self, Failure},
};

/// Writes the binary descriptor set.
pub(crate) fn descriptor(arguments: &GenerateDescriptor) -> Result<ExitCode, Failure> {
    let compiled = super::compile(&arguments.sources)?;
    let bytes = compiled.schema.descriptor_set();
    match &arguments.output {
        Some(path) => write(path, bytes)?,
        None => output::raw(bytes),
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the files as .proto text, with what was synthesised into them. Into a folder, the bundled files that they
/// import go as well, so that any compiler reads it.
pub(crate) fn proto(arguments: &GenerateProto) -> Result<ExitCode, Failure> {
    let compiled = super::compile(&arguments.sources)?;
    let mut files = Vec::new();
    for file in compiled.schema.file_names() {
        let text = compiled.schema.to_proto(&file);
        let text = text.ok_or_else(|| Failure::at(&file, "is not in the descriptor set"))?;
        files.push((file, text));
    }
    let Some(folder) = &arguments.output else {
        files
            .iter()
            .for_each(|(_, text)| output::raw(text.as_bytes()));
        return Ok(ExitCode::SUCCESS);
    };
    add_imports(&mut files);
    for (file, text) in &files {
        write(&folder.join(file), text.as_bytes())?;
    }
    let count = output::counted(files.len(), "file");
    output::line(format_args!("wrote {count} to {}", folder.display()));
    Ok(ExitCode::SUCCESS)
}

/// Adds the bundled files that these import, and those import in turn.
fn add_imports(files: &mut Vec<(String, String)>) {
    let mut next = 0;
    while next < files.len() {
        let imports: Vec<_> = imports(&files[next].1).map(ToOwned::to_owned).collect();
        for import in imports {
            let is_new = files.iter().all(|(file, _)| *file != import);
            let bundled = bundled::files().iter().find(|(file, _)| *file == import);
            if let (true, Some((_, text))) = (is_new, bundled) {
                files.push((import, (*text).to_owned()));
            }
        }
        next += 1;
    }
}

/// The paths in `import "…";` lines, as the printer and the bundled files write them.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    let paths = text.lines().filter_map(|line| line.strip_prefix("import "));
    paths.filter_map(|rest| rest.split('"').nth(1))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    fs::create_dir_all(&folder).map_err(|error| Failure::at(folder.display(), error))?;
    fs::write(path, bytes).map_err(|error| Failure::at(path.display(), error))
}
