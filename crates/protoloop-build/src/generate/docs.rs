//! Comments of protos as doc comments.

use proc_macro2::TokenStream;
use quote::quote;

/// Doc attributes, one per line. What rustdoc would take for a Rust example is marked or moved, since protos hold none.
pub(super) fn attributes(text: &str) -> TokenStream {
    let mut in_fence = false;
    let lines = text.trim_end().lines().map(|line| {
        let line = line.trim_end();
        let is_fence = line.trim_start().starts_with("```");
        let shown = match (is_fence, in_fence) {
            (true, false) if line.trim() == "```" => format!(" {line}text"),
            (true, _) | (false, true) => format!(" {line}"),
            (false, false) if line.starts_with("    ") || line.starts_with('\t') => {
                format!(" {}", line.trim_start())
            }
            (false, false) if line.is_empty() => String::new(),
            (false, false) => format!(" {}", line.trim_start()),
        };
        in_fence ^= is_fence;
        shown
    });
    let lines: Vec<String> = lines.collect();
    quote!(#(#[doc = #lines])*)
}

/// The comment, or `otherwise` where there is none.
pub(super) fn or(comment: &str, otherwise: &str) -> String {
    match comment.trim() {
        "" => otherwise.to_owned(),
        _ => comment.to_owned(),
    }
}
