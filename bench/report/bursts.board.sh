# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# A guest that cleans its caches by set and way, as kernels did in 2014 ("a15"), and with the
# geometry that KVM shows now: recorded, to be read on the PC.

set -e
for geometry in a15 now; do
	trapline run "$TL_GUESTS/lab-setway.elf" --append $geometry --record "$TL_OUT/$geometry"
done
