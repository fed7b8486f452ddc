/* SPDX-License-Identifier: MIT */
/*
 * virtio-rng and virtio-balloon: the input is which of the two, what it was agreed on, which
 * queue is notified when, and the guest's RAM with the rings in it.
 */
#include <stdint.h>
#include <stdlib.h>

#include "tests/fuzz/fake_virtio.h"
#include "vmm/dev/virtio/balloon.h"
#include "vmm/dev/virtio/rng.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS 16u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tl_dev_env env = {0};
	struct tl_dev *dev;
	bool balloon;

	if (size < STEPS + 2)
		return 0;
	env.mem = fuzz_ram(data + STEPS + 2, size - STEPS - 2);
	balloon = data[0] & 1;
	if (balloon ? tl_virtio_balloon_create(&dev, &env, 0, 0, UINT64_C(1) << 20)
		    : tl_virtio_rng_create(&dev, &env, 0, 0))
		abort();
	fuzz_start(data[1]);
	for (unsigned int i = 0; i < STEPS; i++) {
		uint8_t what = data[2 + i];

		if (balloon && what & 64)
			tl_virtio_balloon_ask(dev, (uint64_t)what << 16);
		if (balloon && what & 32 && fuzz_virtio->ops->write_config)
			(void)fuzz_virtio->ops->write_config(
				fuzz_virtio, what % 8, 1u << what % 3, what);
		if (fuzz_kick(what % fuzz_virtio->queue_count))
			break;
	}
	if (balloon && tl_virtio_balloon_state(dev).asked > UINT64_C(1) << 44)
		abort();
	fuzz_end();
	return 0;
}
