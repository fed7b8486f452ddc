/* SPDX-License-Identifier: MIT */
/*
 * trapline run --net: user or tap:IF, then mac=ADDRESS and, for user networking,
 * hostfwd=PROTOCOL:[ADDRESS:]PORT:GUESTPORT as often as needed. The text is cut to pieces.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "cli/run.h"

static bool parse_mac(const char *text, uint8_t *mac)
{
	unsigned int byte[TL_NET_MAC];
	int end = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1], &byte[2], &byte[3],
		    &byte[4], &byte[5], &end) != TL_NET_MAC ||
		end != 17 || text[end])
		return false;
	for (unsigned int i = 0; i < TL_NET_MAC; i++)
		mac[i] = (uint8_t)byte[i];
	/* One interface's, not a group's. */
	return !(mac[0] & 1) && memcmp(mac, (uint8_t[TL_NET_MAC]){0}, TL_NET_MAC) != 0;
}

static bool parse_port(const char *text, uint16_t *port)
{
	uint64_t value;

	if (tl_parse_u64(text, 1, UINT16_MAX, &value))
		return false;
	*port = (uint16_t)value;
	return true;
}

/* PROTOCOL:[ADDRESS:]PORT:GUESTPORT, with an IPv4 address. */
static bool parse_forward(char *text, struct tl_net_forward *forward)
{
	char *protocol = strsep(&text, ":"), *first = strsep(&text, ":"),
	     *second = strsep(&text, ":"), *third = strsep(&text, ":");
	struct in_addr address;

	if (!second || text || (strcmp(protocol, "tcp") != 0 && strcmp(protocol, "udp") != 0))
		return false;
	*forward = (struct tl_net_forward){.udp = *protocol == 'u'};
	if (third) {
		if (inet_pton(AF_INET, first, &address) != 1)
			return false;
		forward->address = first;
		first = second;
		second = third;
	}
	return parse_port(first, &forward->host) && parse_port(second, &forward->guest);
}

static int set_part(struct tl_options *options, struct tl_net *net, char *part)
{
	if (!strncmp(part, "mac=", 4)) {
		net->has_mac = true;
		return parse_mac(part + 4, net->mac)
			       ? 0
			       : tl_options_bad(options,
					 "wants mac= and the address of one interface, such "
					 "as 02:00:00:00:00:01");
	}
	if (net->tap || strncmp(part, "hostfwd=", 8) != 0)
		return tl_options_bad(
			options, net->tap ? "wants nothing but mac= behind tap:IF"
					  : "wants nothing but mac= and hostfwd= behind user");
	if (net->forward_count == TL_NET_FORWARDS)
		return tl_options_bad(options, "has too many of hostfwd=");
	if (!parse_forward(part + 8, &net->forwards[net->forward_count]))
		return tl_options_bad(options,
			"wants hostfwd=tcp:PORT:GUESTPORT, or udp, or an IPv4 address and a colon "
			"before PORT");
	net->forward_count++;
	return 0;
}

int tl_run_set_net(struct tl_options *options, char *value)
{
	struct tl_run_config *config = options->opaque;
	struct tl_net *net = &config->nets[config->vmm.net_count];
	char *kind = strsep(&value, ","), *part;
	int ret = 0;

	if (config->vmm.net_count == TL_RUN_NETS)
		return tl_options_bad(options, "there are too many");
	*net = (struct tl_net){.tap = NULL};
	if (!strncmp(kind, "tap:", 4))
		net->tap = kind + 4;
	else if (strcmp(kind, "user") != 0)
		return tl_options_bad(options, "wants user or tap:IF");
	if (net->tap && (!*net->tap || strlen(net->tap) >= IF_NAMESIZE))
		return tl_options_bad(options, "wants the name of an interface behind tap:");
	while (!ret && (part = strsep(&value, ",")))
		ret = set_part(options, net, part);
	config->vmm.nets = config->nets;
	config->vmm.net_count++;
	return ret;
}
