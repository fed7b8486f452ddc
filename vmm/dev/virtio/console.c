/* SPDX-License-Identifier: MIT */
/*
 * The ports' queues and the control messages. A request that the other end cannot take yet
 * waits in its port, and the queue behind it: nothing grows with what a guest or a client does.
 */
#include "vmm/dev/virtio/console.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/dev/virtio/console_port.h"
#include "vmm/dev/virtio/virtio.h"

#define DEVICE_ID 3u

#define F_SIZE      0
#define F_MULTIPORT 1

/* Section 5.3.2: port 0, control, then the others, each with a queue to receive and one to send. */
#define Q_CONTROL_IN  2u
#define Q_CONTROL_OUT 3u
#define PORTS_MAX     (TL_PORTS_MAX + 1)

/* Control messages: section 5.3.6.2. */
#define DEVICE_READY 0u
#define PORT_ADD     1u
#define PORT_READY   3u
#define CONSOLE_PORT 4u
#define RESIZE       5u
#define PORT_OPEN    6u
#define PORT_NAME    7u

/* Messages to the guest that wait for room; more are of a guest that asks again and again. */
#define MESSAGES_MAX 64
/* Requests of one queue in a row. */
#define SERVE_MAX 64
/* How long a terminal that takes nothing is left alone. */
#define RETRY_NS 5000000

struct control {
	uint32_t id;
	uint16_t event, value;
};

struct config {
	uint16_t cols, rows;
	uint32_t max_nr_ports, emerg_wr;
};

struct port {
	struct tl_console_port end;
	const char *name; /* NULL: the console */
	bool ready;       /* the guest knows it */
	bool guest_open;  /* somebody in the guest has it open */
	bool sending, receiving;
	struct tl_vq_chain out, in; /* the request that is at work, if it is */
	uint64_t sent;              /* bytes of it */
};

struct console {
	struct tl_virtio virtio;
	struct config config;
	struct control messages[MESSAGES_MAX];
	unsigned int message_count;
	int timer_fd; /* until a terminal is tried again */
	bool has_console;
	unsigned int port_count;
	struct port ports[];
};

static unsigned int queue_in(unsigned int port)
{
	return port ? 2 * port + 2 : 0;
}

static unsigned int queue_out(unsigned int port)
{
	return queue_in(port) + 1;
}

/* Without the console there is no port 0. */
static bool exists(const struct console *console, unsigned int port)
{
	return port < console->port_count && (port || console->has_console);
}

/* Messages that fit into what the guest has offered for them. */
static int send_messages(struct console *console)
{
	static _Thread_local struct tl_vq_chain chain;
	struct tl_vq *vq = &console->virtio.queues[Q_CONTROL_IN];
	unsigned int done = 0;
	int ret = 0;

	while (done < console->message_count) {
		struct control *message = &console->messages[done];
		const char *name = console->ports[message->id].name;
		uint64_t n;

		ret = tl_vq_next(vq, &chain);
		if (ret <= 0)
			break;
		n = tl_virtio_copy_in(&chain, 0, message, sizeof(*message));
		if (message->event == PORT_NAME)
			n += tl_virtio_copy_in(&chain, n, name, strlen(name));
		/* Columns first: section 5.3.6.2, and so read it Linux 6.1, 6.12 and 7.3. */
		if (message->event == RESIZE)
			n += tl_virtio_copy_in(&chain, n, &console->config, 2 * sizeof(uint16_t));
		tl_virtio_push(&console->virtio, Q_CONTROL_IN, chain.head, (uint32_t)n);
		done++;
	}
	console->message_count -= done;
	memmove(console->messages, console->messages + done,
		console->message_count * sizeof(*console->messages));
	return ret < 0 ? ret : 0;
}

static void add_message(
	struct console *console, unsigned int port, unsigned int event, unsigned int value)
{
	if (console->message_count < MESSAGES_MAX)
		console->messages[console->message_count++] =
			(struct control){port, (uint16_t)event, (uint16_t)value};
}

/* Whether what the other end sends is to be taken: nobody may have it open in the guest. */
static bool takes_input(const struct port *port)
{
	return port->receiving && (!port->name || port->guest_open);
}

/* Who waits for what, now that something about the port has changed. */
static void watch(struct console *console, struct port *port)
{
	int fd = port->end.client_fd;
	/* That somebody has gone, too, whoever waits. */
	short events =
		(short)(POLLHUP | (takes_input(port) ? POLLIN : 0) | (port->sending ? POLLOUT : 0));

	if (port->end.listener.path)
		(void)tl_virtio_watch(&console->virtio, 0, fd < 0 ? port->end.listener.fd : fd,
			fd < 0 ? POLLIN : events);
}

