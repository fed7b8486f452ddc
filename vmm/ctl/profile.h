/* SPDX-License-Identifier: MIT */
/*
 * The control socket's command `profile`: a profile of some seconds of a VM that runs already.
 * Main thread.
 */
#ifndef TL_VMM_CTL_PROFILE_H
#define TL_VMM_CTL_PROFILE_H

#include <jansson.h>

struct tl_control;
struct tl_ctl_client;

/* Begins one, of request's `seconds`; the client is answered when they have passed. */
void tl_ctl_profile_start(
	struct tl_control *control, struct tl_ctl_client *client, const json_t *request);

/* Nobody waits for it any more: it ends, and is forgotten. */
void tl_ctl_profile_gone(struct tl_control *control, struct tl_ctl_client *client);

#endif
