//! A service of the user's under the name of the one that is to be made: what it declares stays as it is written, and
//! the standard methods that it does not declare are added to it.

use std::collections::HashSet;

use super::{Made, build::Addition};
use crate::{descriptor::File, read::join};

impl Addition {
    /// Prepares the addition for a file that may declare the service already. Names of messages that turn out to be
    /// made by an earlier run go to `made`.
    pub(super) fn merge_into(&mut self, file: &File, made: &mut Made) {
        let written = file
            .service
            .iter()
            .position(|service| service.name == self.service.name);
        let Some(at) = written else {
            return;
        };
        let (whole, _) = self.descriptors();
        let earlier = whole
            .iter()
            .filter(|message| file.message_type.contains(message));
        made.extend(earlier.map(|message| join(&file.package, &message.name).as_ref().to_owned()));
        self.into = Some(at);
        let declared: HashSet<&str> = file.service[at]
            .method
            .iter()
            .map(|method| &*method.name)
            .collect();
        let spared = self.spare(&declared);
        self.drop_messages(file, &spared);
    }

    /// Takes the declared methods out, and names their messages.
    fn spare(&mut self, declared: &HashSet<&str>) -> HashSet<String> {
        let mut spared = HashSet::new();
        self.service.methods.retain(|new| {
            let is_declared = declared.contains(&*new.method.name);
            if is_declared {
                for name in [&new.method.input_type, &new.method.output_type] {
                    spared.insert(last_part(name).to_owned());
                }
            }
            !is_declared
        });
        spared
    }

    /// Takes the messages of declared methods out, where the file has its own of that name or nothing that is added
    /// refers to them. A batch refers to the request of the single method.
    fn drop_messages(&mut self, file: &File, spared: &HashSet<String>) {
        let is_written = |name: &str| file.message_type.iter().any(|one| one.name == name);
        loop {
            let used = self.used();
            let before = self.messages.len();
            self.messages.retain(|new| {
                !spared.contains(&new.name) || (used.contains(&new.name) && !is_written(&new.name))
            });
            if self.messages.len() == before {
                break;
            }
        }
    }

    /// Names of the messages that the added methods and messages refer to.
    fn used(&self) -> HashSet<String> {
        let methods = self.service.methods.iter();
        let of_methods = methods.flat_map(|new| [&new.method.input_type, &new.method.output_type]);
        let fields = self.messages.iter().flat_map(|message| &message.fields);
        let of_fields = fields.map(|new| &new.field.type_name);
        of_methods
            .chain(of_fields)
            .map(|name| last_part(name).to_owned())
            .collect()
    }
}

fn last_part(type_name: &str) -> &str {
    type_name.rsplit('.').next().unwrap_or(type_name)
}
