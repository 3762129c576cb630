import { Format, formatOf } from "./coap/content_format.ts";
import type { Publication } from "./publication.ts";
import { topicToPath } from "./topic.ts";

/** What lists of resources say of one (RFC 6690 §2): `true` for an attribute that has no value. */
export type LinkAttributes = Readonly<Record<string, string | number | true>>;

/** One resource (RFC 6690 §2). */
export interface Link {
  target: string;
  attributes: LinkAttributes;
}

/** The list of all topics that hold a value. */
export const topicsLink: Link = {
  target: "/topics",
  attributes: { rt: "core.ps", ct: Format.linkFormat },
};

/** The resource of a topic that holds this value. */
export function linkTo(root: string, { topic, contentType }: Publication): Link {
  const ct = contentType === undefined ? undefined : formatOf(contentType);
  return {
    target: root + topicToPath(topic),
    attributes: { rt: "core.ps.data", ...ct !== undefined && { ct }, obs: true },
  };
}

/** Path segments encoded by `topicToPath` leave nothing that link-format would have to escape. */
export function linkText({ target, attributes }: Link): string {
  let text = `<${target}>`;
  for (const [name, value] of Object.entries(attributes)) {
    text += value === true ? `;${name}` : `;${name}=${JSON.stringify(value)}`;
  }
  return text;
}

/**
 * Every query must hold: `name`, or `name=value`, and the value may end in `*`. Of values that are
 * lists, such as `rt`, one has to do (RFC 6690 §4.1).
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
