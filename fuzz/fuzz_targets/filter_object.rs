#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| protoloop_fuzz_targets::filter_object(input));
