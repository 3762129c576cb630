import { DerReader, objectIdOf, Tag } from "./der_reader.ts";

/** What somebody has added to a certificate or a revocation list. */
export interface Extension {
  readonly id: string;
  /** True when whoever does not understand it must not use what it is in. */
  readonly isCritical: boolean;
  readonly value: Uint8Array;
}

/** The extensions in a sequence of them (RFC 5280 §4.1, §5.1). */
export function extensionsIn(bytes: Uint8Array): Extension[] {
  const list = new DerReader(bytes).open("the extensions"), found: Extension[] = [];
  while (!list.isDone) {
    const each = list.open("an extension");
    const id = objectIdOf(each.take("an extension's type", Tag.objectId).body);
    const isCritical = each.maybe("whether it is critical", Tag.boolean)?.[0] === 0xff;
    found.push({ id, isCritical, value: each.take("an extension", Tag.octetString).body });
  }
  return found;
}
