//! Resolves names across files and interprets options.

use prost_reflect::DescriptorPool;
use protoloop_schema::Diagnostic;

use super::{
    bundled,
    load::{Loaded, Target, location_of_import},
    report,
};

/// Links every source behind its imports; a source whose imports failed is left out, since what is wrong with it
/// cannot be told from what is missing.
pub(super) fn link(loaded: &Loaded, pool: DescriptorPool) -> (DescriptorPool, Vec<Diagnostic>) {
    let mut linker = Linker {
        loaded,
        pool,
        states: vec![State::New; loaded.sources.len()],
        path: Vec::new(),
        problems: Vec::new(),
    };
    for index in 0..loaded.sources.len() {
        linker.source(index);
    }
    (linker.pool, linker.problems)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
    Failed,
}

struct Linker<'a> {
    loaded: &'a Loaded,
    pool: DescriptorPool,
    states: Vec<State>,
    /// The chain of imports that is being followed.
    path: Vec<usize>,
    problems: Vec<Diagnostic>,
}

impl Linker<'_> {
    fn source(&mut self, index: usize) -> bool {
        match self.states[index] {
            State::New => {}
            State::Open | State::Failed => return false,
            State::Done => return true,
        }
        self.states[index] = State::Open;
        self.path.push(index);
        let mut linked = true;
        for (position, target) in self.loaded.imports[index].iter().enumerate() {
            linked &= match target {
                Target::Source(import) if self.states[*import] == State::Open => {
                    self.cycle(index, position, *import);
                    false
                }
                Target::Source(import) => self.source(*import),
                Target::Compiled(name) => bundled::add(&mut self.pool, name),
                Target::Broken => false,
            };
        }
        self.path.pop();
        linked = linked && self.add(index);
        self.states[index] = match linked {
            true => State::Done,
            false => State::Failed,
        };
        linked
    }

    fn add(&mut self, index: usize) -> bool {
        let source = &self.loaded.sources[index];
        match self.pool.add_file_descriptor_proto(source.proto.clone()) {
            Ok(()) => true,
            Err(failure) => {
                let found = report::of_link(failure, &source.path, &source.text);
                self.problems.extend(found);
                false
            }
        }
    }

    fn cycle(&mut self, index: usize, position: usize, import: usize) {
        let name = |index: usize| self.loaded.sources[index].proto.name();
        let start = self
            .path
            .iter()
            .position(|open| *open == import)
            .unwrap_or(0);
        let mut chain: Vec<&str> = self.path[start..].iter().map(|open| name(*open)).collect();
        chain.push(name(import));
        let problem = Diagnostic {
            help: Some("move what both need into a file of its own".to_owned()),
            ..report::error(
                location_of_import(&self.loaded.sources[index], position),
                format!("the files import each other: {}", chain.join(" -> ")),
            )
        };
        self.problems.push(problem);
    }
}
