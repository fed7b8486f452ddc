/* SPDX-License-Identifier: MIT */
/*
 * /sys/kernel/irq/N/actions (Documentation/ABI/testing/sysfs-kernel-irq).
 */
#include "trace/collect/irq_names.h"

#include <stdio.h>
#include <string.h>

#include "trace/decode/detail.h"

static void read_name(struct tl_profile *profile, unsigned int irq)
{
	char path[48], name[48] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/irq/%u/actions", irq);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(name, sizeof(name), file))
		name[strcspn(name, "\n")] = 0;
	fclose(file);
	if (name[0])
		profile->irq_names[irq] = strdup(name);
}

void tl_irq_name_read(struct tl_profile *profile, uint64_t irq)
{
	if (irq < TL_PROFILE_IRQS && !profile->irq_names[irq])
		read_name(profile, (unsigned int)irq);
}

void tl_irq_names_read(struct tl_profile *profile)
{
	for (size_t i = 0; i < profile->details.count; i++) {
		const struct tl_profile_detail *detail = &profile->details.list[i];

		if (detail->exit_class == TL_CLASS_IRQ && detail->detail)
			tl_irq_name_read(profile, detail->detail - 1);
	}
}
