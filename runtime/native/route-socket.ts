/** The kernel's own word on links, addresses and routes: rtnetlink(7), read by the event loop. */
import { endianness } from 'node:os';
import type { Koffi } from './libc.ts';

/** From the Linux headers; the same on every architecture that Node runs on. */
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
/** RTMGRP_LINK, _IPV4_IFADDR, _IPV4_ROUTE, _IPV6_IFADDR, _IPV6_ROUTE. */
const GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400;
/** `struct sockaddr_nl`: family, padding, port (the kernel chooses), groups. */
const ADDRESS_BYTES = 12;
const READ_BYTES = 8192;
/** Lest a storm of changes hold the event loop: what is left makes the socket readable again. */
const MAX_READS = 64;

type Lib = ReturnType<Koffi['load']>;

/** Binds the calls; `watchRoutes` of `Libc`. */
export function routeWatcher(koffi: Koffi, lib: Lib): (onChange: () => void) => (() => void) | null {
  const socket = lib.func('int socket(int, int, int)');
  const bind = lib.func('int bind(int, const void *, uint32_t)');
  const recv = lib.func('intptr_t recv(int, _Out_ void *, size_t, int)');
  const close = lib.func('int close(int)');
  return (onChange) => {
    const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) return null;
    const address = netlinkAddress();
    if (bind(fd, address, address.length) < 0) {
      close(fd);
      return null;
    }
    const bytes = Buffer.alloc(READ_BYTES);
    const handle = koffi.node.poll(fd, { readable: true }, () => {
      // What has changed is looked up afterwards: messages may be lost (ENOBUFS), the tables are not.
      for (let reads = 0; reads < MAX_READS && recv(fd, bytes, bytes.length, 0) > 0; reads += 1);
      onChange();
    });
    handle.unref();
    return () => {
      handle.close();
      close(fd);
    };
  };
}

function netlinkAddress(): Buffer {
  const address = Buffer.alloc(ADDRESS_BYTES);
  if (endianness() === 'LE') {
    address.writeUInt16LE(AF_NETLINK, 0);
    address.writeUInt32LE(GROUPS, 8);
  } else {
    address.writeUInt16BE(AF_NETLINK, 0);
    address.writeUInt32BE(GROUPS, 8);
  }
  return address;
}
