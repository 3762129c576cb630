import type { Hub } from "../interop/listeners.ts";

type TreeNode = ReturnType<Hub["tree"]>;

/** Every actor and supervisor of a gateway, by its path. */
export function nodes(hub: Hub): Map<string, TreeNode> {
  const found = new Map<string, TreeNode>();
  const visit = (node: TreeNode, above: string) => {
    const path = `${above}/${node.name}`;
    found.set(path, node);
    for (const child of node.children ?? []) visit(child, path);
  };
  for (const child of hub.tree().children ?? []) visit(child, "");
  return found;
}

/** What was restarted and why, such as `/handlers/a/+ 1: 1, boom`. */
export function restarts(hub: Hub): string[] {
  return [...nodes(hub)].filter(([, node]) => node.restarts > 0 || node.lastCrash !== undefined)
    .map(([path, node]) => `${path}: ${node.restarts}, ${node.lastCrash?.message}`);
}

/** The names of all connections that are open. */
export function connections(hub: Hub): string[] {
  return [...nodes(hub).values()].filter(({ kind }) => kind === "connection")
    .map(({ name }) => name).sort();
}

/** What a connection says of itself, found by a part of its session's label. */
export function detailOf(hub: Hub, label: string): Record<string, unknown> {
  const all = [...nodes(hub).values()].map(({ detail }) => detail);
  const found = all.filter((detail) => String(detail?.session).includes(label));
  if (found.length !== 1) throw new Error(`${found.length} sessions are called ${label}`);
  return found[0]!;
}
