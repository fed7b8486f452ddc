/* SPDX-License-Identifier: MIT */
/*
 * The members that docs/profile-schema.md has, as far as they are read.
 */
#include "tests/unit/fake_profile_json.h"

#include "tests/unit/unit.h"

#include <stdio.h>

json_t *fake_profile_json(unsigned int ms, unsigned int sys, const char *details)
{
	static char text[8192];
	json_error_t error;
	json_t *root;

	snprintf(text, sizeof(text),
		"{\"schema\":\"trapline-profile-1\",\"duration_ns\":%u,\"events\":true,"
		"\"vcpus\":[{\"id\":0,\"guest_ns\":1000,\"idle_ns\":500000,\"classes\":["
		"{\"name\":\"SYS64\",\"count\":%u,\"timed\":%u,\"ns\":{\"total\":%u}},"
		"{\"name\":\"WFx\",\"count\":1,\"timed\":1,\"ns\":{\"total\":500000}}],"
		"\"kernel\":{\"exits\":%u,\"returned\":{\"SYS64\":9},"
		"\"fixups\":{\"FP_ASIMD\":2}}}],"
		"\"totals\":{\"exits\":%u,\"kernel_exits\":%u,\"userspace_exits\":7,\"lost\":3},"
		"\"details\":[%s],\"advice\":[]}",
		ms * 1000000, sys, sys, sys * 1000, sys + 1, sys + 1, sys + 1, details);
	root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		fail_msg("%s: %s", error.text, text);
	return root;
}

void fake_summary(
	struct tl_summary *summary, unsigned int ms, unsigned int sys, const char *details)
{
	json_t *root = fake_profile_json(ms, sys, details);
	char why[160] = "";

	if (tl_summary_read(summary, root, why, sizeof(why)))
		fail_msg("%s", why);
	json_decref(root);
}

json_t *fake_counts_json(void)
{
	return json_loads("{\"schema\":\"trapline-profile-1\",\"duration_ns\":null,"
			  "\"events\":false,\"vcpus\":[{\"id\":0,\"guest_ns\":null,"
			  "\"idle_ns\":null,\"classes\":[],\"kernel\":{\"exits\":5,"
			  "\"returned\":{\"SYS64\":3,\"HVC64\":2},\"fixups\":null}}],"
			  "\"totals\":{\"exits\":null,\"kernel_exits\":5,"
			  "\"userspace_exits\":null,\"lost\":null},\"details\":[]}",
		0, NULL);
}
