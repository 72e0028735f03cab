#!/usr/bin/env bash
# Resolves every environment at once, then each smaller one inside that resolution, so that a
# function runs locally on exactly what it runs on in the cloud.
set -euo pipefail
cd "$(dirname "$0")"
# Each package has wheels for Python 3.11 to 3.13, and none is needed by one of them alone; the oldest
# decides what is taken.
compile() {
    uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
        --python-version 3.11 --only-binary :all: "$@"
}
# What is locked stays, where the requirements allow it; '--upgrade' takes the newest.
for lock in *.lock; do cp "$lock" "$lock.new"; done
# Lambda's Python 3.13 has glibc 2.34, other machines 2.28 or newer.
platform=x86_64-manylinux_2_28

compile --python-platform $platform train.in -o train.lock.new "${@}"
for name in api captioner demo dev mutants peers training-image uv node; do
    compile --python-platform $platform "$name.in" -c train.lock.new -o "$name.lock.new"
done
# The demo's photographs and the corpus of pictures: packages alone, without what they depend on.
for name in photographs corpus; do
    compile --python-platform $platform "$name.in" -c train.lock.new --no-deps -o "$name.lock.new"
done
# The SageMaker SDK, checkov and the audit want other versions of what the rest shares: each stands alone.
for name in audit checkov sagemaker; do
    compile --python-platform $platform "$name.in" -o "$name.lock.new"
done
for new in *.lock.new; do mv "$new" "${new%.new}"; done
