#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| protoloop_fuzz_targets::form_url_encoded(input));
