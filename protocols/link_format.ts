import { Format, formatOf } from "./coap/messages/content_format.ts";
import type { Publication } from "./publication.ts";
import { topicToPath } from "./topic.ts";

/** The attributes of a link (RFC 6690 §2): `true` for one that has no value. */
export type LinkAttributes = Readonly<Record<string, string | number | true>>;

/** A link to a resource (RFC 6690 §2). */
export interface Link {
  target: string;
  attributes: LinkAttributes;
}

/** The link to the list of all topics that hold a value. */
export const topicsLink: Link = {
  target: "/topics",
  attributes: { rt: "core.ps", ct: Format.linkFormat },
};

/** The link to the topic that holds this value. */
export function linkTo(root: string, { topic, contentType }: Publication): Link {
  const ct = contentType === undefined ? undefined : formatOf(contentType);
  return {
    target: root + topicToPath(topic),
    attributes: { rt: "core.ps.data", ...ct !== undefined && { ct }, obs: true },
  };
}

/** A link as text. What `topicToPath` encodes needs no escapes in link-format. */
export function linkText({ target, attributes }: Link): string {
  let text = `<${target}>`;
  for (const [name, value] of Object.entries(attributes)) {
    text += value === true ? `;${name}` : `;${name}=${JSON.stringify(value)}`;
  }
  return text;
}

/**
 * True when a link meets every query: `name`, or `name=value`, where the value may end in `*`.
 * Where an attribute is a list, such as `rt`, one of its values has to match (RFC 6690 §4.1).
 */
export function isSelected({ target, attributes }: Link, queries: readonly string[] = []): boolean {
  for (const query of queries) {
    const split = query.indexOf("="), name = split < 0 ? query : query.slice(0, split);
    const has = name === "href"
      ? target
      : Object.hasOwn(attributes, name)
      ? attributes[name]
      : undefined;
    if (has === undefined) return false;
    if (split < 0) continue;
    const value = query.slice(split + 1);
    const isOne = name === "href" || name === "title" || has === true;
    const all = isOne ? [String(has)] : String(has).split(" ");
    const fits = value.endsWith("*")
      ? all.some((each) => each.startsWith(value.slice(0, -1)))
      : all.includes(value);
    if (!fits) return false;
  }
  return true;
}
