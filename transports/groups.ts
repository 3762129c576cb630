import { bareHost, formatAddress, listenFault } from "./address.ts";

/** A socket for what is sent to a group, and the zone of its link-local senders. */
interface GroupSocket {
  readonly socket: Deno.DatagramConn;
  readonly zone?: string | undefined;
}

/**
 * Joins multicast groups at the interface that has the address `hostname`. Nothing tells what a
 * datagram was sent to, so each group has a socket of its own on the same port.
 */
export async function joinGroups(
  groups: readonly string[],
  { hostname, port }: { hostname: string; port: number },
): Promise<GroupSocket[]> {
  const joined: GroupSocket[] = [];
  try {
    for (const each of groups) {
      const group = bareHost(each);
      try {
        joined.push(await (isV4(group) ? joinV4 : joinV6)(group, hostname, port));
      } catch (error) {
        if (error instanceof TypeError) throw error;
        throw listenFault(formatAddress(group, port), error);
      }
    }
  } catch (error) {
    for (const { socket } of joined) socket.close();
    throw error;
  }
  return joined;
}

function isV4(host: string): boolean {
  return !host.includes(":");
}

async function joinV4(group: string, hostname: string, port: number): Promise<GroupSocket> {
  demandInterface(group, hostname, isV4(hostname) && hostname !== "0.0.0.0");
  const socket = open(group, port);
  return await guarded(socket, () => socket.joinMulticastV4(group, hostname), {});
}

async function joinV6(group: string, hostname: string, port: number): Promise<GroupSocket> {
  demandInterface(group, hostname, !isV4(hostname) && hostname !== "::");
  // Several interfaces may have the same link-local address: its zone (`%eth0`) says which is
  // meant.
  const [bare, given] = hostname.split("%"), all = Deno.networkInterfaces();
  const own = all.find(({ address, name }) => address === bare && (given ?? name) === name);
  demandInterface(group, hostname, own !== undefined);
  const zone = own!.name;
  // Deno tells the number of an interface only beside its link-local addresses.
  const index = all.find(({ name, scopeid }) => name === zone && scopeid)?.scopeid ?? 0;
  const isLinkLocal = /^ff[\da-f]2:/i.test(group);
  const socket = open(isLinkLocal ? `${group}%${zone}` : group, port);
  return await guarded(socket, () => socket.joinMulticastV6(group, index), { zone });
}

function open(hostname: string, port: number): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname, port, reuseAddress: true });
}

/** Has `socket` join, and closes it when that fails. */
async function guarded(
  socket: Deno.DatagramConn,
  join: () => Promise<unknown>,
  more: { zone?: string },
): Promise<GroupSocket> {
  try {
    await join();
    return { socket, ...more };
  } catch (error) {
    socket.close();
    throw error;
  }
}

/**
 * Throws unless the hostname is one interface's: a socket on all of them would also get what is
 * sent to groups, and could not tell it from what is sent to itself.
 */
function demandInterface(group: string, hostname: string, isRight: boolean): void {
  if (isRight) return;
  throw new TypeError(
    `Cannot join ${group} on ${hostname}: give the ${isV4(group) ? "IPv4" : "IPv6"} address of ` +
      `one interface, such as ${isV4(group) ? "192.168.1.2" : "fd00::2"}`,
  );
}
