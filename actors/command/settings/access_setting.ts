import { AccessList } from "../../connections/access_list.ts";
import type { Kind } from "./kinds.ts";

/** An access list: who may connect, by IP address. */
export const accessList: Kind<string> = {
  hint: "LIST",
  read(raw, place) {
    if (typeof raw !== "string") return place.refuse(raw, "give a list such as +192.168/16");
    try {
      return new AccessList(raw).text;
    } catch (error) {
      return place.complain((error as TypeError).message);
    }
  },
  schema: () => ({ type: "string", pattern: "^\\s*[+-]" }),
};
