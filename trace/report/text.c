/* SPDX-License-Identifier: MIT */
/*
 * Text report: its first line, and the order of its parts.
 */
#include "trace/report/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "trace/report/text_parts.h"

static void put_title(struct tl_text *t, const struct tl_profile *profile)
{
	uint64_t exits = 0, user = 0;
	int known = !profile->no_events;
	char length[32];

	for (unsigned int i = 0; i < profile->vcpu_count; i++) {
		known |= profile->vcpus[i]->kernel.has_exits;
		exits += tl_profile_exits(profile, profile->vcpus[i]);
		user += profile->vcpus[i]->userspace_exits;
	}
	fprintf(t->out, "%sTrap %s%s of process %d: %u vCPU%s", t->bold,
		profile->no_events ? "counts" : "profile", t->plain, (int)profile->pid,
		profile->vcpu_count, tl_text_plural(profile->vcpu_count));
	if (!profile->no_events)
		fprintf(t->out, ", %s",
			tl_text_duration(
				length, sizeof(length), profile->last_ts - profile->first_ts));
	if (known)
		fprintf(t->out, ", %" PRIu64 " exit%s", exits, tl_text_plural(exits));
	if (!profile->no_events)
		fprintf(t->out, ", %" PRIu64 " of them to user space", user);
	fputc('\n', t->out);
}

int tl_report_text(FILE *out, const struct tl_profile *profile)
{
	const char *no_color = getenv("NO_COLOR");
	int color = isatty(fileno(out)) && !(no_color && no_color[0]);
	struct tl_text t = {
		.out = out,
		.bold = color ? "\033[1m" : "",
		.good = color ? "\033[32m" : "",
		.bad = color ? "\033[31m" : "",
		.plain = color ? "\033[0m" : "",
	};

	put_title(&t, profile);
	for (unsigned int i = 0; i < profile->vcpu_count; i++)
		tl_text_vcpu(&t, profile, profile->vcpus[i]);
	tl_text_details(&t, profile);
	tl_text_advice(&t, profile);
	tl_text_proof(&t, profile);
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}
