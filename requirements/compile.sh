#!/bin/sh
# Pin what pyproject.toml allows, with hashes. Called by `make requirements`.
# No index, no host and no path gets into the files: where packages come from is the
# installing machine's business, what they contain is ours.
set -eu
compile=$1
cd "$(dirname "$0")/.."

pin() {
    target=$1
    shift
    bare=$(mktemp)
    "$compile" --quiet --upgrade --generate-hashes --strip-extras --no-annotate --no-header \
        --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
        --allow-unsafe --output-file "$bare" "$@" pyproject.toml
    {
        echo "# Pinned with hashes from pyproject.toml. Do not edit: run \`make requirements\`."
        cat "$bare"
    } > "$target"
    rm -f "$bare"
    echo "$target: $(grep -c '==' "$target") packages"
}

pin requirements/runtime.txt --extra exchange --extra alerts
pin requirements/dev.txt --extra dev --constraint requirements/runtime.txt
