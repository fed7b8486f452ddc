/* SPDX-License-Identifier: MIT */
/*
 * Bytes in, the same bytes out. See scratch.h.
 */
#include "vmm/dev/scratch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct scratch {
	struct tl_dev dev; /* its lock guards what follows */
	uint8_t bytes[TL_SCRATCH_SIZE];
};

static enum tl_mmio_result scratch_mmio(struct tl_dev *dev, struct tl_mmio *access)
{
	struct scratch *scratch = (struct scratch *)dev;
	uint8_t *at = &scratch->bytes[access->offset];

	if (access->is_write)
		memcpy(at, &access->value, access->size);
	else
		memcpy(&access->value, at, access->size);
	return TL_MMIO_HANDLED;
}

static void scratch_reset(struct tl_dev *dev)
{
	memset(((struct scratch *)dev)->bytes, 0, TL_SCRATCH_SIZE);
}

static void scratch_fini(struct tl_dev *dev)
{
	free(dev);
}

static const struct tl_dev_ops scratch_ops = {
	.name = "scratch",
	.mmio = scratch_mmio,
	.reset = scratch_reset,
	.fini = scratch_fini,
};

int tl_scratch_create(struct tl_dev **dev, uint64_t base)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	if (!scratch)
		return -ENOMEM;
	scratch->dev.ops = &scratch_ops;
	scratch->dev.base = base;
	scratch->dev.size = TL_SCRATCH_SIZE;
	*dev = &scratch->dev;
	return 0;
}
