import type { Confirming, Resources } from "../../protocols/coap/paths/resources.ts";
import type { Supervisor } from "../supervisor.ts";
import { type CoapHandler, coapHandler, type CoapMethods } from "./coap_handler.ts";
import type { CoapOptions, CoapResource } from "./coap_handler.ts";
import { handlerOptions } from "./handler_options.ts";
import { attributesOf } from "./link_options.ts";

/** Who answers which path by CoAP alone. */
export type ResourceTable = Pick<Resources, "add" | "remove">;

/** Paths that CoAP answers in its own terms, each by an actor. */
export class CoapServer {
  #names = 0;

  constructor(readonly table: ResourceTable, readonly handlers: Supervisor) {}

  handle(path: string, handler: CoapHandler | CoapMethods, options: CoapOptions): CoapResource {
    const { table, handlers } = this, name = `coap ${path} ${++this.#names}`;
    const { ct, critical = [], listed = true, observable = false } = options;
    const resource = table.add(path, (exchange) => {
      if (!ref.tell(exchange)) exchange.respond({ code: "5.03" });
    }, {
      observed: confirming(observable),
      critical: new Set(critical),
      formats: typeof ct === "number" ? [ct] : ct,
      attributes: listed ? attributesOf(options) : undefined,
    });
    const ref = handlers.spawn(name, coapHandler(handler), handlerOptions);
    return {
      get observers() {
        return resource.observers;
      },
      changed: () => resource.changed(),
      end: (code = "5.03", reason = "Nothing more will come") => resource.end(code, reason),
      remove() {
        table.remove(resource);
        handlers.stopChild(name);
      },
    };
  }
}

function confirming(observable: CoapOptions["observable"]): Confirming | undefined {
  if (!observable) return undefined;
  return observable === "confirmable" ? "all" : observable === true ? "some" : "few";
}