static int take_message(struct console *console, const struct control *message)
{
	struct port *port;

	if (message->event == DEVICE_READY) {
		for (unsigned int i = 0; message->value && i < console->port_count; i++) {
			if (exists(console, i))
				add_message(console, i, PORT_ADD, 1);
		}
		return 0;
	}
	/* What is not known, or of no port, is passed over. */
	if (!exists(console, message->id))
		return 0;
	port = &console->ports[message->id];
	if (message->event == PORT_OPEN) {
		port->guest_open = message->value;
		watch(console, port);
		if (port->guest_open)
			tl_virtio_kick(&console->virtio, queue_in(message->id));
		return 0;
	}
	if (message->event != PORT_READY || !message->value || port->ready)
		return 0;
	port->ready = true;
	if (port->name) {
		add_message(console, message->id, PORT_NAME, 1);
	} else {
		add_message(console, message->id, CONSOLE_PORT, 1);
		if (console->config.cols)
			add_message(console, message->id, RESIZE, 1);
	}
	if (tl_console_port_connected(&port->end))
		add_message(console, message->id, PORT_OPEN, 1);
	return 0;
}

static int take_messages(struct console *console)
{
	static _Thread_local struct tl_vq_chain chain;
	struct tl_vq *vq = &console->virtio.queues[Q_CONTROL_OUT];
	unsigned int done = 0;
	int ret;

	while ((ret = tl_vq_next(vq, &chain)) > 0) {
		struct control message;

		if (tl_virtio_copy_out(&chain, 0, &message, sizeof(message)) != sizeof(message))
			return -EPROTO;
		ret = take_message(console, &message);
		tl_virtio_push(&console->virtio, Q_CONTROL_OUT, chain.head, 0);
		if (ret)
			return ret;
		if (++done == SERVE_MAX) {
			tl_virtio_kick(&console->virtio, Q_CONTROL_OUT);
			break;
		}
	}
	return ret < 0 ? ret : send_messages(console);
}

/* The other end has come or gone. */
static int tell_open(struct console *console, unsigned int number, bool open)
{
	struct port *port = &console->ports[number];

	watch(console, port);
	if (!port->ready)
		return 0;
	add_message(console, number, PORT_OPEN, open);
	return send_messages(console);
}

/* Takes the client's descriptor out of the watches while it is still one. */
static int gone(struct console *console, unsigned int number, int fd)
{
	(void)tl_virtio_watch(&console->virtio, 0, fd, 0);
	return tell_open(console, number, false);
}

/*
 * Has a request at work that is to be carried out, which may be one of before. Returns 1, 0:
 * there is none, or -EPROTO.
 */
static int next_request(
	struct console *console, struct port *port, unsigned int queue, bool *at_work)
{
	struct tl_vq_chain *chain = queue % 2 ? &port->out : &port->in;
	int ret = *at_work ? 1 : tl_vq_next(&console->virtio.queues[queue], chain);

	*at_work = ret > 0;
	if (!ret)
		watch(console, port);
	return ret;
}

/* What the guest sends, until it is sent or the other end takes no more. */
static int send(struct console *console, unsigned int number)
{
	static const struct itimerspec later = {.it_value.tv_nsec = RETRY_NS};
	struct port *port = &console->ports[number];

	for (unsigned int done = 0; done < SERVE_MAX; done++) {
		int ret = next_request(console, port, queue_out(number), &port->sending);
		ssize_t n;

		if (ret <= 0)
			return ret;
		n = tl_console_port_write(&port->end, port->out.iov, port->out.out, port->sent);
		if (n == -EAGAIN) {
			if (port->end.console)
				(void)timerfd_settime(console->timer_fd, 0, &later, NULL);
			watch(console, port);
			return 0;
		}
		port->sent += (uint64_t)n;
		if (port->sent < port->out.out_bytes)
			continue;
		port->sending = false;
		port->sent = 0;
		tl_virtio_push(&console->virtio, queue_out(number), port->out.head, 0);
	}
	tl_virtio_kick(&console->virtio, queue_out(number));
	return 0;
}

/* What the other end has sent, as far as the guest has offered room for it. */
static int receive(struct console *console, unsigned int number)
{
	struct port *port = &console->ports[number];
	int fd = port->end.client_fd;

	/* What nobody in the guest has open is not taken from who sends it. */
	if (port->name && !port->guest_open)
		return 0;
	for (unsigned int done = 0; done < SERVE_MAX; done++) {
		int ret = next_request(console, port, queue_in(number), &port->receiving);
		ssize_t n;

		if (ret <= 0)
			return ret;
		if (!port->in.in_bytes)
			return -EPROTO;
		n = tl_console_port_read(&port->end, port->in.iov + port->in.out, port->in.in);
		if (n == -EAGAIN) {
			watch(console, port);
			return 0;
		}
		if (n == -EPIPE)
			return gone(console, number, fd);
		port->receiving = false;
		tl_virtio_push(&console->virtio, queue_in(number), port->in.head, (uint32_t)n);
	}
	tl_virtio_kick(&console->virtio, queue_in(number));
	return 0;
}

static int kick(struct tl_virtio *virtio, unsigned int queue)
{
	struct console *console = (struct console *)virtio;
	unsigned int port = queue < Q_CONTROL_IN ? 0 : queue / 2 - 1;

	/* Section 5.3.2: then there are no other queues. */
	if (queue >= Q_CONTROL_IN && !tl_virtio_has(virtio, F_MULTIPORT))
		return 0;
	if (queue == Q_CONTROL_IN)
		return send_messages(console);
	if (queue == Q_CONTROL_OUT)
		return take_messages(console);
	return queue % 2 ? send(console, port) : receive(console, port);
}

