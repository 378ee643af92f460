# The project's habits. `just --list` shows them.

# What a change must pass.
ci:
    bash .ci/run

# The tests alone.
test:
    cargo test

# Look at changed snapshots and accept them one by one (needs `cargo install cargo-insta`).
bless:
    cargo insta review

# Compute the numeric fixtures again (needs the Python packages that the script names).
fixtures:
    python3 tests/fixtures/numerics/make.py
    python3 tests/fixtures/formats/make.py

# Train the examples' weights again (needs the Python packages that the script names).
train:
    python3 examples/train/lenet5.py

# Time the checker on models of 1,000 to 50,000 layers.
bench-check:
    cargo bench --bench check

# Time from a keystroke to its diagnostics, in the language server.
bench-lsp:
    cargo bench --bench lsp

# LeNet-5 beside ONNX Runtime (needs the Python packages that the script names).
bench-peers:
    cargo build --release
    python3 benches/peers/lenet.py --nnc target/release/nnc

# Draw the README's pictures of the terminal again.
pictures:
    cargo build --release
    python3 docs/pictures/make.py

# Look for inputs that break the compiler (needs nightly Rust and `cargo install cargo-fuzz`).
fuzz target seconds="1800":
    fuzz/seeds
    cd fuzz && cargo +nightly fuzz run --fuzz-dir . --sanitizer none {{target}} -- \
        {{ if target == "program_bytes" { "-dict=corpus/nn.dict" } else { "" } }} \
        -max_len={{ if target == "program_structured" { "2048" } else { "65536" } }} \
        -max_total_time={{seconds}} -timeout=30 -report_slow_units=3 -rss_limit_mb=500
