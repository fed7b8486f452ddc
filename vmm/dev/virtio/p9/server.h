/* SPDX-License-Identifier: MIT */
/*
 * What the files of the 9P server share: its state, and a function for each message. Those take
 * what is behind the header of a message, write what is behind the header of its reply, and
 * return 0 or -errno, which the client then gets instead.
 */
#ifndef TL_VMM_VIRTIO_P9_SERVER_H
#define TL_VMM_VIRTIO_P9_SERVER_H

#include <sys/stat.h>

#include "vmm/dev/virtio/p9/beneath.h"
#include "vmm/dev/virtio/p9/fid.h"
#include "vmm/dev/virtio/p9/p9.h"
#include "vmm/dev/virtio/p9/wire.h"

struct tl_p9 {
	struct tl_p9_config config;
	int root;
	dev_t root_dev;
	uint32_t msize; /* 0: there is no client yet */
	struct tl_p9_fids fids;
	bool warned; /* of a limit */
};

/*
 * Permissions that a file can get. No set-user-ID and set-group-ID: the file belongs to the user
 * that runs the VM, and would lend that user's rights to others on the host.
 */
#define TL_P9_MODE 01777u

/* Says once that the client is at a limit. Returns -ENFILE. */
int tl_p9_at_limit(struct tl_p9 *p9, const char *of);

void tl_p9_make_qid(const struct tl_p9 *p9, const struct stat *st, struct tl_p9_qid *qid);

/* A fid that has a path: reads its number. Returns 0, -EBADF (no such fid) or -ENOENT. */
int tl_p9_get_fid(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_fid **fid);

/* An open one. */
int tl_p9_get_open_fid(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_fid **fid);

/* One that is open, or has a path, or both. */
int tl_p9_get_any_fid(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_fid **fid);

typedef int tl_p9_op(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out);

/* session.c */
tl_p9_op tl_p9_version, tl_p9_attach, tl_p9_walk, tl_p9_clunk, tl_p9_flush;
/* file.c */
tl_p9_op tl_p9_lopen, tl_p9_lcreate, tl_p9_read, tl_p9_write, tl_p9_readdir, tl_p9_fsync;
tl_p9_op tl_p9_lock, tl_p9_getlock;
/* attr.c */
tl_p9_op tl_p9_getattr, tl_p9_setattr, tl_p9_statfs, tl_p9_readlink;
/* tree.c */
tl_p9_op tl_p9_mkdir, tl_p9_mknod, tl_p9_symlink, tl_p9_link, tl_p9_rename, tl_p9_renameat;
tl_p9_op tl_p9_unlinkat, tl_p9_remove;

#endif