static int client_ready(struct console *console, unsigned int number, short events)
{
	struct port *port = &console->ports[number];
	int fd = port->end.client_fd, ret = 0;

	if (port->sending && (events & (POLLOUT | POLLERR | POLLHUP)))
		ret = send(console, number);
	if (ret)
		return ret;
	if (takes_input(port))
		return receive(console, number);
	if (!(events & (POLLERR | POLLHUP)))
		return 0;
	if (tl_console_port_ended(&port->end))
		return gone(console, number, fd);
	/* What it has left behind is there for the guest. */
	(void)tl_virtio_watch(&console->virtio, 0, fd, 0);
	return 0;
}

static int ready(struct tl_virtio *virtio, unsigned int worker, int fd, short events)
{
	struct console *console = (struct console *)virtio;
	uint64_t count;

	(void)worker;
	if (fd == console->timer_fd)
		return read(fd, &count, sizeof(count)) > 0 ? send(console, 0) : 0;
	for (unsigned int i = 0; i < console->port_count; i++) {
		struct tl_console_port *end = &console->ports[i].end;
		int ret = 0;

		if (fd == end->listener.fd) {
			if (!tl_console_port_accept(end))
				return 0;
			/* One at a time; others wait in the backlog. */
			(void)tl_virtio_watch(virtio, 0, fd, 0);
			ret = tell_open(console, i, true);
			tl_virtio_kick(virtio, queue_in(i));
			return ret;
		}
		if (fd == end->client_fd)
			return client_ready(console, i, events);
	}
	return 0;
}

static void start(struct tl_virtio *virtio)
{
	struct console *console = (struct console *)virtio;

	(void)tl_virtio_watch(virtio, 0, console->timer_fd, POLLIN);
	for (unsigned int i = 0; i < console->port_count; i++) {
		if (tl_virtio_has(virtio, F_MULTIPORT))
			watch(console, &console->ports[i]);
	}
}

static void stop(struct tl_virtio *virtio)
{
	struct console *console = (struct console *)virtio;

	console->message_count = 0;
	for (unsigned int i = 0; i < console->port_count; i++) {
		struct port *port = &console->ports[i];

		port->ready = port->guest_open = port->sending = port->receiving = false;
		port->sent = 0;
	}
}

static void fini(struct tl_virtio *virtio)
{
	struct console *console = (struct console *)virtio;

	for (unsigned int i = 0; i < console->port_count; i++)
		tl_console_port_fini(&console->ports[i].end);
	if (console->timer_fd >= 0)
		close(console->timer_fd);
}

static const struct tl_virtio_ops console_ops = {.name = "virtio-console",
	.thread = TL_SANDBOX_CONSOLE,
	.id = DEVICE_ID,
	.queues = 2 * PORTS_MAX + 2,
	.kick = kick,
	.ready = ready,
	.start = start,
	.stop = stop,
	.fini = fini};

static void input_arrived(void *opaque)
{
	tl_virtio_kick(opaque, queue_in(0));
}

static void set_config(struct console *console)
{
	struct winsize size = {0};
	struct config config = {.max_nr_ports = console->port_count};

	console->virtio.features = UINT64_C(1) << F_MULTIPORT;
	if (console->has_console && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col) {
		console->virtio.features |= UINT64_C(1) << F_SIZE;
		config.cols = size.ws_col;
		config.rows = size.ws_row;
	}
	console->config = config;
	memcpy(console->virtio.config, &config, sizeof(config));
	console->virtio.config_size = sizeof(config);
	console->virtio.queue_count = 2 * console->port_count + 2;
}

int tl_virtio_console_create(struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base,
	unsigned int spi, bool has_console, const struct tl_port *ports, unsigned int count)
{
	struct console *console =
		calloc(1, sizeof(*console) + (count + 1) * sizeof(console->ports[0]));
	int ret = 0;

	*dev = NULL;
	if (!console) {
		tl_log_error("--console: out of memory");
		return -ENOMEM;
	}
	console->has_console = has_console;
	console->port_count = 1;
	console->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (console->timer_fd < 0)
		ret = -errno;
	for (unsigned int i = 0; i < count && !ret; i++) {
		console->ports[i + 1].name = ports[i].name;
		ret = tl_console_port_socket(&console->ports[i + 1].end, ports[i].path);
		console->port_count += !ret;
	}
	if (ret) {
		fini(&console->virtio);
		free(console);
		return ret;
	}
	set_config(console);
	if (has_console)
		tl_console_port_terminal(&console->ports[0].end, env->console, env->loop,
			input_arrived, &console->virtio);
	else
		console->ports[0].end.listener.fd = console->ports[0].end.client_fd = -1;
	if (tl_virtio_init(&console->virtio, env, &console_ops, base, spi))
		return -EIO;
	*dev = &console->virtio.dev;
	return 0;
}
