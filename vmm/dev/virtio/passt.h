/* SPDX-License-Identifier: MIT */
/*
 * passt(1) as a process beside the VM: it ends when its socket is closed, which happens with
 * the VM, whatever ends that.
 */
#ifndef TL_VMM_VIRTIO_PASST_H
#define TL_VMM_VIRTIO_PASST_H

#include <sys/types.h>

#include "vmm/dev/virtio/net.h"

/* Of what it sends to the guest, and tells it. */
#define TL_PASST_MTU 65520

struct tl_passt {
	pid_t pid;    /* -1: none */
	int words_fd; /* what it prints */
};

/* A state that tl_passt_end() accepts. */
#define TL_PASST_INIT ((struct tl_passt){-1, -1})

/* Starts it on its end of the socket, which stays the caller's. Returns 0 or -errno (logged). */
int tl_passt_start(struct tl_passt *passt, const struct tl_net *net, int socket);

/* The last line that it printed: why it ended; or "". */
void tl_passt_last_words(const struct tl_passt *passt, char *line, size_t size);

/* Ends it and waits until it is gone. */
void tl_passt_end(struct tl_passt *passt);

#endif
