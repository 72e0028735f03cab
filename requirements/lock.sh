#!/usr/bin/env bash
# Resolves every environment at once, then each smaller one inside that resolution, so that a
# function runs locally on exactly what it runs on in the cloud.
set -euo pipefail
cd "$(dirname "$0")"
compile() {
    uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
        --python-version 3.11 --python-platform x86_64-manylinux_2_28 "$@"
}
rm -f ./*.lock.new
compile train.in -o train.lock.new "${@}"
for name in api captioner demo dev uv; do
    compile "$name.in" -c train.lock.new -o "$name.lock.new"
done
compile node.in -o node.lock.new
for new in *.lock.new; do mv "$new" "${new%.new}"; done
