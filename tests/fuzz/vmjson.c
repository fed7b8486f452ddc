/* SPDX-License-Identifier: MIT */
/*
 * The reader of vm.json: what it takes must make sense, and be the same when it is written and
 * read again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/record/vm_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct tl_vm_json *vm)
{
	if (vm->map.count > TL_VM_REGIONS || vm->vcpu_count > TL_VM_JSON_VCPUS_MAX || vm->pid < 0)
		abort();
	for (unsigned int i = 0; i < vm->map.count; i++) {
		const struct tl_vm_region *region = &vm->map.regions[i];

		if (!region->size || !memchr(region->name, 0, sizeof(region->name)))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64], again[80], problem[256] = "";
	struct tl_vm_json vm, second;
	FILE *out;

	snprintf(path, sizeof(path), "/dev/shm/trapline-fuzz-vmjson-%d", (int)getpid());
	snprintf(again, sizeof(again), "%s.again", path);
	out = fopen(path, "we");
	if (!out || fwrite(data, 1, size, out) != size || fclose(out))
		abort();
	if (tl_vm_json_read(path, &vm, problem, sizeof(problem))) {
		if (!problem[0] || strchr(problem, '\n'))
			abort();
	} else {
		check(&vm);
		if (!tl_vm_json_write(again, &vm)) {
			if (tl_vm_json_read(again, &second, problem, sizeof(problem)) ||
				second.map.count != vm.map.count ||
				second.vcpu_count != vm.vcpu_count || second.pid != vm.pid)
				abort();
			tl_vm_json_fini(&second);
			unlink(again);
		}
	}
	tl_vm_json_fini(&vm);
	unlink(path);
	return 0;
}
