/* SPDX-License-Identifier: MIT */
/*
 * The transport of 9P: a request is a chain whose part to be read is one message, and whose part
 * to be written takes the reply. The message is copied before it is looked at.
 */
#include "vmm/dev/virtio/p9.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "vmm/dev/virtio/p9/p9.h"
#include "vmm/dev/virtio/virtio.h"

#define DEVICE_ID   9u
#define F_MOUNT_TAG 0

/* Files that one guest may have open in a folder, where the process may have as many. */
#define OPEN_MAX 4096u
/* What the process is to be able to open. */
#define DESCRIPTORS 65536u

struct p9 {
	struct tl_virtio virtio;
	struct tl_p9 *server;
	/* Each of TL_P9_MSIZE_MAX, of which only what is used takes memory. */
	uint8_t *message, *reply;
};

struct config {
	uint16_t tag_len;
	uint8_t tag[TL_SHARE_TAG];
} __attribute__((packed));

static int64_t request(struct tl_virtio *virtio, unsigned int queue, struct tl_vq_chain *chain)
{
	struct p9 *p9 = (struct p9 *)virtio;
	uint64_t room = chain->in_bytes < TL_P9_MSIZE_MAX ? chain->in_bytes : TL_P9_MSIZE_MAX;
	size_t size = tl_virtio_copy_out(chain, 0, p9->message, TL_P9_MSIZE_MAX);

	(void)queue;
	size = tl_p9_handle(p9->server, p9->message, size, p9->reply, room);
	if (!size)
		return -EPROTO;
	return (int64_t)tl_virtio_copy_in(chain, 0, p9->reply, size);
}

static void stop(struct tl_virtio *virtio)
{
	tl_p9_reset(((struct p9 *)virtio)->server);
}

static void fini(struct tl_virtio *virtio)
{
	struct p9 *p9 = (struct p9 *)virtio;

	tl_p9_destroy(p9->server);
	free(p9->message);
	free(p9->reply);
}

static const struct tl_virtio_ops p9_ops = {.name = "virtio-9p",
	.thread = TL_SANDBOX_SHARE,
	.id = DEVICE_ID,
	.queues = 1,
	.request = request,
	.stop = stop,
	.fini = fini};

/* Half of the descriptors are for the guests' open files; the rest of the VMM needs few. */
static unsigned int open_max(unsigned int shares)
{
	struct rlimit limit;
	rlim_t max;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return OPEN_MAX;
	if (limit.rlim_cur < DESCRIPTORS && limit.rlim_cur < limit.rlim_max) {
		struct rlimit more = limit;

		more.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
		if (!setrlimit(RLIMIT_NOFILE, &more))
			limit = more;
	}
	max = limit.rlim_cur / 2 / (shares ? shares : 1);
	return max < OPEN_MAX ? (unsigned int)max : OPEN_MAX;
}

static void set_config(struct tl_virtio *virtio, const char *tag)
{
	size_t length = strnlen(tag, TL_SHARE_TAG);
	struct config config = {.tag_len = (uint16_t)length};

	_Static_assert(sizeof(config) <= TL_VIRTIO_CONFIG, "the configuration does not fit");
	memcpy(config.tag, tag, length);
	memcpy(virtio->config, &config, sizeof(config));
	virtio->config_size = (unsigned int)(sizeof(config.tag_len) + length);
	virtio->features = UINT64_C(1) << F_MOUNT_TAG;
}

int tl_virtio_p9_create(struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base,
	unsigned int spi, const struct tl_share *share, unsigned int shares)
{
	const struct tl_p9_config config = {
		.dir = share->dir, .read_only = share->read_only, .open_max = open_max(shares)};
	struct p9 *p9 = calloc(1, sizeof(*p9));
	int ret = -ENOMEM;

	*dev = NULL;
	if (p9) {
		p9->message = malloc(TL_P9_MSIZE_MAX);
		p9->reply = malloc(TL_P9_MSIZE_MAX);
	}
	if (!p9 || !p9->message || !p9->reply)
		tl_log_error("--share '%s': out of memory", share->dir);
	else
		ret = tl_p9_create(&p9->server, &config);
	if (ret) {
		if (p9)
			fini(&p9->virtio);
		free(p9);
		return ret;
	}
	set_config(&p9->virtio, share->tag);
	if (tl_virtio_init(&p9->virtio, env, &p9_ops, base, spi))
		return -EIO;
	*dev = &p9->virtio.dev;
	return 0;
}
