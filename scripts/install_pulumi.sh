#!/usr/bin/env bash
# Make the real `pulumi` command available to the tests: nothing where it is on PATH; else build it once from its Go
# module (about 5 minutes, 2 GB of memory) and keep it in the user's cache, by version.
set -euo pipefail
cd "$(dirname "$0")/../tests/integration/pulumi_cli"

version=$(sed -n 's|.*pulumi/pkg/v3 v||p' go.mod)
target="${XDG_CACHE_HOME:-$HOME/.cache}/sentinel-aml/pulumi-$version/bin/pulumi"
if command -v pulumi >/dev/null || [ -x "$target" ]; then
  exit 0
fi
export PATH="$PATH:/usr/local/go/bin"
command -v go >/dev/null || { echo "pulumi is not on PATH and Go is missing: install either" >&2; exit 1; }

# A copy of go.mod is completed while it builds; what it names follows from the two versions above.
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
cp go.mod "$build/"
cd "$build"
echo "building pulumi $version ..." >&2
go build -mod=mod -o pulumi \
  -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version" \
  github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
mkdir -p "$(dirname "$target")"
mv pulumi "$target.$$"
mv "$target.$$" "$target"
