//! Files: what generated code takes from them.

use super::{
    Rule,
    Surface::{Json, Source, Wire},
    comparison::{Comparison, Finding, differing, is_bundled},
};

/// The options of files that generated code depends on.
const OPTIONS: [(u32, &str); 17] = [
    (1, "java_package"),
    (8, "java_outer_classname"),
    (9, "optimize_for"),
    (10, "java_multiple_files"),
    (11, "go_package"),
    (16, "cc_generic_services"),
    (17, "java_generic_services"),
    (18, "py_generic_services"),
    (27, "java_string_check_utf8"),
    (31, "cc_enable_arenas"),
    (36, "objc_class_prefix"),
    (37, "csharp_namespace"),
    (39, "swift_prefix"),
    (40, "php_class_prefix"),
    (41, "php_namespace"),
    (44, "php_metadata_namespace"),
    (45, "ruby_package"),
];

impl Comparison<'_> {
    pub(super) fn files(&mut self) {
        let mut found = Vec::new();
        for (name, old) in &self.before.files {
            if is_bundled(name) {
                continue;
            }
            let place = self.file(name);
            let Some(new) = self.now.files.get(name) else {
                let text = format!("{name} is gone");
                let help = "keep the file; code that was generated for it is imported by its name";
                found.push(
                    Finding::new(Rule::FileRemoved, name, &place, text, help).breaks(&[Source]),
                );
                continue;
            };
            if old.package != new.package {
                let text = format!(
                    "{name} has the package {} instead of {}",
                    new.package, old.package
                );
                let help = "keep the package; everything in the file has another name with it";
                let finding = Finding::new(Rule::FilePackageChanged, name, &place, text, help);
                found.push(finding.breaks(&[Wire, Json, Source]));
            }
            if old.proto3 != new.proto3 {
                let text = format!("{name} has another syntax");
                let help = "keep the syntax; presence, defaults and enums differ";
                let finding = Finding::new(Rule::FileSyntaxChanged, name, &place, text, help);
                found.push(finding.breaks(&[Source]));
            }
            for option in differing(&OPTIONS, &old.options, &new.options) {
                let text = format!("{name} has another {option}");
                let help =
                    "keep the option; generated code stands elsewhere or looks different with it";
                let finding = Finding::new(Rule::FileOptionChanged, name, &place, text, help);
                found.push(finding.breaks(&[Source]));
            }
        }
        for breaking in found {
            self.report(breaking);
        }
    }

    /// Says that an element stands in another file.
    pub(super) fn moved(
        &mut self,
        name: &str,
        location: &crate::Location,
        before: &str,
        now: &str,
    ) {
        if before == now {
            return;
        }
        let text = format!("{name} is in {now} instead of {before}");
        let help = "leave it where it was; generated code is imported by the name of the file";
        let finding = Finding::new(Rule::ElementMoved, name, location, text, help);
        self.report(finding.breaks(&[Source]));
    }
}
